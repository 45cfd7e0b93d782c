// The status every host call returns (proxy-wasm spec v0.2.1, WasmResult). Wrappers hand it on;
// none throws.

export const enum Status {
  Ok = 0,
  /** The key, property, header or function does not exist. */
  NotFound = 1,
  /** An unknown cluster, context, map type or malformed argument. */
  BadArgument = 2,
  SerializationFailure = 3,
  ParseFailure = 4,
  BadExpression = 5,
  InvalidMemoryAccess = 6,
  /** A queue without entries. */
  Empty = 7,
  /** Another worker wrote the shared value since it was read. */
  CasMismatch = 8,
  ResultMismatch = 9,
  /** A cluster without hosts, among others: no callback will come. */
  InternalFailure = 10,
  BrokenConnection = 11,
  Unimplemented = 12,
}
