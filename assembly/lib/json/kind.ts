// The kinds of JSON values.

export const enum JsonKind {
  Null = 0,
  Boolean = 1,
  /** A number that is a whole one and fits 64 bits signed, also when written `1.0` or `1e3`. */
  Integer = 2,
  /** Any other number. One too large for a double is infinite: its text is in `source`. */
  Double = 3,
  String = 4,
  Array = 5,
  Object = 6,
}
