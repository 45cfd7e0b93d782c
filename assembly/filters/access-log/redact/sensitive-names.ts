// Names that say of themselves that a secret follows. Compared without case, "-", "_" and ".": `X-Api-Key` is `api_key`.
import { Bytes, at, equal, find, lengthOf, lower, text } from "../../../lib/bytes";
import { Scratch } from "../../../lib/http/scratch";

/** Anywhere in a name. */
const PARTS = words(
  "token secret passw passphrase apikey accesskey privatekey signature credential assertion authorization sessionid bearer",
);

/** The whole name of a query parameter: too short or too common to be looked for inside of others. */
const WHOLE = words("auth jwt sig code key pwd pass pin otp sid session samlresponse samlrequest");

function words(line: string): Bytes[] {
  return line.split(" ").map<Bytes>((word) => text(word));
}

const plain = new Scratch();

/** The first three letters of all of them: a name without any of these, as nearly every one is, needs no search. */
const STARTS = startsOf(PARTS.concat(WHOLE));

function startsOf(names: Bytes[]): StaticArray<u32> {
  const starts = new StaticArray<u32>(names.length);
  for (let i = 0; i < names.length; i++) {
    starts[i] = ((<u32>at(names[i], 0)) << 16) | ((<u32>at(names[i], 1)) << 8) | (<u32>at(names[i], 2));
  }
  return starts;
}

/** Whether three letters of `name` in a row begin one of the names. */
function hasStart(name: Bytes): bool {
  let three: u32 = 0;
  for (let i = 0; i < lengthOf(name); i++) {
    const byte = at(name, i);
    if (isSeparator(byte)) continue;
    three = ((three << 8) | (<u32>lower(byte))) & 0xffffff;
    for (let k = 0; k < STARTS.length; k++) {
      if (three == unchecked(STARTS[k])) return true;
    }
  }
  return false;
}

/** Whether a query parameter of this (decoded) name holds a credential as a rule. */
export function isSensitiveParam(name: Bytes): bool {
  if (!hasStart(name)) return false;
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
    if (!isSeparator(byte)) plain.putByte(lower(byte));
  }
  return plain.view();
}

// @ts-ignore: decorator
@inline
function isSeparator(byte: u8): bool {
  return byte == 0x2d || byte == 0x5f || byte == 0x2e;
}
