// Answers made here instead of upstream.
import { proxy_send_local_response } from "@solo-io/proxy-runtime/assembly/imports";
import { Bytes, lengthOf, pointerOf } from "../lib/bytes";
import { Pairs } from "./pairs";
import { Status } from "./status";

/** No gRPC status of our own: Envoy derives one from the HTTP status for gRPC requests. */
export const GRPC_STATUS_NONE: u32 = 0xffffffff;

/**
 * Ends the current stream with a response of our own. `details` becomes
 * RESPONSE_CODE_DETAILS as it is (no prefix, on 1.36 and 1.40): no spaces in it. The headers
 * callback must then return StopIteration.
 */
export function sendLocalReply(
  status: u32,
  details: Bytes,
  body: Bytes,
  headers: Pairs,
  grpcStatus: u32 = GRPC_STATUS_NONE,
): Status {
  const pairs = headers.serialize();
  return proxy_send_local_response(
    status,
    pointerOf(details),
    lengthOf(details),
    pointerOf(body),
    lengthOf(body),
    pointerOf(pairs),
    lengthOf(pairs),
    grpcStatus,
  );
}
