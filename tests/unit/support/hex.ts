// Hexadecimal for tests.
import { Bytes, at, lengthOf } from "../../../assembly/lib/bytes";

const DIGITS = "0123456789abcdef";

export function toHex(bytes: Bytes): string {
  let result = "";
  for (let i = 0; i < lengthOf(bytes); i++)
    result += DIGITS.charAt(at(bytes, i) >> 4) + DIGITS.charAt(at(bytes, i) & 15);
  return result;
}

/** The bytes of lower-case digits. */
export function fromHex(digits: string): StaticArray<u8> {
  const result = new StaticArray<u8>(digits.length >> 1);
  for (let i = 0; i < result.length; i++) {
    result[i] = <u8>(
      (DIGITS.indexOf(digits.charAt(2 * i)) * 16 + DIGITS.indexOf(digits.charAt(2 * i + 1)))
    );
  }
  return result;
}
