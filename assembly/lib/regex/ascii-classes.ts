// The ASCII classes of RE2: \d, \s, \w, and [:name:] inside of brackets.
import { CodeRanges } from "./code-ranges";

const TAB: u32 = 0x09;
const NEWLINE: u32 = 0x0a;
const FORM_FEED: u32 = 0x0c;
const RETURN: u32 = 0x0d;
const SPACE: u32 = 0x20;
const UNDERSCORE: u32 = 0x5f;
const DELETE: u32 = 0x7f;

function digits(): CodeRanges {
  return CodeRanges.of(0x30, 0x39);
}

function upper(): CodeRanges {
  return CodeRanges.of(0x41, 0x5a);
}

function lower(): CodeRanges {
  return CodeRanges.of(0x61, 0x7a);
}

function letters(): CodeRanges {
  return upper().addAll(lower());
}

function wordCharacters(): CodeRanges {
  return digits().addAll(letters()).add(UNDERSCORE, UNDERSCORE);
}

function punctuation(): CodeRanges {
  return CodeRanges.of(0x21, 0x2f).add(0x3a, 0x40).add(0x5b, 0x60).add(0x7b, 0x7e);
}

/** The class of \d, \s or \w by its letter in lower case; null for another letter. */
export function perlClass(letter: i32): CodeRanges | null {
  if (letter == 0x64) return digits();
  if (letter == 0x77) return wordCharacters();
  if (letter != 0x73) return null;
  return CodeRanges.of(TAB, NEWLINE).add(FORM_FEED, RETURN).add(SPACE, SPACE);
}

/** The class of [:name:]; null for an unknown name. */
export function posixClass(name: string): CodeRanges | null {
  if (name == "alnum") return digits().addAll(letters());
  if (name == "alpha") return letters();
  if (name == "ascii") return CodeRanges.of(0x00, 0x7f);
  if (name == "blank") return CodeRanges.of(TAB, TAB).add(SPACE, SPACE);
  if (name == "cntrl") return CodeRanges.of(0x00, 0x1f).add(DELETE, DELETE);
  if (name == "digit") return digits();
  if (name == "graph") return CodeRanges.of(0x21, 0x7e);
  if (name == "lower") return lower();
  if (name == "print") return CodeRanges.of(0x20, 0x7e);
  if (name == "punct") return punctuation();
  if (name == "space") return CodeRanges.of(TAB, RETURN).add(SPACE, SPACE);
  if (name == "upper") return upper();
  if (name == "word") return wordCharacters();
  if (name == "xdigit") return digits().add(0x41, 0x46).add(0x61, 0x66);
  return null;
}

/** The control character that a letter behind a backslash stands for; -1 for another letter. */
export function controlCharacter(letter: i32): i32 {
  switch (letter) {
    case 0x61: // \a
      return 0x07;
    case 0x66: // \f
      return FORM_FEED;
    case 0x6e: // \n
      return NEWLINE;
    case 0x72: // \r
      return RETURN;
    case 0x74: // \t
      return TAB;
    case 0x76: // \v
      return 0x0b;
    default:
      return -1;
  }
}
