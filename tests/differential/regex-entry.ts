// The regular expressions as plain functions, for the differential test.
import { Bytes } from "../../assembly/lib/bytes";
import { compilePattern } from "../../assembly/lib/regex/pattern";
import { Regex } from "../../assembly/lib/regex/regex";
import { Searcher } from "../../assembly/lib/regex/searcher";

let regex: Regex | null = null;
let searcher: Searcher | null = null;

/** Compiles for whole values and for searching; gives the status. */
export function compile(pattern: Bytes, ignoreCase: bool): i32 {
  // Nothing of the last pattern is on the stack here, so that thousands of them fit.
  regex = null;
  searcher = null;
  __collect();
  const compiled = compilePattern(pattern, ignoreCase);
  const program = compiled.program;
  if (program !== null) {
    regex = new Regex(program);
    searcher = new Searcher(program);
  }
  return <i32>compiled.status;
}

export function matches(value: Bytes): bool {
  const compiled = regex;
  return compiled !== null && compiled.matches(value);
}

export function contains(value: Bytes): bool {
  const compiled = searcher;
  return compiled !== null && compiled.matches(value);
}

/** The first match from `from` on as start << 32 | end, or -1. */
export function find(value: Bytes, from: i32): i64 {
  const compiled = searcher;
  if (compiled === null || !compiled.find(value, from)) return -1;
  return ((compiled.start as i64) << 32) | (compiled.end as i64);
}

/** Bytes of memory in use by the module as a whole. */
export function memoryBytes(): i32 {
  return memory.size() << 16;
}
