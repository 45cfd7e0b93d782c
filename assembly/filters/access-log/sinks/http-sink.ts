// One HTTP sink in one worker: batches to its cluster by host calls, and its counters. When and
// what to send is delivery.ts's to say.
import { BufferType, bufferBytes } from "../../../host/buffer";
import { monotonicNanos, unixNanos } from "../../../host/clock";
import { MapType, headerValue } from "../../../host/header-map";
import { startCall, startStatus, startToken } from "../../../host/http-call";
import { Counter } from "../../../host/metrics";
import { Pairs } from "../../../host/pairs";
import { property } from "../../../host/property";
import { randomBits } from "../../../host/random";
import { Status } from "../../../host/status";
import {
  Bytes,
  EMPTY,
  NONE,
  equal,
  lengthOf,
  owned,
  parseUnsigned,
  path,
  text,
  utf8,
  view,
} from "../../../lib/bytes";
import { Delivery, NO_STATUS } from "./delivery";
import { Encoder } from "./encoders/encoder";
import { Line } from "../format/line";
import { LokiEncoder } from "./encoders/loki";
import { NamedText } from "./encoders/named-text";
import { NdjsonEncoder } from "./encoders/ndjson";
import { OtlpJsonEncoder } from "./encoders/otlp-json";
import { OtlpProtobufEncoder } from "./encoders/otlp-protobuf";
import { UNSTATED, retryAfterNanos } from "./retry-after";
import { Sink } from "./sink";
import { Encoding, HttpSinkConfig } from "./sink-config";
import { Count } from "./tally";

/** Longer answers say nothing that we want to know; they are not even copied in. */
const ANSWER_BYTES_MAX = 64 * 1024;
/** No token: the host counts them from 1, and in 32 bits it does not get here. */
const NO_CALL: u32 = u32.MAX_VALUE;

const METHOD = text(":method");
const POST = text("POST");
const PATH = text(":path");
const AUTHORITY = text(":authority");
const CONTENT_TYPE = text("content-type");
const STATUS = text(":status");
const RETRY_AFTER = text("retry-after");

const MILLI: i64 = 1_000_000;
const TICK_LEAST_MILLIS = 20;
const TICK_MOST_MILLIS = 250;
const NODE_CLUSTER = path("xds.node.cluster");
const NODE_ID = path("xds.node.id");

function encoderOf(config: HttpSinkConfig): Encoder {
  switch (config.encoding) {
    case Encoding.Ndjson:
      return new NdjsonEncoder();
    case Encoding.Loki:
      return new LokiEncoder(config.labels);
    case Encoding.OtlpProtobuf:
      return new OtlpProtobufEncoder(resourceOf(config));
    default:
      return new OtlpJsonEncoder(resourceOf(config));
  }
}

/**
 * The proxy says who it is, in OpenTelemetry's words, unless the settings do: in Istio
 * `reviews.shop` and the pod.
 */
function resourceOf(config: HttpSinkConfig): NamedText[] {
  const resource = config.resource.slice(0);
  addProperty(resource, utf8("service.name"), NODE_CLUSTER);
  addProperty(resource, utf8("service.instance.id"), NODE_ID);
  return resource;
}

function addProperty(resource: NamedText[], name: StaticArray<u8>, at: Bytes): void {
  for (let i = 0; i < resource.length; i++) {
    if (equal(view(resource[i].name), view(name))) return;
  }
  const value = property(at);
  if (value != NONE && lengthOf(value) > 0) resource.push(new NamedText(name, owned(value)));
}

/** A count of this worker and its metric, which is of all workers. */
@final
class Report {
  private counter: Counter;

  constructor(
    sinkName: string,
    private count: Count,
  ) {
    this.counter = new Counter("gatehouse.access-log." + sinkName + "." + count.name);
  }

  send(): void {
    const amount = this.count.take();
    if (amount > 0) this.counter.add(amount);
  }
}


