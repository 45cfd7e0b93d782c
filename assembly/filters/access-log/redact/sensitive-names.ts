// Names that say of themselves that a secret follows. Compared without case, "-", "_" and ".":
// `X-Api-Key` is `api_key`.
import {
  Bytes,
  at,
  equal,
  find,
  indexOf,
  lengthOf,
  lower,
  slice,
  unpacked,
} from "../../../lib/bytes";
import { Writer } from "../../../lib/writer";

/** Anywhere in a name. */
const PARTS = unpacked(
  "token secret passw passphrase apikey accesskey privatekey signature credential assertion authorization sessionid bearer",
);

/**
 * The whole name of a query parameter: too short or too common to be looked for inside of others.
 */
const WHOLE = unpacked(
  "auth jwt sig code key pwd pass pin otp sid session samlresponse samlrequest",
);

const BLANK: u8 = 0x20;
const plain = new Writer();

/**
 * A bit for the first three letters of each: a name without any of these, as nearly every one is,
 * needs no search.
 */
const STARTS = new StaticArray<u64>(16);
addStarts(PARTS);
addStarts(WHOLE);

function addStarts(words: Bytes): void {
  for (let from = 0; from < lengthOf(words); from = wordEnd(words, from) + 1) {
    const bit = bitOf(
      ((<u32>at(words, from)) << 16) |
        ((<u32>at(words, from + 1)) << 8) |
        (<u32>at(words, from + 2)),
    );
    STARTS[bit >> 6] |= (<u64>1) << (bit & 63);
  }
}

function wordEnd(words: Bytes, from: i32): i32 {
  const end = indexOf(words, BLANK, from);
  return end < 0 ? lengthOf(words) : end;
}

/**
 * One of 1,024 places for three letters, by a prime of xxHash under which everyday names hit none
 * that is taken.
 */
// @ts-ignore: decorator
@inline
function bitOf(three: u32): u32 {
  return (three * 0x27d4eb2f) >> 22;
}

/** Whether three letters of `name` in a row may begin one of the names. */
function hasStart(name: Bytes): bool {
  let three: u32 = 0;
  for (let i = 0; i < lengthOf(name); i++) {
    const byte = at(name, i);
    if (isSeparator(byte)) continue;
    three = ((three << 8) | (<u32>lower(byte))) & 0xffffff;
    const bit = bitOf(three);
    if (three > 0xffff && ((unchecked(STARTS[bit >> 6]) >> (bit & 63)) & 1) != 0) return true;
  }
  return false;
}

/** Whether a query parameter of this (decoded) name holds a credential as a rule. */
export function isSensitiveParam(name: Bytes): bool {
  if (!hasStart(name)) return false;
  const bare = bareName(name);
  for (let from = 0; from < lengthOf(WHOLE); from = wordEnd(WHOLE, from) + 1) {
    if (equal(bare, slice(WHOLE, from, wordEnd(WHOLE, from)))) return true;
  }
  return hasSensitivePart(bare);
}

/** Whether a header of this name does. Cookies have a rule of their own. */
export function isSensitiveHeader(name: Bytes): bool {
  return hasSensitivePart(bareName(name));
}

function hasSensitivePart(bare: Bytes): bool {
  for (let from = 0; from < lengthOf(PARTS); from = wordEnd(PARTS, from) + 1) {
    if (find(bare, slice(PARTS, from, wordEnd(PARTS, from))) >= 0) return true;
  }
  return false;
}

function bareName(name: Bytes): Bytes {
  plain.reset();
  for (let i = 0; i < lengthOf(name); i++) {
    const byte = at(name, i);
    if (!isSeparator(byte)) plain.byte(lower(byte));
  }
  return plain.view();
}

// @ts-ignore: decorator
@inline
function isSeparator(byte: u8): bool {
  return byte == 0x2d || byte == 0x5f || byte == 0x2e;
}
