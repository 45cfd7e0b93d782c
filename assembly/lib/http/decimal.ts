// Numbers into a scratch, without a string in between.
import { Scratch } from "./scratch";

/** Appends `number` in decimal. */
export function putDecimal(to: Scratch, number: i64): void {
  if (number < 0) to.putByte(0x2d);
  let rest: u64 = number < 0 ? ~(<u64>number) + 1 : <u64>number;
  let unit: u64 = 1;
  while (rest / unit >= 10) unit *= 10;
  for (; unit > 0; unit /= 10) {
    to.putByte(<u8>(0x30 + rest / unit));
    rest %= unit;
  }
}

/** Appends a number in hexadecimal, without leading zeros. */
export function putHex(to: Scratch, number: u32): void {
  let shift = 28;
  while (shift > 0 && number >> shift == 0) shift -= 4;
  for (; shift >= 0; shift -= 4) {
    const digit = <u8>((number >> shift) & 15);
    to.putByte(digit < 10 ? 0x30 + digit : 0x57 + digit);
  }
}
