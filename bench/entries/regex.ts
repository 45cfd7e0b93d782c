// The regular expressions as plain functions, for the benchmark.
import { bytes } from "../../assembly/lib/bytes";
import { compilePattern } from "../../assembly/lib/regex/pattern";
import { Regex } from "../../assembly/lib/regex/regex";

let regex: Regex | null = null;

/** Room for what the benchmark writes. */
export function room(length: i32): usize {
  return heap.alloc(<usize>length);
}

export function compile(pointer: usize, length: i32): bool {
  const program = compilePattern(bytes(pointer, length)).program;
  regex = program === null ? null : new Regex(program);
  return regex !== null;
}

export function matches(pointer: usize, length: i32): bool {
  const compiled = regex;
  return compiled !== null && compiled.matches(bytes(pointer, length));
}