@final
export class HttpSink extends Sink {
  private readonly delivery: Delivery;
  private readonly reports: Report[] = [];
  private readonly headers: Pairs = new Pairs();
  /** Of the batch in flight. */
  private token: u32 = NO_CALL;

  constructor(
    name: string,
    private config: HttpSinkConfig,
  ) {
    super();
    this.delivery = new Delivery(config.delivery, encoderOf(config), randomBits());
    const counts = this.delivery.tally.all();
    for (let i = 0; i < counts.length; i++) this.reports.push(new Report(name, counts[i]));
    this.headers.add(METHOD, POST);
    this.headers.add(PATH, view(config.path));
    this.headers.add(AUTHORITY, view(config.authority));
    let hasType = false;
    for (let i = 0; i < config.headers.length; i++) {
      const name = view(config.headers[i].name);
      if (equal(name, CONTENT_TYPE)) hasType = true;
      this.headers.add(name, view(config.headers[i].value));
    }
    if (!hasType) this.headers.add(CONTENT_TYPE, this.delivery.encoder.contentType);
  }

  /** Queues a line; sends a batch when it was the one that filled it. */
  take(line: Line): void {
    const now = monotonicNanos();
    this.delivery.take(line, now, unixNanos());
    if (this.delivery.isDue(now)) this.send(now);
  }

  /** Often enough for the interval to be kept to a quarter; the clock is cheap, but not free. */
  tickMillis(): i32 {
    return max(
      TICK_LEAST_MILLIS,
      min(TICK_MOST_MILLIS, <i32>(this.config.delivery.intervalNanos / (4 * MILLI))),
    );
  }

  /** On the root context. */
  tick(): void {
    const now = monotonicNanos();
    if (this.delivery.expire(now)) this.token = NO_CALL;
    this.send(now);
    this.report();
  }

  /** Sends what is due. A call that cannot be started is a failed try: no answer will come. */
  private send(now: i64): void {
    const batch = this.delivery.begin(now);
    if (lengthOf(batch) == 0) return;
    const config = this.config;
    const timeoutMillis = <u32>(config.delivery.timeoutNanos / MILLI);
    const start = startCall(view(config.cluster), this.headers, batch, timeoutMillis);
    if (startStatus(start) == Status.Ok) this.token = startToken(start);
    else this.delivery.failed(now);
  }

  /**
   * The answer to the batch in flight, if it is that; the next one follows at once when it is due.
   */
  onCallAnswer(token: u32, headers: i32, bodyBytes: i32): bool {
    if (token != this.token) return false;
    this.token = NO_CALL;
    const now = monotonicNanos();
    const status =
      headers == 0 ? -1 : parseUnsigned(headerValue(MapType.HttpCallResponseHeaders, STATUS));
    const retryAfter = headerValue(MapType.HttpCallResponseHeaders, RETRY_AFTER);
    const pause = retryAfter == NONE ? UNSTATED : retryAfterNanos(retryAfter, unixNanos());
    const isShort = bodyBytes > 0 && bodyBytes <= ANSWER_BYTES_MAX;
    const answer = isShort ? bufferBytes(BufferType.HttpCallResponseBody, bodyBytes) : EMPTY;
    this.delivery.answered(
      now,
      status < 0 ? NO_STATUS : <i32>status,
      pause,
      answer == NONE ? EMPTY : answer,
    );
    this.send(now);
    this.report();
    return true;
  }

  /** The plugin goes away. What waits is sent by the next plugin's ticks until the sink is over. */
  shutDown(): void {
    this.token = NO_CALL;
    this.delivery.close(monotonicNanos());
  }

  /** Nothing waits any more, or it has waited for long enough since `shutDown`. */
  get isOver(): bool {
    return this.delivery.isOver(monotonicNanos());
  }

  /** Whatever still waits is given up, and memory that no collector knows of is given back. */
  abandon(): void {
    this.token = NO_CALL;
    this.delivery.abandon();
    this.report();
  }

  private report(): void {
    for (let i = 0; i < this.reports.length; i++) this.reports[i].send();
  }
}
