// The words of Envoy's rate limit service (envoy.service.ratelimit.v3), one unary gRPC call over HTTP/2: a five-byte frame
// around one protobuf message, each way. Knows the messages; refuses to know how they travel.
import { Bytes, EMPTY, NONE, at, bytes, isPresent, lengthOf, pointerOf, slice, text, view } from "../../lib/bytes";
import { siphash } from "../../lib/hash";
import { RequestView } from "../../lib/http/request";
import { characterBytes } from "../../lib/json/utf8";
import {
  ProtobufReader,
  ProtobufStatus,
  WireType,
  closeMessage,
  openMessage,
  putBytes,
  putUnsigned,
} from "../../lib/protobuf";
import { Writer } from "../../lib/writer";
import { Charge, Outcome } from "./charge";
import { Global } from "./config";
import { KeyPart, KeySource } from "./key";

export const RPC_PATH = text("/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit");

/** Room for all limits with all parts of their keys; more is a mistake and goes as a failure. */
const REQUEST_BYTES_MAX = 1024 * 1024;
const FRAME_BYTES = 5;
/** RateLimitResponse.Code. */
const CODE_OK = 1;
const CODE_OVER_LIMIT = 2;
/** RateLimitResponse.RateLimit.Unit: unknown, second, minute, hour, day, month, year, week. */
const UNIT_SECONDS: i64[] = [0, 1, 60, 3600, 86_400, 30 * 86_400, 365 * 86_400, 7 * 86_400];
/** A year: what a broken answer says beyond it is no time to tell a client. */
const RESET_SECONDS_MAX: i64 = 366 * 24 * 3600;

const GENERIC_KEY = text("generic_key");
const REMOTE_ADDRESS = text("remote_address");
const METHOD = text("method");
const PATH = text("path");
const HOST = text("host");

/** Longer values go as their hash: a key of 64 kB must neither fill the request nor get past the service. */
const VALUE_BYTES_MAX = 1024;
const HASHED = text("siphash:");

/** What the service said. */
export const enum Answer {
  Ok,
  OverLimit,
  /** No answer, a gRPC error, or bytes that are no answer. */
  Failure,
}

/** What it said about the limit that it refused, as far as it said anything. */
@final
export class ServiceAnswer {
  said: Answer = Answer.Failure;
  /** Which descriptor of the question is over its limit; -1: it did not say. */
  descriptor: i32 = -1;
  requestsPerUnit: i64 = 0;
  unitSeconds: i64 = 0;
  remaining: i64 = 0;
  /** Seconds until the limit is reset, rounded up; 0: not known. */
  resetSeconds: i64 = 0;

  clear(): void {
    this.said = Answer.Failure;
    this.descriptor = -1;
    this.requestsPerUnit = 0;
    this.unitSeconds = 0;
    this.remaining = 0;
    this.resetSeconds = 0;
  }
}

const writer = new Writer(REQUEST_BYTES_MAX);
const hashed = new Writer(64);
const hashes = new StaticArray<u64>(2);

/** Whether the service is to be asked about this limit: it applies, has admitted, costs something and does not only watch. */
export function isAsked(charge: Charge): bool {
  return charge.outcome == Outcome.Admitted && !charge.limit.shadow && charge.cost > 0;
}

/**
 * RateLimitRequest for the limits that admitted: `domain` (1), one descriptor (2) a limit with one entry (1) a part of its
 * key and its cost (3), and for services that know no cost of a descriptor the hits of the costliest (3). NONE when no
 * limit is to be asked about, EMPTY when the question would be too large.
 */
export function question(global: Global, charges: Charge[], request: RequestView): Bytes {
  writer.reset();
  for (let i = 0; i < FRAME_BYTES; i++) writer.byte(0);
  putBytes(writer, 1, view(global.domain));
  let hits: i64 = 0;
  for (let i = 0; i < charges.length; i++) {
    const charge = unchecked(charges[i]);
    if (!isAsked(charge)) continue;
    putDescriptor(charge, request);
    hits = max(hits, charge.cost);
  }
  if (hits == 0) return NONE;
  putUnsigned(writer, 3, hits);
  if (writer.overflowed) return EMPTY;
  const framed = writer.view();
  store<u32>(pointerOf(framed) + 1, bswap<u32>(lengthOf(framed) - FRAME_BYTES));
  return framed;
}

/** A limit without a key, and one whose key the request lacks a part of, is known to the service by its name. */
function putDescriptor(charge: Charge, request: RequestView): void {
  const key = charge.limit.key;
  const mark = openMessage(writer, 2);
  if (!charge.isClient) putEntry(GENERIC_KEY, charge.name);
  for (let i = 0; charge.isClient && i < key.length; i++) putPart(unchecked(key[i]), request);
  const cost = openMessage(writer, 3);
  putUnsigned(writer, 1, charge.cost);
  closeMessage(writer, cost);
  closeMessage(writer, mark);
}

