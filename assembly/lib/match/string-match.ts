// One condition on a text, in Istio's words: exact, prefix, suffix, contains, regex (RE2 syntax,
// the whole value) or present; `ignoreCase` for ASCII letters (for regex: as (?i)), `invert`.
// Parsed once, at configuration.
import {
  Bytes,
  EMPTY,
  endsWith,
  equal,
  equalIgnoreCase,
  isPresent,
  lengthOf,
  owned,
  slice,
  startsWith,
  text,
  view,
} from "../bytes";
import { Cursor } from "../config/reader";
import { normalizedAuthority } from "../http/authority";
import { RequestView } from "../http/request";
import { compilePattern } from "../regex/pattern";
import { Regex } from "../regex/regex";
import { holdsText } from "../regex/text-search";
import { SearchWork } from "../regex/work";
import { Writer } from "../writer";

export const enum StringMatchKind {
  Exact = 0,
  Prefix = 1,
  Suffix = 2,
  Contains = 3,
  Regex = 4,
  Present = 5,
}

const SLASH = text("/");
const KINDS = ["exact", "prefix", "suffix", "contains", "regex", "present"];


@final
export class StringMatch {
  private regex: Regex | null = null;

  constructor(
    readonly kind: StringMatchKind,
    private text: StaticArray<u8>,
    readonly ignoreCase: bool,
    readonly invert: bool,
  ) {}

  /**
   * Reads the value at hand as a StringMatch; anything else refuses the configuration. With
   * `ignoreCase` it compares as if the setting of that name were on.
   */
  static read(at: Cursor, ignoreCase: bool = false): StringMatch {
    return at.expectObject() ? StringMatch.readRest(at, ignoreCase) : refused();
  }

  /** Reads a condition on an authority in the one spelling of `normalizedAuthority`. */
  static readAuthority(at: Cursor): StringMatch {
    const match = StringMatch.read(at, true);
    if (match.kind != StringMatchKind.Exact) return match;
    const text = owned(normalizedAuthority(view(match.text), new Writer()));
    return new StringMatch(match.kind, text, true, match.invert);
  }

  /**
   * Reads a condition on a method. Servers differ in what they take `post` for, so with
   * `ignoreCase` it meets a condition on POST, and also the inverted one.
   */
  static readMethod(at: Cursor, ignoreCase: bool): StringMatch {
    const isInverted = at.isObject && at.boolean("invert", false);
    return StringMatch.read(at, ignoreCase && !isInverted);
  }

  /**
   * Reads a StringMatch that must be there among members that the caller has read already; all
   * others are unknown.
   */
  static readRest(at: Cursor, ignoreCase: bool = false): StringMatch {
    const match = StringMatch.readMembers(at, ignoreCase);
    at.done();
    if (match !== null) return match;
    at.refuse("", "expected one of: " + KINDS.join(", "));
    return refused();
  }

  /**
   * Reads the member `name`; null when it is missing. `ignoreCase` is for all kinds but regex, as
   * Istio's ignoreUriCase.
   */
  static optional(at: Cursor, name: string, ignoreCase: bool = false): StringMatch | null {
    if (!at.has(name)) return null;
    const match = StringMatch.read(at.value(name));
    if (!ignoreCase || match.kind == StringMatchKind.Regex) return match;
    return new StringMatch(match.kind, match.text, true, match.invert);
  }

  /**
   * Reads a StringMatch's members among others of the same object, which stay the caller's to
   * read and `done()`; null when there is none of the kinds.
   */
  static readMembers(at: Cursor, alwaysIgnoreCase: bool = false): StringMatch | null {
    const kind = at.oneOf(KINDS);
    const ignoreCase = at.boolean("ignoreCase", false) || alwaysIgnoreCase;
    const invert = at.boolean("invert", false);
    return kind < 0 ? null : StringMatch.readKind(at, <StringMatchKind>kind, ignoreCase, invert);
  }

