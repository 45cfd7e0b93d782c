// What can be wrong with a JSON text, and one line for each.

export const enum JsonStatus {
  Ok = 0,
  /** Longer than the caller allows. */
  TooLarge,
  /** Nested deeper than the caller allows. */
  TooDeep,
  /** More values than a document has rows for. */
  TooManyValues,
  /** The text ends in the middle of a value. */
  UnexpectedEnd,
  /** A byte that cannot stand here. */
  UnexpectedByte,
  /** Not a number of RFC 8259 section 6. */
  BadNumber,
  /** An escape that does not exist, or half of a surrogate pair. */
  BadEscape,
  /** A control character inside a string. */
  ControlCharacter,
  /** Not UTF-8 (RFC 3629). */
  BadUtf8,
  /** The same key twice in one object. */
  DuplicateKey,
  /** Keys made to collide in our table: looking for duplicates would take forever. */
  CollidingKeys,
  /** Something after the value. */
  TrailingText,
}

/** For an error line: "malformed JSON at byte 7: …". */
export function describe(status: JsonStatus): string {
  switch (status) {
    case JsonStatus.Ok:
      return "ok";
    case JsonStatus.TooLarge:
      return "too large";
    case JsonStatus.TooDeep:
      return "nested too deeply";
    case JsonStatus.TooManyValues:
      return "too many values";
    case JsonStatus.UnexpectedEnd:
      return "it ends in the middle of a value";
    case JsonStatus.UnexpectedByte:
      return "unexpected character";
    case JsonStatus.BadNumber:
      return "not a JSON number";
    case JsonStatus.BadEscape:
      return "bad escape in a string";
    case JsonStatus.ControlCharacter:
      return "control character in a string";
    case JsonStatus.BadUtf8:
      return "not UTF-8";
    case JsonStatus.DuplicateKey:
      return "the same key twice in one object";
    case JsonStatus.CollidingKeys:
      return "keys made to collide";
    case JsonStatus.TrailingText:
      return "text after the value";
    default:
      return "not JSON";
  }
}
