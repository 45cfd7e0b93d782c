// Variables of the virtual machine (`vmConfig.env` in a WasmPlugin), through WASI. For secrets
// that a configuration names but does not hold.
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "environ_sizes_get")
declare function environ_sizes_get(count: usize, size: usize): i32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "environ_get")
declare function environ_get(pointers: usize, buffer: usize): i32;
import { Bytes, NONE, bytes, indexOf, lengthOf, slice, startsWith } from "../lib/bytes";
import { allocate } from "./arena";
import { OUT, clear } from "./out";

/** More than any proxy sets; Istio takes 256 variables of 2,048 characters. */
const COUNT_MAX: u32 = 4_096;
const BYTES_MAX: u32 = 4 * 1024 * 1024;

/** The value of the variable `name`, alive until the callback returns; NONE when it is not set. */
export function environmentVariable(name: Bytes): Bytes {
  clear();
  if (environ_sizes_get(OUT, OUT + 4) != 0) return NONE;
  const count = load<u32>(OUT);
  const size = load<u32>(OUT, 4);
  if (count == 0 || count > COUNT_MAX || size > BYTES_MAX) return NONE;
  const pointers = allocate((<usize>count) << 2);
  const buffer = allocate(size);
  if (pointers == 0 || buffer == 0 || environ_get(pointers, buffer) != 0) return NONE;
  for (let i: u32 = 0; i < count; i++) {
    const start = <usize>load<u32>(pointers + ((<usize>i) << 2));
    if (start < buffer || start >= buffer + size) continue;
    const rest = bytes(start, <i32>(buffer + size - start));
    const end = indexOf(rest, 0);
    const entry = end < 0 ? rest : slice(rest, 0, end);
    const width = lengthOf(name);
    if (startsWith(entry, name) && lengthOf(entry) > width && load<u8>(start + width) == 0x3d) {
      return slice(entry, width + 1);
    }
  }
  return NONE;
}