function putEntry(key: Bytes, value: Bytes): void {
  const mark = openMessage(writer, 1);
  putBytes(writer, 1, key);
  putBytes(writer, 2, isText(value) ? value : hashOf(value));
  closeMessage(writer, mark);
}

/** Whether a value can stand in the message: the service refuses a whole question for one string that is not UTF-8. */
function isText(value: Bytes): bool {
  const length = lengthOf(value);
  if (length == 0 || length > VALUE_BYTES_MAX) return false;
  const end = pointerOf(value) + <usize>length;
  for (let at = pointerOf(value); at < end;) {
    const size = characterBytes(at, end);
    if (size == 0) return false;
    at += <usize>size;
  }
  return true;
}

/** The same on every proxy of the fleet, hence without a secret. */
function hashOf(value: Bytes): Bytes {
  hashes[0] = siphash(value, 0, 0);
  hashes[1] = siphash(value, 1, 0);
  hashed.reset();
  hashed.bytes(HASHED);
  hashed.hex(bytes(changetype<usize>(hashes), 16));
  return hashed.view();
}

/** One entry: named as Envoy's own actions name theirs, headers and the like by their own name. */
function putPart(part: KeyPart, request: RequestView): void {
  if (part.source == KeySource.SourceAddress) {
    putEntry(REMOTE_ADDRESS, part.addressText(request));
    return;
  }
  const value = part.of(request);
  if (!isPresent(value)) return;
  switch (part.source) {
    case KeySource.Method:
      putEntry(METHOD, value);
      break;
    case KeySource.Uri:
      putEntry(PATH, value);
      break;
    case KeySource.Authority:
      putEntry(HOST, value);
      break;
    case KeySource.Literal:
      putEntry(GENERIC_KEY, value);
      break;
    default:
      putEntry(part.label, value);
  }
}

const reader = new ProtobufReader();
const status = new ProtobufReader();
const nested = new ProtobufReader();

/**
 * Reads RateLimitResponse from a framed body into `into`: `overall_code` (1) is 1 for OK and 2 for over the limit, and of
 * `statuses` (2), one a descriptor, the one over its limit that is reset last.
 */
export function readAnswer(body: Bytes, into: ServiceAnswer): void {
  into.clear();
  if (lengthOf(body) < FRAME_BYTES || at(body, 0) != 0) return;
  const length = bswap<u32>(load<u32>(pointerOf(body) + 1));
  if (length > <u32>(lengthOf(body) - FRAME_BYTES)) return;
  reader.start(slice(body, FRAME_BYTES, FRAME_BYTES + <i32>length));
  let code: u64 = 0;
  let descriptor = 0;
  while (reader.next()) {
    if (reader.field == 1) code = reader.value;
    if (reader.field == 2) readStatus(reader.content, descriptor++, into);
  }
  if (reader.status != ProtobufStatus.Ok) return;
  if (code == CODE_OK) into.said = Answer.Ok;
  if (code == CODE_OVER_LIMIT) into.said = Answer.OverLimit;
}

/** DescriptorStatus: `code` (1), `current_limit` (2), `limit_remaining` (3), `duration_until_reset` (4). */
function readStatus(message: Bytes, descriptor: i32, into: ServiceAnswer): void {
  let code: u64 = 0;
  let limit: Bytes = EMPTY;
  let remaining: i64 = 0;
  let reset: Bytes = EMPTY;
  status.start(message);
  while (status.next()) {
    if (status.field == 1) code = status.value;
    else if (status.field == 2) limit = status.content;
    else if (status.field == 3) remaining = <i64>(status.value & 0xffffffff);
    else if (status.field == 4) reset = status.content;
  }
  // Duration: seconds (1), nanos (2).
  const seconds = <i64>fieldOf(reset, 1) + (fieldOf(reset, 2) > 0 ? 1 : 0);
  if (code != CODE_OVER_LIMIT || (into.descriptor >= 0 && seconds <= into.resetSeconds)) return;
  into.descriptor = descriptor;
  into.remaining = remaining;
  into.resetSeconds = max(0, min(seconds, RESET_SECONDS_MAX));
  // RateLimit: requests_per_unit (1), unit (2).
  into.requestsPerUnit = <i64>(fieldOf(limit, 1) & 0xffffffff);
  const unit = fieldOf(limit, 2);
  into.unitSeconds = unit < <u64>UNIT_SECONDS.length ? unchecked(UNIT_SECONDS[<i32>unit]) : 0;
}

/** A number of a flat message; 0 when it is not there. */
function fieldOf(message: Bytes, field: u32): u64 {
  let value: u64 = 0;
  nested.start(message);
  while (nested.next()) {
    if (nested.field == field && nested.type == WireType.Varint) value = nested.value;
  }
  return value;
}
