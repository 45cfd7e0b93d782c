// Names that say of themselves that a secret follows. Compared without case, "-", "_" and ".": `X-Api-Key` is `api_key`.
import { Bytes, at, equal, find, lengthOf, lower, text } from "../../lib/bytes";
import { Scratch } from "../../lib/http/scratch";

/** Anywhere in a name. */
const PARTS = words(
  "token secret passw passphrase apikey accesskey privatekey signature credential assertion authorization sessionid bearer",
);

/** The whole name of a query parameter: too short or too common to be looked for inside of others. */
const WHOLE = words("auth jwt sig code key pwd pass pin otp sid session samlresponse samlrequest");

/** The shortest of them: a query of thousands of short names must not cost thousands of searches. */
const NAME_BYTES_MIN = 3;

function words(line: string): Bytes[] {
  return line.split(" ").map<Bytes>((word) => text(word));
}

const plain = new Scratch();

/** Whether a query parameter of this (decoded) name holds a credential as a rule. */
export function isSensitiveParam(name: Bytes): bool {
  if (lengthOf(name) < NAME_BYTES_MIN) return false;
  const bare = bareName(name);
  for (let i = 0; i < WHOLE.length; i++) {
    if (equal(bare, unchecked(WHOLE[i]))) return true;
  }
  return hasSensitivePart(bare);
}

/** Whether a header of this name does. Cookies have a rule of their own. */
export function isSensitiveHeader(name: Bytes): bool {
  return hasSensitivePart(bareName(name));
}

function hasSensitivePart(bare: Bytes): bool {
  for (let i = 0; i < PARTS.length; i++) {
    if (find(bare, unchecked(PARTS[i])) >= 0) return true;
  }
  return false;
}

function bareName(name: Bytes): Bytes {
  plain.clear();
  for (let i = 0; i < lengthOf(name); i++) {
    const byte = at(name, i);
    if (byte != 0x2d && byte != 0x5f && byte != 0x2e) plain.putByte(lower(byte));
  }
  return plain.view();
}
