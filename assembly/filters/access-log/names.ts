// What may be the name or value of a header, the name of a variable and of a label.
import { Bytes, at, equal, lengthOf, text } from "../../lib/bytes";
import { isToken, isWord } from "../../lib/match/named-match";

const HOST = text("host");

/** A token of RFC 9110 section 5.6.2, and a header that may be set. */
export function isFieldName(name: Bytes): bool {
  return isToken(name) && !equal(name, HOST);
}

/** No control characters but the tab, section 5.5. */
export function isFieldValue(value: Bytes): bool {
  for (let i = 0; i < lengthOf(value); i++) {
    if ((at(value, i) < 0x20 && at(value, i) != 0x09) || at(value, i) == 0x7f) return false;
  }
  return true;
}

/** Of the environment: letters, digits and "_", no digit first. */
export function isVariable(name: Bytes): bool {
  return isWord(name, text("_")) && !startsWithDigit(name);
}

/** Of a Loki label: ":" too. */
export function isLabel(name: Bytes): bool {
  return isWord(name, text("_:")) && !startsWithDigit(name);
}

function startsWithDigit(name: Bytes): bool {
  return at(name, 0) - 0x30 < 10;
}
