// Comparison whose time does not tell where two secrets differ.
import { Bytes, lengthOf, pointerOf } from "../bytes";

/**
 * Equal contents. Every byte is read whatever the others are; only the lengths, which are public,
 * end it early.
 */
export function equalConstantTime(a: Bytes, b: Bytes): bool {
  const length = lengthOf(a);
  if (length != lengthOf(b)) return false;
  const pointerA = pointerOf(a);
  const pointerB = pointerOf(b);
  let difference: u8 = 0;
  for (let i: usize = 0; i < <usize>length; i++)
    difference |= load<u8>(pointerA + i) ^ load<u8>(pointerB + i);
  return difference == 0;
}
