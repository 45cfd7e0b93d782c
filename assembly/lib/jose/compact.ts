// The JWS compact serialization, RFC 7515 section 7.1: header "." payload "." signature.
// Knows dots; what the parts hold is read by header.ts and claims.ts.
import { Bytes, EMPTY, indexOf, lengthOf, slice } from "../bytes";
import { JwtStatus } from "./status";

const DOT: u8 = 0x2e;

/**
 * The header part, still encoded. Meaningful after `splitCompact` returned Ok, as are the others.
 */
export let encodedHeader: Bytes = EMPTY;
export let encodedPayload: Bytes = EMPTY;
export let encodedSignature: Bytes = EMPTY;
/** Header, dot and payload: what the signature is over. */
export let signingInput: Bytes = EMPTY;

/**
 * Cuts `token` into views of its three parts. BadFormat unless there are exactly two dots and no
 * part is empty: the native filter skips empty parts and so takes `.a.b..c`, which makes two
 * texts one token.
 */
export function splitCompact(token: Bytes): JwtStatus {
  const length = lengthOf(token);
  const first = indexOf(token, DOT);
  const second = indexOf(token, DOT, first + 1);
  if (first <= 0 || second <= first + 1 || second == length - 1) return JwtStatus.BadFormat;
  if (indexOf(token, DOT, second + 1) >= 0) return JwtStatus.BadFormat;
  encodedHeader = slice(token, 0, first);
  encodedPayload = slice(token, first + 1, second);
  encodedSignature = slice(token, second + 1);
  signingInput = slice(token, 0, second);
  return JwtStatus.Ok;
}
