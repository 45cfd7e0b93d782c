// Answers made here instead of upstream.
import { proxy_send_local_response } from "@solo-io/proxy-runtime/assembly/imports";
import { Bytes, NONE, equal, lengthOf, pointerOf, text } from "../lib/bytes";
import { isGrpc, isGrpcWeb, isGrpcWebText, trailersOnly } from "../lib/http/grpc";
import { grpcCodeOf } from "../lib/http/grpc-status";
import { MapType, headerValue } from "./header-map";
import { Pairs } from "./pairs";
import { Status } from "./status";

const CONTENT_TYPE = text("content-type");
const ACCEPT = text("accept");
const METHOD = text(":method");
const POST = text("POST");
const WEB = text("application/grpc-web+proto");
const WEB_TEXT = text("application/grpc-web-text+proto");

/** No gRPC status of our own: Envoy derives one from the HTTP status for gRPC requests. */
export const GRPC_STATUS_NONE: u32 = 0xffffffff;

/**
 * Ends the current stream with a response of our own, in the client's protocol: Envoy answers
 * gRPC, a gRPC-Web client gets its trailers in the body. `message` is what gRPC clients are told
 * instead of the body. `details` becomes RESPONSE_CODE_DETAILS as it is (no prefix, on 1.36 and
 * 1.40): no spaces in it. The headers callback must then return StopIteration.
 */
export function sendLocalReply(
  status: u32,
  details: Bytes,
  body: Bytes,
  headers: Pairs,
  grpcStatus: u32 = GRPC_STATUS_NONE,
  message: Bytes = body,
): Status {
  const type = headerValue(MapType.RequestHeaders, CONTENT_TYPE);
  if (isGrpc(type)) return send(status, details, message, headers, grpcStatus);
  if (!isGrpcWeb(type) || !isPost()) return send(status, details, body, headers, grpcStatus);
  const code = grpcStatus == GRPC_STATUS_NONE ? grpcCodeOf(status) : grpcStatus;
  const isText = wantsText(type);
  headers.set(CONTENT_TYPE, isText ? WEB_TEXT : WEB);
  return send(200, details, trailersOnly(code, message, isText), headers, GRPC_STATUS_NONE);
}

/** Every gRPC-Web call is a POST. To anything else a 200 would be wrong: a cache might keep it. */
function isPost(): bool {
  const method = headerValue(MapType.RequestHeaders, METHOD);
  return method != NONE && equal(method, POST);
}

/**
 * As Envoy's grpc_web filter: `accept` decides, and without a word there the request's own form.
 */
function wantsText(type: Bytes): bool {
  const accept = headerValue(MapType.RequestHeaders, ACCEPT);
  return isGrpcWeb(accept) ? isGrpcWebText(accept) : isGrpcWebText(type);
}

function send(status: u32, details: Bytes, body: Bytes, headers: Pairs, grpcStatus: u32): Status {
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
