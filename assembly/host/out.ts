// The two words that the host writes a data answer's place and length into, zeroed before each
// call so that a host that leaves them alone gives an empty answer rather than the previous one.
import { Bytes, bytes } from "../lib/bytes";

/** Where the host writes the pointer; the length follows at `OUT + 4`. Also a 64-bit result. */
export const OUT: usize = memory.data(16, 8);

// @ts-ignore: decorator
@inline
export function clear(): void {
  store<u64>(OUT, 0);
}

/** The answer of the call just made. */
// @ts-ignore: decorator
@inline
export function answer(): Bytes {
  return bytes(load<u32>(OUT), load<i32>(OUT, 4));
}
