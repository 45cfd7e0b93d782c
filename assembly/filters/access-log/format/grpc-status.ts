// The names of gRPC's status codes, as %GRPC_STATUS% writes them.
import { Bytes, NONE, text } from "../../../lib/bytes";

const CAMEL: Bytes[] =
  "OK Canceled Unknown InvalidArgument DeadlineExceeded NotFound AlreadyExists PermissionDenied ResourceExhausted FailedPrecondition Aborted OutOfRange Unimplemented Internal Unavailable DataLoss Unauthenticated"
    .split(" ")
    .map<Bytes>((name) => text(name));
const SNAKE: Bytes[] =
  "OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED"
    .split(" ")
    .map<Bytes>((name) => text(name));

/** The name of a code; NONE for a number without one. */
export function grpcStatusName(code: i64, snake: bool): Bytes {
  const names = snake ? SNAKE : CAMEL;
  return code >= 0 && code < names.length ? unchecked(names[<i32>code]) : NONE;
}
