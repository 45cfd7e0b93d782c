// What runs instead of AssemblyScript's own abort: one line that says where, then the trap. Reaching it is a bug. What is
// wrong stands at the place: `trim.js` has left the message out.
// @ts-ignore: decorator
@external("env", "proxy_log")
declare function proxy_log(level: i32, message: usize, length: usize): u32;

const LEVEL_CRITICAL = 5;

export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  const text = "trap: " + (file ? file : "") + ":" + line.toString() + ":" + column.toString();
  const length = String.UTF8.byteLength(text);
  const buffer = heap.alloc(length);
  String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, buffer);
  proxy_log(LEVEL_CRITICAL, buffer, length);
  unreachable();
}
