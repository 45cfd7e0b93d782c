// The `www-authenticate` value of a refusal: RFC 6750 section 3, in the quoting of RFC 9110
// section 5.6.4.
import { Bytes, at, lengthOf, text } from "../../../lib/bytes";
import { Writer } from "../../../lib/writer";
import { Refusal } from "./refusal";

/** The native filter cuts its realm, the request's address, at the same length. */
const REALM_BYTES_MAX = 256;

const REALM = text('Bearer realm="');
const ERROR = text('", error="');
const DESCRIPTION = text('", error_description="');
const SCOPE = text('", scope="');
const QUOTE: u8 = 0x22;

const value = new Writer();

/**
 * `Bearer realm="…", error="…", error_description="…", scope="…"`, valid until the next call.
 * Without an error code (no token was sent) there is the realm alone; `scope` is left out when it
 * is empty.
 */
export function challenge(refusal: Refusal, realm: Bytes, scope: Bytes): Bytes {
  value.reset();
  value.bytes(REALM);
  putQuoted(realm, REALM_BYTES_MAX);
  if (lengthOf(refusal.error) > 0) {
    value.bytes(ERROR);
    value.bytes(refusal.error);
    value.bytes(DESCRIPTION);
    putQuoted(refusal.body, i32.MAX_VALUE);
    if (lengthOf(scope) > 0) {
      value.bytes(SCOPE);
      putQuoted(scope, i32.MAX_VALUE);
    }
  }
  value.byte(QUOTE);
  return value.view();
}

/**
 * Printable ASCII without the two characters that would end or escape: the realm may come from
 * the client.
 */
function putQuoted(part: Bytes, bytesMax: i32): void {
  const length = min(lengthOf(part), bytesMax);
  for (let i = 0; i < length; i++) {
    const byte = at(part, i);
    if (byte >= 0x20 && byte < 0x7f && byte != QUOTE && byte != 0x5c) value.byte(byte);
  }
}
