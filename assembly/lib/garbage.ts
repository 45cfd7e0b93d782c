// The account of memory that was allocated and may be garbage. `--runtime minimal` collects only
// when told to, and the only place that may tell it is the end of a callback (host/runtime.ts),
// where no reference is left on the stack.

/**
 * A collection walks everything alive, so it must be rare; this much garbage is nothing to a
 * proxy.
 */
const DUE_BYTES = 1024 * 1024;

let sinceLast: i64 = 0;

/** Enters `bytes` into the account: called where objects are made after configuration. */
export function spent(bytes: i32): void {
  sinceLast += bytes;
}

/** Whether enough has been spent for a collection to pay. */
export function isDue(): bool {
  return sinceLast >= DUE_BYTES;
}

/** The account after a collection. */
export function reset(): void {
  sinceLast = 0;
}
