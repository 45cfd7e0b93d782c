// What an answer says about the variant that gave it.
import { Bytes, at, isPresent, lengthOf } from "../../lib/bytes";

export const enum Outcome {
  /** Nothing: the client broke off. */
  Nothing,
  Good,
  Failed,
}

/** A gRPC answer that has not told its status. */
export const NO_STATUS: i32 = -1;

/**
 * Envoy's response flags (`response.flags`) of an upstream that broke off, kept to no protocol or
 * never answered: UT, LR, UR, UF, UC, UMSDR, UPE.
 */
const UPSTREAM_BROKE: i64 = 0x4 | 0x8 | 0x10 | 0x20 | 0x40 | 0x80000 | 0x800000;
/** DC and DR: the client's doing. */
const CLIENT_BROKE: i64 = 0x4000 | 0x10000000;

/**
 * `code` is the HTTP status (0: there was none), `grpcStatus` counts when the answer is gRPC's
 * (`isGrpc`).
 */
export function outcomeOf(code: i64, flags: i64, isGrpc: bool, grpcStatus: i32): Outcome {
  if (code >= 500 || (flags & UPSTREAM_BROKE) != 0) return Outcome.Failed;
  if (code == 0 || (flags & CLIENT_BROKE) != 0) return Outcome.Nothing;
  return isGrpc && isServerFault(grpcStatus) ? Outcome.Failed : Outcome.Good;
}

/** UNKNOWN (also for want of a status), DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE, DATA_LOSS. */
function isServerFault(status: i32): bool {
  return (
    status == NO_STATUS ||
    status == 2 ||
    status == 4 ||
    status == 13 ||
    status == 14 ||
    status == 15
  );
}

/** The value of `grpc-status`: a small decimal number; NO_STATUS for anything else. */
export function parseGrpcStatus(value: Bytes): i32 {
  if (!isPresent(value) || lengthOf(value) == 0 || lengthOf(value) > 3) return NO_STATUS;
  let status = 0;
  for (let i = 0; i < lengthOf(value); i++) {
    const digit = at(value, i) - 0x30;
    if (digit > 9) return NO_STATUS;
    status = status * 10 + <i32>digit;
  }
  return status;
}
