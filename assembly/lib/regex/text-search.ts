// Looks for a text inside of a value. Looking at every place costs the product of both lengths when
// a client knows the text: "aaaa…" for a condition on "aaaa…b". So places are counted.
import {
  Bytes,
  at,
  bytes,
  compareMemory,
  equalIgnoreCase,
  lengthOf,
  lower,
  pointerOf,
} from "../bytes";
import { SearchWork } from "./work";

/** How many bytes are compared at once (lib/bytes.ts, `compareMemory`). */
const WORD_BYTES = 8;

/**
 * Whether `value` holds `wanted`; with `ignoreCase` in any case of ASCII letters. What it costs is
 * taken from `work` (null: it may cost anything). When that is spent, "no" means nothing.
 */
export function holdsText(
  value: Bytes,
  wanted: Bytes,
  ignoreCase: bool,
  work: SearchWork | null,
): bool {
  const width = lengthOf(wanted);
  if (width == 0) return true;
  if (work !== null) {
    work.walk(lengthOf(value));
    if (work.isSpent) return false;
  }
  const last = lengthOf(value) - width;
  const first = folded(at(wanted, 0), ignoreCase);
  for (let i = 0; i <= last; i++) {
    if (folded(at(value, i), ignoreCase) != first) continue;
    if (isAt(value, i, wanted, ignoreCase)) return true;
    if (work === null) continue;
    work.compare(ignoreCase ? width : width / WORD_BYTES);
    if (work.isSpent) return false;
  }
  return false;
}

// @ts-ignore: decorator
@inline
function folded(byte: u8, ignoreCase: bool): u8 {
  return ignoreCase ? lower(byte) : byte;
}

function isAt(value: Bytes, place: i32, wanted: Bytes, ignoreCase: bool): bool {
  const width = lengthOf(wanted);
  const pointer = pointerOf(value) + <usize>place;
  return ignoreCase
    ? equalIgnoreCase(bytes(pointer, width), wanted)
    : compareMemory(pointer, pointerOf(wanted), <usize>width) == 0;
}
