// Numbers that no client can know: keys of hashes and of new clients. From WASI, which proxies link;
// some other hosts have no random source behind it.
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "random_get")
declare function random_get(buffer: usize, length: i32): i32;
import { mix } from "../lib/hash";
import { monotonicNanos, unixNanos } from "./clock";
import { OUT, clear } from "./out";

/** So that two numbers from one reading of the clocks differ. */
let drawn: u64 = 0;

/** 64 random bits; where the host has none to give, what its clocks show at this nanosecond. */
export function randomBits(): u64 {
  clear();
  const status = random_get(OUT, 8);
  const bits = load<u64>(OUT);
  // A host that says "done" and writes nothing leaves zeros.
  if (status == 0 && bits != 0) return bits;
  drawn++;
  return mix(mix(<u64>unixNanos()) ^ (<u64>monotonicNanos() + drawn));
}
