// Patterns compiled for units; null when a pattern is refused.
import { text } from "../../../assembly/lib/bytes";
import { compilePattern } from "../../../assembly/lib/regex/pattern";
import { Regex } from "../../../assembly/lib/regex/regex";
import { Searcher } from "../../../assembly/lib/regex/searcher";

export function regexOf(pattern: string, ignoreCase: bool = false): Regex | null {
  const program = compilePattern(text(pattern), ignoreCase).program;
  return program === null ? null : new Regex(program);
}

export function searcherOf(pattern: string): Searcher | null {
  const program = compilePattern(text(pattern)).program;
  return program === null ? null : new Searcher(program);
}
