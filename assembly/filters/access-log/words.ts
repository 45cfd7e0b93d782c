// Lists of words as one text with a byte between them. As a list of single texts they would take
// several times the room in the module, and code to make the list.
import { Bytes, NONE, at, equal, indexOf, lengthOf, slice, toText } from "../../lib/bytes";
import { Writer } from "../../lib/writer";

const BLANK: u8 = 0x20;

/**
 * The part of `text` before the separator numbered `index`, and behind the one before it; NONE
 * when there are fewer.
 */
export function partAt(text: Bytes, index: i32, separator: u8): Bytes {
  let from = 0;
  for (; index > 0; index--) {
    from = indexOf(text, separator, from) + 1;
    if (from == 0) return NONE;
  }
  const end = indexOf(text, separator, from);
  return end < 0 ? slice(text, from) : slice(text, from, end);
}

/** The word at `index` (0 and up) of words with a blank between; NONE behind the last. */
export function wordAt(words: Bytes, index: i32): Bytes {
  return partAt(words, index, BLANK);
}

/** Which of them `wanted` is; -1 for none. */
export function wordIndex(words: Bytes, wanted: Bytes): i32 {
  let index = 0;
  for (let word = wordAt(words, 0); word != NONE; word = wordAt(words, ++index)) {
    if (equal(word, wanted)) return index;
  }
  return -1;
}

const sentence = new Writer();

/** The words as a person reads them, with `between` between; for errors. */
export function spelled(words: Bytes, between: Bytes): string {
  sentence.reset();
  for (let i = 0; i < lengthOf(words); i++) {
    if (at(words, i) == BLANK) sentence.bytes(between);
    else sentence.byte(at(words, i));
  }
  return toText(sentence.view());
}
