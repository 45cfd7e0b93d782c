// The rate limit service, asked over HTTP/2 through a cluster of the proxy: which questions are
// under way, and whose they are.
import { BufferType, bufferBytes } from "../../host/buffer";
import { Stream } from "../../host/context";
import { HeaderMap, MapType } from "../../host/header-map";
import { startCall, startStatus, startToken } from "../../host/http-call";
import { Pairs } from "../../host/pairs";
import { Status } from "../../host/status";
import { StreamTable } from "../../host/stream-table";
import { Bytes, NONE, equal, lengthOf, text, view } from "../../lib/bytes";
import { Global } from "./config";
import { ServiceCounters } from "./metrics";
import { RPC_PATH } from "./question";
import { Answer, ServiceAnswer } from "./service-answer";

/** No token: no host gets here in 32 bits. */
export const NO_CALL: u32 = u32.MAX_VALUE;


@final
class Nobody extends Stream {}

/** Waits for an answer that is only to be counted. */
export const NOBODY = new Nobody();

/** A RateLimitResponse is a few hundred bytes; more is not one. */
const ANSWER_BYTES_MAX = 64 * 1024;

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
  /**
   * Who waits for which call. By token + 1: there are hosts that count tokens from 0, and the
   * table knows no 0.
   */
  private readonly flights: StreamTable = new StreamTable();
  private readonly counters: ServiceCounters = new ServiceCounters();

  /** Asks for one request; NO_CALL when the service cannot even be asked. */
  ask(global: Global, question: Bytes, stream: Stream): u32 {
    pairs.reset();
    pairs.add(METHOD, POST);
    pairs.add(PATH, RPC_PATH);
    pairs.add(AUTHORITY, view(global.cluster));
    pairs.add(CONTENT_TYPE, GRPC);
    pairs.add(TE, TRAILERS);
    const token = this.start(global, question);
    if (token == NO_CALL) this.counters.count(Answer.Failure);
    else this.flights.set(token + 1, stream);
    return token;
  }

  private start(global: Global, question: Bytes): u32 {
    if (lengthOf(question) == 0) return NO_CALL;
    const start = startCall(view(global.cluster), pairs, question, global.timeoutMillis);
    return startStatus(start) == Status.Ok ? startToken(start) : NO_CALL;
  }

  /** Nobody waits for this answer any more. */
  forget(token: u32): void {
    this.flights.remove(token + 1);
  }

  /**
   * Reads and counts the answer that just came, and gives the stream that waits for it; null:
   * nobody does.
   */
  take(token: u32, bodyBytes: i32): Stream | null {
    const stream = this.flights.remove(token + 1);
    if (stream === null) return null;
    this.read(bodyBytes);
    this.counters.count(this.answer.said);
    return stream == NOBODY ? null : stream;
  }

  /**
   * gRPC's own status counts before the message; it comes in the trailers or, without a message,
   * in the headers.
   */
  private read(bodyBytes: i32): void {
    this.answer.clear();
    let status = NONE;
    if (map.read(MapType.HttpCallResponseTrailers) == Status.Ok) status = map.get(GRPC_STATUS);
    if (status == NONE && map.read(MapType.HttpCallResponseHeaders) == Status.Ok)
      status = map.get(GRPC_STATUS);
    if (status == NONE || !equal(status, GRPC_OK) || bodyBytes > ANSWER_BYTES_MAX) return;
    const body = bufferBytes(BufferType.HttpCallResponseBody, bodyBytes);
    if (body != NONE) this.answer.read(body);
  }
}
