// Decimal numbers into a scratch, without a string in between.
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
