// The rate limit service, asked over HTTP/2 through a cluster of the proxy: which questions are under way, and whose they are.
import { BufferType, bufferBytes } from "../../host/buffer";
import { HeaderMap, MapType } from "../../host/header-map";
import { startCall, startedToken } from "../../host/http-call";
import { Pairs } from "../../host/pairs";
import { Status } from "../../host/status";
import { Bytes, NONE, equal, lengthOf, text, view } from "../../lib/bytes";
import { spent } from "../../lib/garbage";
import { Global } from "./config";
import { ServiceCounters } from "./metrics";
import { RPC_PATH } from "./question";
import { Answer, ServiceAnswer } from "./service-answer";

/** No token: the host counts them from 1, and in 32 bits it does not get here. */
export const NO_CALL: u32 = u32.MAX_VALUE;
/** No stream: context 0 is never one. Nobody waits for the answer, it is only counted. */
export const NOBODY: u32 = 0;

/** A RateLimitResponse is a few hundred bytes; more is not one. */
const ANSWER_BYTES_MAX = 64 * 1024;
/** What a question under way costs, for the garbage account. */
const FLIGHT_BYTES = 32;

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
export class Fleet {
  /** What the service said last; meaningful after `take`. */
  readonly answer: ServiceAnswer = new ServiceAnswer();
  /** Calls under way: token → stream, or NOBODY. */
  private readonly flights: Map<u32, u32> = new Map<u32, u32>();
  private readonly counters: ServiceCounters = new ServiceCounters();

  /** Asks for one request; NO_CALL when the service cannot even be asked. */
  ask(global: Global, question: Bytes, streamId: u32): u32 {
    pairs.reset();
    pairs.add(METHOD, POST);
    pairs.add(PATH, RPC_PATH);
    pairs.add(AUTHORITY, view(global.cluster));
    pairs.add(CONTENT_TYPE, GRPC);
    pairs.add(TE, TRAILERS);
    const isWhole = lengthOf(question) > 0;
    if (!isWhole || startCall(view(global.cluster), pairs, question, global.timeoutMillis) != Status.Ok) {
      this.counters.count(Answer.Failure);
      return NO_CALL;
    }
    this.flights.set(startedToken, streamId);
    spent(FLIGHT_BYTES);
    return startedToken;
  }

  /** Nobody waits for this answer any more. */
  forget(token: u32): void {
    this.flights.delete(token);
  }

  /** Reads and counts the answer that just came, and gives the stream that waits for it, or NOBODY. */
  take(token: u32, bodyBytes: i32): u32 {
    if (!this.flights.has(token)) return NOBODY;
    const streamId = this.flights.get(token);
    this.flights.delete(token);
    this.read(bodyBytes);
    this.counters.count(this.answer.said);
    return streamId;
  }

  /** gRPC's own status counts before the message; it comes in the trailers or, without a message, in the headers. */
  private read(bodyBytes: i32): void {
    this.answer.clear();
    let status = NONE;
    if (map.read(MapType.HttpCallResponseTrailers) == Status.Ok) status = map.get(GRPC_STATUS);
    if (status == NONE && map.read(MapType.HttpCallResponseHeaders) == Status.Ok) status = map.get(GRPC_STATUS);
    if (status == NONE || !equal(status, GRPC_OK) || bodyBytes > ANSWER_BYTES_MAX) return;
    const body = bufferBytes(BufferType.HttpCallResponseBody, bodyBytes);
    if (body != NONE) this.answer.read(body);
  }
}
