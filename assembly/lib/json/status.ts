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
  return [
    "ok",
    "too large",
    "nested too deeply",
    "too many values",
    "it ends in the middle of a value",
    "unexpected character",
    "not a JSON number",
    "bad escape in a string",
    "control character in a string",
    "not UTF-8",
    "the same key twice in one object",
    "keys made to collide",
    "text after the value",
  ][status];
}
