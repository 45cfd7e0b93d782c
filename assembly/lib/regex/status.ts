// Why a pattern is refused. One reason each, so that the configuration's error text says what
// would be right.

export const enum RegexStatus {
  Ok = 0,
  /** The pattern is not valid UTF-8. */
  InvalidUtf8 = 1,
  /** A `(` without its `)`. */
  MissingParenthesis = 2,
  /** A `)` without its `(`. */
  UnexpectedParenthesis = 3,
  /** A `[` without its `]`. */
  MissingBracket = 4,
  /** A range like `z-a`, or `[[:name:]]` with an unknown name. */
  InvalidRange = 5,
  /** A backslash before something that it gives no meaning. */
  InvalidEscape = 6,
  /** A backslash at the very end. */
  TrailingBackslash = 7,
  /** `*`, `+`, `?` or `{n}` with nothing before it. */
  MissingOperand = 8,
  /** `a**`: a repetition of a repetition without a group. */
  NestedRepetition = 9,
  /** `{n,m}` above 1,000 (also when nested: the product), or n above m. */
  RepetitionSize = 10,
  /** `(?` with unknown flags. */
  InvalidGroup = 11,
  /** A group name that is empty, malformed or used twice. */
  InvalidGroupName = 12,
  /** `\1`, `(?P=name)`: not regular, no linear time. */
  BackReference = 13,
  /** `(?=`, `(?!`, `(?<=`, `(?<!`: not in RE2. */
  LookAround = 14,
  /** `\C`: one byte, which may tear a character apart. */
  AnyByte = 15,
  /** `\p{Greek}`: scripts and other properties than general categories. */
  UnknownProperty = 16,
  /** Groups nested more deeply than the parser goes. */
  TooDeep = 17,
  /** The compiled program would exceed its size limit. */
  TooLarge = 18,
}

/** The reason in words, lower case, without the offending part of the pattern. */
export function regexReason(status: RegexStatus): string {
  return [
    "ok",
    "the pattern is not valid UTF-8",
    "a group is never closed, expected )",
    "a ) closes no group, write \\)",
    "a character class is never closed, expected ]",
    "no such character range",
    "RE2 has no such escape",
    "a backslash at the end, write \\\\",
    "nothing to repeat",
    "a repetition of a repetition, put the inner one into a group",
    "repetition counts go up to 1000, also the product of nested ones",
    "RE2 has no such group",
    "group names consist of letters, digits and _, each name once",
    "back references are not supported: RE2 has none",
    "look-around is not supported: RE2 has none",
    "\\C is not supported, use . or a class",
    "only general categories like \\p{L} or \\p{Nd} are supported, no scripts",
    "groups are nested too deeply",
    "the pattern is too large once compiled",
  ][status];
}
