// Ids of traces and spans as hexadecimal digits.
import { Bytes, NONE, at, bytes, lengthOf, lower } from "../../../lib/bytes";

/** 0 to 15; -1 for what is no digit. */
export function hexDigit(byte: u8): i32 {
  const letter = lower(byte);
  if (byte - 0x30 < 10) return <i32>byte - 0x30;
  return letter - 0x61 < 6 ? <i32>letter - 0x57 : -1;
}

/** Digits alone, not all of them zero. */
export function isId(hex: Bytes): bool {
  let hasDigit = false;
  for (let i = 0; i < lengthOf(hex); i++) {
    const digit = hexDigit(at(hex, i));
    if (digit < 0) return false;
    if (digit > 0) hasDigit = true;
  }
  return hasDigit;
}

/** `hex` at `target` with zeros before it up to `digits`; NONE when it is longer or empty. */
export function paddedId(hex: Bytes, target: usize, digits: i32): Bytes {
  const length = lengthOf(hex);
  if (length == 0 || length > digits) return NONE;
  memory.fill(target, 0x30, <usize>(digits - length));
  for (let i = 0; i < length; i++) store<u8>(target + <usize>(digits - length + i), at(hex, i));
  return bytes(target, digits);
}

/** A decimal number of 64 bits as 16 hexadecimal digits at `target`; NONE for anything else. */
export function decimalId(decimal: Bytes, target: usize): Bytes {
  let value: u64 = 0;
  if (lengthOf(decimal) == 0 || lengthOf(decimal) > 20) return NONE;
  for (let i = 0; i < lengthOf(decimal); i++) {
    const digit = <u64>(at(decimal, i) - 0x30);
    if (digit > 9 || value > (u64.MAX_VALUE - digit) / 10) return NONE;
    value = value * 10 + digit;
  }
  for (let i = 15; i >= 0; i--) {
    const digit = <u8>(value & 15);
    store<u8>(target + <usize>i, digit < 10 ? 0x30 + digit : 0x57 + digit);
    value >>= 4;
  }
  return bytes(target, 16);
}
