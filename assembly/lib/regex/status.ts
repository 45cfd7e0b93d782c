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
  switch (status) {
    case RegexStatus.Ok:
      return "ok";
    case RegexStatus.InvalidUtf8:
      return "the pattern is not valid UTF-8";
    case RegexStatus.MissingParenthesis:
      return "a group is never closed, expected )";
    case RegexStatus.UnexpectedParenthesis:
      return "a ) closes no group, write \\)";
    case RegexStatus.MissingBracket:
      return "a character class is never closed, expected ]";
    case RegexStatus.InvalidRange:
      return "no such character range";
    case RegexStatus.InvalidEscape:
      return "RE2 has no such escape";
    case RegexStatus.TrailingBackslash:
      return "a backslash at the end, write \\\\";
    case RegexStatus.MissingOperand:
      return "nothing to repeat";
    case RegexStatus.NestedRepetition:
      return "a repetition of a repetition, put the inner one into a group";
    case RegexStatus.RepetitionSize:
      return "repetition counts go up to 1000, also the product of nested ones";
    case RegexStatus.InvalidGroup:
      return "RE2 has no such group";
    case RegexStatus.InvalidGroupName:
      return "group names consist of letters, digits and _, each name once";
    case RegexStatus.BackReference:
      return "back references are not supported: RE2 has none";
    case RegexStatus.LookAround:
      return "look-around is not supported: RE2 has none";
    case RegexStatus.AnyByte:
      return "\\C is not supported, use . or a class";
    case RegexStatus.UnknownProperty:
      return "only general categories like \\p{L} or \\p{Nd} are supported, no scripts";
    case RegexStatus.TooDeep:
      return "groups are nested too deeply";
    case RegexStatus.TooLarge:
      return "the pattern is too large once compiled";
    default:
      return "not a usable pattern";
  }
}