  private static readKind(
    at: Cursor,
    kind: StringMatchKind,
    ignoreCase: bool,
    invert: bool,
  ): StringMatch {
    const name = KINDS[kind];
    if (kind == StringMatchKind.Present) {
      if (!at.boolean(name, false)) at.refuse(name, "expected true; for absence add invert: true");
      return new StringMatch(kind, new StaticArray<u8>(0), ignoreCase, invert);
    }
    const text = at.bytes(name);
    if (text.length == 0 && kind != StringMatchKind.Exact)
      at.refuse(name, "expected at least one character");
    const match = new StringMatch(kind, text, ignoreCase, invert);
    if (kind == StringMatchKind.Regex) match.compile(at, name);
    return match;
  }

  private compile(at: Cursor, name: string): void {
    const compiled = compilePattern(view(this.text), this.ignoreCase);
    const program = compiled.program;
    if (program !== null) this.regex = new Regex(program);
    else at.refuse(name, compiled.problem);
  }

  /**
   * Whether `value` meets the condition. An absent value (NONE) meets none but an inverted
   * `present`: as in Envoy, `invert` turns the result for values, not for their absence. When
   * `work` is spent, the answer means nothing.
   */
  matches(value: Bytes, work: SearchWork | null = null): bool {
    if (this.kind == StringMatchKind.Present) return isPresent(value) != this.invert;
    return isPresent(value) && this.fits(value, work) != this.invert;
  }

  /** As `matches`, on a value of `request`, which counts what is searched through. */
  matchesIn(request: RequestView, value: Bytes): bool {
    if (this.kind == StringMatchKind.Present || !isPresent(value)) return this.matches(value);
    return this.fitsIn(request, value) != this.invert;
  }

  /** As `fits`, on a value of `request`, which counts what is searched through. */
  fitsIn(request: RequestView, value: Bytes): bool {
    if (this.kind == StringMatchKind.Contains) return this.fits(value, request.workOn(value));
    return this.fits(value, this.kind == StringMatchKind.Regex ? request.searchWork : null);
  }

  /** Whether every path meets it: all begin with a slash. */
  get meetsEveryPath(): bool {
    const isPresence = this.kind == StringMatchKind.Present;
    const isRoot = this.kind == StringMatchKind.Prefix && equal(view(this.text), SLASH);
    return (isPresence || isRoot) && !this.invert;
  }

  /**
   * A text that every value has in it that meets the condition as if it were not inverted; empty
   * when none is known.
   */
  neededText(): Bytes {
    const regex = this.regex;
    if (regex !== null) return view(regex.required);
    return this.ignoreCase || this.kind == StringMatchKind.Present ? EMPTY : view(this.text);
  }

  /**
   * Whether a value that is there meets the condition as if it were not inverted. Not for
   * `present`. When `work` is spent, "no" means nothing.
   */
  fits(value: Bytes, work: SearchWork | null = null): bool {
    const regex = this.regex;
    if (regex !== null) return regex.matches(value, work);
    const text = view(this.text);
    switch (this.kind) {
      case StringMatchKind.Exact:
        return this.ignoreCase ? equalIgnoreCase(value, text) : equal(value, text);
      case StringMatchKind.Prefix:
        return this.ignoreCase
          ? equalIgnoreCase(slice(value, 0, lengthOf(text)), text)
          : startsWith(value, text);
      case StringMatchKind.Suffix:
        return this.ignoreCase ? endsWithIgnoreCase(value, text) : endsWith(value, text);
      default:
        return holdsText(value, text, this.ignoreCase, work);
    }
  }
}

/** What stands for a condition that was refused: the configuration is never used. */
function refused(): StringMatch {
  return new StringMatch(StringMatchKind.Present, new StaticArray<u8>(0), false, false);
}

function endsWithIgnoreCase(value: Bytes, suffix: Bytes): bool {
  const start = lengthOf(value) - lengthOf(suffix);
  return start >= 0 && equalIgnoreCase(slice(value, start), suffix);
}
