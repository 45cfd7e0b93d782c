// The names of gRPC's status codes, as %GRPC_STATUS% writes them.
import { Bytes, NONE, unpacked } from "../../../lib/bytes";
import { wordAt } from "../words";

const CAMEL = unpacked(
  "OK Canceled Unknown InvalidArgument DeadlineExceeded NotFound AlreadyExists PermissionDenied ResourceExhausted FailedPrecondition Aborted OutOfRange Unimplemented Internal Unavailable DataLoss Unauthenticated",
);
const SNAKE = unpacked(
  "OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED",
);

/** The name of a code; NONE for a number without one. */
export function grpcStatusName(code: i64, snake: bool): Bytes {
  return code < 0 || code > i32.MAX_VALUE ? NONE : wordAt(snake ? SNAKE : CAMEL, <i32>code);
}
