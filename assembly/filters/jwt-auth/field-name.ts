// Names of headers and cookies in the configuration: tokens of RFC 9110 section 5.6.2.
import { lower } from "../../lib/bytes";
import { Cursor } from "../../lib/config/reader";

const MARKS = "!#$%&'*+-.^_`|~";

/** This value as the name of a header, in lower case. */
export function readFieldName(at: Cursor): StaticArray<u8> {
  const value = at.asBytes();
  if (at.node < 0) at.refuse("", "missing; expected the name of a header");
  else if (!isFieldName(value)) at.refuse("", "expected the name of a header");
  for (let i = 0; i < value.length; i++) value[i] = lower(value[i]);
  return value;
}

export function isFieldName(value: StaticArray<u8>): bool {
  for (let i = 0; i < value.length; i++) {
    const code = <i32>value[i];
    const letter = code | 0x20;
    const isPlain = (letter >= 0x61 && letter <= 0x7a) || (code >= 0x30 && code <= 0x39);
    if (!isPlain && !MARKS.includes(String.fromCharCode(code))) return false;
  }
  return value.length > 0;
}
