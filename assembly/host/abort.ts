// What runs instead of AssemblyScript's own abort: one line that says where, then the trap.
// Reaching it is a bug. The place says what is wrong, so the compiler's message is not logged.
// Allocates nothing, since memory may be what is missing, and uses no class, since each may have
// a place that comes here.
import { lengthOf, pointerOf, text } from "../lib/bytes";
// @ts-ignore: decorator
@external("env", "proxy_log")
declare function proxy_log(level: i32, message: usize, length: usize): u32;

const LEVEL_CRITICAL = 5;
const TRAP = text("trap: ");
const COLON: u8 = 0x3a;

const line = memory.data(256);
/** Longer than the path of any source. */
const FILE_MAX = 200;

export function abort(_message: string | null, file: string | null, row: u32, column: u32): void {
  memory.copy(line, pointerOf(TRAP), <usize>lengthOf(TRAP));
  let end = line + <usize>lengthOf(TRAP);
  const path = changetype<usize>(file);
  // Paths are ASCII.
  const length = file === null ? 0 : min(file.length, FILE_MAX);
  for (let i = 0; i < length; i++) store<u8>(end++, load<u8>(path + ((<usize>i) << 1)));
  end = putNumber(end, row);
  end = putNumber(end, column);
  proxy_log(LEVEL_CRITICAL, line, end - line);
  unreachable();
}

/** A colon and digits; gives where they end. */
function putNumber(to: usize, value: u32): usize {
  store<u8>(to++, COLON);
  return putDigits(to, value);
}

function putDigits(to: usize, value: u32): usize {
  if (value > 9) to = putDigits(to, value / 10);
  store<u8>(to, <u8>(0x30 + (value % 10)));
  return to + 1;
}
