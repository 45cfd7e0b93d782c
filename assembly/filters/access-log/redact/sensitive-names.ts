// Names that say of themselves that a secret follows. Compared without case, "-", "_" and ".": `X-Api-Key` is `api_key`.
import { Bytes, at, equal, find, lengthOf, lower, text } from "../../../lib/bytes";
import { Writer } from "../../../lib/writer";

/** Where in a name a word counts. */
const enum Place {
  Anywhere,
  /** The whole name of a query parameter: too short or too common to be looked for in others. */
  WholeParameter,
}


@final
class SensitiveWord {
  constructor(
    readonly word: Bytes,
    readonly place: Place,
  ) {}
}

/** One row per word. */
const WORDS: SensitiveWord[] = [
  new SensitiveWord(text("token"), Place.Anywhere),
  new SensitiveWord(text("secret"), Place.Anywhere),
  new SensitiveWord(text("passw"), Place.Anywhere),
  new SensitiveWord(text("passphrase"), Place.Anywhere),
  new SensitiveWord(text("apikey"), Place.Anywhere),
  new SensitiveWord(text("accesskey"), Place.Anywhere),
  new SensitiveWord(text("privatekey"), Place.Anywhere),
  new SensitiveWord(text("signature"), Place.Anywhere),
  new SensitiveWord(text("credential"), Place.Anywhere),
  new SensitiveWord(text("assertion"), Place.Anywhere),
  new SensitiveWord(text("authorization"), Place.Anywhere),
  new SensitiveWord(text("sessionid"), Place.Anywhere),
  new SensitiveWord(text("bearer"), Place.Anywhere),
  new SensitiveWord(text("auth"), Place.WholeParameter),
  new SensitiveWord(text("jwt"), Place.WholeParameter),
  new SensitiveWord(text("sig"), Place.WholeParameter),
  new SensitiveWord(text("code"), Place.WholeParameter),
  new SensitiveWord(text("key"), Place.WholeParameter),
  new SensitiveWord(text("pwd"), Place.WholeParameter),
  new SensitiveWord(text("pass"), Place.WholeParameter),
  new SensitiveWord(text("pin"), Place.WholeParameter),
  new SensitiveWord(text("otp"), Place.WholeParameter),
  new SensitiveWord(text("sid"), Place.WholeParameter),
  new SensitiveWord(text("session"), Place.WholeParameter),
  new SensitiveWord(text("samlresponse"), Place.WholeParameter),
  new SensitiveWord(text("samlrequest"), Place.WholeParameter),
];

const plain = new Writer();

/** A bit for the first three letters of each word: most names have none and need no search. */
const STARTS = new StaticArray<u64>(16);
for (let i = 0; i < WORDS.length; i++) addStart(WORDS[i].word);

function addStart(word: Bytes): void {
  const first = (<u32>at(word, 0)) << 16;
  const bit = bitOf(first | ((<u32>at(word, 1)) << 8) | (<u32>at(word, 2)));
  STARTS[bit >> 6] |= (<u64>1) << (bit & 63);
}

/** One of 1,024 places for three letters, by a prime of xxHash under which everyday names hit none that is taken. */
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
  return hasStart(name) && isSensitive(bareName(name), true);
}

/** Whether a header of this name does. Cookies have a rule of their own. */
export function isSensitiveHeader(name: Bytes): bool {
  return isSensitive(bareName(name), false);
}

function isSensitive(bare: Bytes, isParameter: bool): bool {
  for (let i = 0; i < WORDS.length; i++) {
    const row = unchecked(WORDS[i]);
    if (
      row.place == Place.Anywhere ? find(bare, row.word) >= 0 : isParameter && equal(bare, row.word)
    ) {
      return true;
    }
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
