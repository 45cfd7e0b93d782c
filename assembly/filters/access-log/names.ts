// Which texts may be the name of a header, of a variable or of a label.
import { Bytes, at, equal, text } from "../../lib/bytes";
import { isToken, isWord } from "../../lib/http/field";

const HOST = text("host");

/** A token of RFC 9110 section 5.6.2, and a header that may be set. */
export function isFieldName(name: Bytes): bool {
  return isToken(name) && !equal(name, HOST);
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
