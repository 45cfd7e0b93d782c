// The regular expressions as a module of their own, for the differential test and the benchmark.
import { bytes } from "../../assembly/lib/bytes";
import { Regex, regexError } from "../../assembly/lib/regex/regex";
import { Searcher } from "../../assembly/lib/regex/searcher";

let regex: Regex | null = null;
let searcher: Searcher | null = null;

/** Room of its own for what the tests write. */
export function room(length: i32): usize {
  return heap.alloc(<usize>length);
}

/** Compiles for whole values and for searching; gives the status. */
export function compile(pointer: usize, length: i32, ignoreCase: bool): i32 {
  regex = Regex.compile(bytes(pointer, length), ignoreCase);
  searcher = regex === null ? null : Searcher.compile(bytes(pointer, length), ignoreCase);
  return <i32>regexError.status;
}

export function matches(pointer: usize, length: i32): bool {
  const compiled = regex;
  return compiled !== null && compiled.matches(bytes(pointer, length));
}

export function contains(pointer: usize, length: i32): bool {
  const compiled = searcher;
  return compiled !== null && compiled.matches(bytes(pointer, length));
}

/** The first match from `from` on as start << 32 | end, or -1. */
export function find(pointer: usize, length: i32, from: i32): i64 {
  const compiled = searcher;
  if (compiled === null || !compiled.find(bytes(pointer, length), from)) return -1;
  return ((<i64>compiled.start) << 32) | (<i64>compiled.end);
}

export function collect(): void {
  __collect();
}
