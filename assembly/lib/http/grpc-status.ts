// The status codes of gRPC with the names that %GRPC_STATUS% of Envoy writes
// (source/common/grpc/common.cc and google/rpc/code.proto).
import { Bytes, text } from "../bytes";


@final
export class GrpcStatus {
  constructor(
    readonly code: i64,
    /** As `CAMEL_STRING` has it. */
    readonly camelName: Bytes,
    /** As `SNAKE_STRING` has it. */
    readonly snakeName: Bytes,
  ) {}
}

/** One row per status. */
const STATUSES: GrpcStatus[] = [
  new GrpcStatus(0, text("OK"), text("OK")),
  new GrpcStatus(1, text("Canceled"), text("CANCELLED")),
  new GrpcStatus(2, text("Unknown"), text("UNKNOWN")),
  new GrpcStatus(3, text("InvalidArgument"), text("INVALID_ARGUMENT")),
  new GrpcStatus(4, text("DeadlineExceeded"), text("DEADLINE_EXCEEDED")),
  new GrpcStatus(5, text("NotFound"), text("NOT_FOUND")),
  new GrpcStatus(6, text("AlreadyExists"), text("ALREADY_EXISTS")),
  new GrpcStatus(7, text("PermissionDenied"), text("PERMISSION_DENIED")),
  new GrpcStatus(8, text("ResourceExhausted"), text("RESOURCE_EXHAUSTED")),
  new GrpcStatus(9, text("FailedPrecondition"), text("FAILED_PRECONDITION")),
  new GrpcStatus(10, text("Aborted"), text("ABORTED")),
  new GrpcStatus(11, text("OutOfRange"), text("OUT_OF_RANGE")),
  new GrpcStatus(12, text("Unimplemented"), text("UNIMPLEMENTED")),
  new GrpcStatus(13, text("Internal"), text("INTERNAL")),
  new GrpcStatus(14, text("Unavailable"), text("UNAVAILABLE")),
  new GrpcStatus(15, text("DataLoss"), text("DATA_LOSS")),
  new GrpcStatus(16, text("Unauthenticated"), text("UNAUTHENTICATED")),
];

/** The status with this code; null for a number that gRPC has no name for. */
export function grpcStatusOf(code: i64): GrpcStatus | null {
  for (let i = 0; i < STATUSES.length; i++) {
    if (unchecked(STATUSES[i]).code == code) return unchecked(STATUSES[i]);
  }
  return null;
}

const UNKNOWN: u32 = 2;
const PERMISSION_DENIED: u32 = 7;
export const RESOURCE_EXHAUSTED: u32 = 8;
const UNIMPLEMENTED: u32 = 12;
const INTERNAL: u32 = 13;
const UNAVAILABLE: u32 = 14;
const UNAUTHENTICATED: u32 = 16;

/** The code for an HTTP status, as Envoy's `Grpc::Utility::httpToGrpcStatus` has it. */
export function grpcCodeOf(httpStatus: u32): u32 {
  switch (httpStatus) {
    case 400:
      return INTERNAL;
    case 401:
      return UNAUTHENTICATED;
    case 403:
      return PERMISSION_DENIED;
    case 404:
      return UNIMPLEMENTED;
    case 429:
    case 502:
    case 503:
    case 504:
      return UNAVAILABLE;
    default:
      return UNKNOWN;
  }
}
