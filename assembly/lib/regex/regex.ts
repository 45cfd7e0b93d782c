// Regular expressions with RE2 syntax and guarantees: compiled once, time linear in the input,
// size limited. A `Regex` matches whole values, as Istio's `regex` does; `Searcher` (searcher.ts)
// finds matches inside of them.
import { Bytes, find, slice, toText, view } from "../bytes";
import { Compiler } from "./compiler";
import { Dfa } from "./dfa";
import { Parser } from "./parser";
import { Program } from "./program";
import { requiredIn } from "./required";
import { RegexStatus, regexReason } from "./status";
import { decimal } from "../writer";

/** Why the last pattern was refused. */
@final
export class RegexError {
  status: RegexStatus = RegexStatus.Ok;
  /** The offending part [start, end) of the pattern, in bytes. */
  start: i32 = 0;
  end: i32 = 0;

  /** The reason and the place for the configuration's error text. Allocates. */
  describe(pattern: Bytes): string {
    const reason = regexReason(this.status);
    if (this.status == RegexStatus.InvalidUtf8 || this.start >= this.end) return reason;
    return (
      reason +
      ": `" +
      toText(slice(pattern, this.start, this.end)) +
      "` at byte " +
      decimal(this.start)
    );
  }
}

/** Set by `compileProgram` and whatever calls it. */
export const regexError = new RegexError();

/** Parses and compiles; null when the pattern is refused, with the reason in `regexError`. */
export function compileProgram(pattern: Bytes, ignoreCase: bool): Program | null {
  const parser = new Parser(pattern, ignoreCase);
  const tree = parser.parse();
  regexError.status = parser.status;
  regexError.start = parser.errorStart;
  regexError.end = parser.errorEnd;
  if (parser.status != RegexStatus.Ok) return null;
  const program = new Compiler().compile(tree);
  if (program === null) regexError.status = RegexStatus.TooLarge;
  else program.required = requiredIn(tree);
  return program;
}


@final
export class Regex {
  private whole: Dfa;
  /** Bytes that every match holds; empty when none are known. */
  readonly required: StaticArray<u8>;

  private constructor(program: Program) {
    this.whole = new Dfa(program, false);
    this.required = program.required;
  }

  /**
   * Compiles `pattern`; `ignoreCase` as if it began with (?i). Null when it is refused: see
   * `regexError`.
   */
  static compile(pattern: Bytes, ignoreCase: bool = false): Regex | null {
    const program = compileProgram(pattern, ignoreCase);
    return program === null ? null : new Regex(program);
  }

  /** Whether the whole of `value` matches. */
  matches(value: Bytes): bool {
    return find(value, view(this.required)) >= 0 && this.whole.accepts(value);
  }
}
