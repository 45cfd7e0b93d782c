// A pattern from the configuration: compiled, or refused with the reason and the place.
import { Bytes, slice, toText } from "../bytes";
import { decimal } from "../writer";
import { Compiler } from "./compiler";
import { Parser } from "./parser";
import { Program } from "./program";
import { requiredIn } from "./required";
import { RegexStatus, regexReason } from "./status";


@final
export class CompiledPattern {
  constructor(
    readonly status: RegexStatus,
    /** Null unless the status is Ok. */
    readonly program: Program | null,
    private readonly source: Bytes,
    /** The offending part [errorStart, errorEnd) of the pattern, in bytes. */
    private readonly errorStart: i32,
    private readonly errorEnd: i32,
  ) {}

  /** Why the pattern is refused, and where, for the configuration's error text. */
  get problem(): string {
    const reason = regexReason(this.status);
    if (this.status == RegexStatus.InvalidUtf8 || this.errorStart >= this.errorEnd) return reason;
    const part = toText(slice(this.source, this.errorStart, this.errorEnd));
    return reason + ": `" + part + "` at byte " + decimal(this.errorStart);
  }
}

/** Parses and compiles `pattern`; `ignoreCase` as if it began with (?i). */
export function compilePattern(pattern: Bytes, ignoreCase: bool = false): CompiledPattern {
  const parser = new Parser(pattern, ignoreCase);
  const tree = parser.parse();
  if (parser.status != RegexStatus.Ok) {
    return new CompiledPattern(parser.status, null, pattern, parser.errorStart, parser.errorEnd);
  }
  const program = new Compiler().compile(tree);
  if (program === null) return new CompiledPattern(RegexStatus.TooLarge, null, pattern, 0, 0);
  program.required = requiredIn(tree);
  return new CompiledPattern(RegexStatus.Ok, program, pattern, 0, 0);
}
