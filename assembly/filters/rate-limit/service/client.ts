// Calls to the rate limit service, over HTTP/2 through a cluster of the proxy: which calls are
// under way, and which requests wait for them.
import { BufferType, bufferBytes } from "../../../host/buffer";
import { Stream } from "../../../host/context";
import { HeaderMap, MapType } from "../../../host/header-map";
import { startCall, startStatus, startToken } from "../../../host/http-call";
import { Pairs } from "../../../host/pairs";
import { Status } from "../../../host/status";
import { StreamTable } from "../../../host/stream-table";
import { Bytes, NONE, equal, lengthOf, text, view } from "../../../lib/bytes";
import { Global } from "../config";
import { ServiceCounters } from "../metrics";
import { RPC_PATH } from "./request";
import { RateLimitResponse } from "./response";


@final
class NoStream extends Stream {}

/** Stands for a request that does not wait for its response: the response is only counted. */
export const NO_STREAM = new NoStream();

/** No token: no host counts its calls this far. */
export const NO_CALL: u32 = u32.MAX_VALUE;

/** A RateLimitResponse is a few hundred bytes; more is not one. */
const RESPONSE_BYTES_MAX = 64 * 1024;

const METHOD = text(":method");
const POST = text("POST");
const PATH = text(":path");
const AUTHORITY = text(":authority");
const CONTENT_TYPE = text("content-type");
const GRPC = text("application/grpc");
const TE = text("te");
const TRAILERS = text("trailers");
const GRPC_STATUS = text("grpc-status");
const GRPC_OK = text("0");

const pairs = new Pairs();
const map = new HeaderMap();


@final
export class ServiceClient {
  private readonly response: RateLimitResponse = new RateLimitResponse();
  /**
   * Who waits for which call. By token + 1: there are hosts that count tokens from 0, and the
   * table knows no 0.
   */
  private readonly waiting: StreamTable = new StreamTable();
  private readonly counters: ServiceCounters = new ServiceCounters();

  /** Starts the call for one request; NO_CALL when the service cannot be asked. */
  call(global: Global, request: Bytes, stream: Stream): u32 {
    pairs.reset();
    pairs.add(METHOD, POST);
    pairs.add(PATH, RPC_PATH);
    pairs.add(AUTHORITY, view(global.cluster));
    pairs.add(CONTENT_TYPE, GRPC);
    pairs.add(TE, TRAILERS);
    const token = lengthOf(request) > 0 ? start(global, request) : NO_CALL;
    if (token == NO_CALL) this.counters.count(this.response.clear());
    else this.waiting.set(token + 1, stream);
    return token;
  }

  /** Takes the request that waits for a call off the list; null when there is none. */
  take(token: u32): Stream | null {
    return this.waiting.remove(token + 1);
  }

  /** Reads and counts the response of the current callback. The same object each time. */
  readResponse(bodyBytes: i32): RateLimitResponse {
    const response = this.response.clear();
    if (bodyBytes <= RESPONSE_BYTES_MAX && hasStatusOk()) {
      const body = bufferBytes(BufferType.HttpCallResponseBody, bodyBytes);
      if (body != NONE) response.read(body);
    }
    this.counters.count(response);
    return response;
  }
}

function start(global: Global, request: Bytes): u32 {
  const call = startCall(view(global.cluster), pairs, request, global.timeoutMillis);
  return startStatus(call) == Status.Ok ? startToken(call) : NO_CALL;
}

/**
 * gRPC's own status counts before the message. It is in the trailers or, without a message, in the
 * headers.
 */
function hasStatusOk(): bool {
  let status = NONE;
  if (map.read(MapType.HttpCallResponseTrailers) == Status.Ok) status = map.get(GRPC_STATUS);
  if (status == NONE && map.read(MapType.HttpCallResponseHeaders) == Status.Ok) {
    status = map.get(GRPC_STATUS);
  }
  return status != NONE && equal(status, GRPC_OK);
}
