// The words of Envoy's rate limit service (envoy.service.ratelimit.v3), one unary gRPC call over HTTP/2: a five-byte frame
// around one protobuf message, each way. Knows the messages; refuses to know how they travel.
import { Bytes, at, isPresent, lengthOf, pointerOf, slice, text, view } from "../../lib/bytes";
import { RequestView } from "../../lib/http/request";
import { ProtobufReader, closeMessage, openMessage, putBytes, putUnsigned } from "../../lib/protobuf";
import { Writer } from "../../lib/writer";
import { Charge, Outcome } from "./charge";
import { Global } from "./config";
import { KeyPart, KeySource } from "./key";

export const RPC_PATH = text("/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit");

/** A request of all limits with all parts of their keys; more is a mistake and goes as a failure. */
const REQUEST_BYTES_MAX = 64 * 1024;
const FRAME_BYTES = 5;

const GENERIC_KEY = text("generic_key");
const REMOTE_ADDRESS = text("remote_address");
const METHOD = text("method");
const PATH = text("path");
const HOST = text("host");

/** What the service said. */
export const enum Answer {
  Ok,
  OverLimit,
  /** No answer, a gRPC error, or bytes that are no answer. */
  Failure,
}

const writer = new Writer(REQUEST_BYTES_MAX);
const reader = new ProtobufReader();

/**
 * RateLimitRequest for the limits that admitted: `domain` (1), one descriptor (2) a limit with one entry (1) a part of its
 * key, and the hits of the costliest limit (3). Empty when no limit applied or it would be too large.
 */
export function question(global: Global, charges: Charge[], request: RequestView): Bytes {
  writer.reset();
  for (let i = 0; i < FRAME_BYTES; i++) writer.byte(0);
  putBytes(writer, 1, view(global.domain));
  let hits: i64 = 1;
  let descriptors = 0;
  for (let i = 0; i < charges.length; i++) {
    const charge = unchecked(charges[i]);
    if (charge.outcome != Outcome.Admitted || charge.limit.shadow) continue;
    const mark = openMessage(writer, 2);
    if (charge.limit.key.length == 0) putEntry(GENERIC_KEY, view(charge.limit.name));
    for (let k = 0; k < charge.limit.key.length; k++) putPart(charge.limit.key[k], request);
    closeMessage(writer, mark);
    hits = max(hits, charge.cost);
    descriptors++;
  }
  if (hits > 1) putUnsigned(writer, 3, hits);
  if (descriptors == 0 || writer.overflowed) return 0;
  const framed = writer.view();
  store<u32>(pointerOf(framed) + 1, bswap<u32>(lengthOf(framed) - FRAME_BYTES));
  return framed;
}

function putEntry(key: Bytes, value: Bytes): void {
  const mark = openMessage(writer, 1);
  putBytes(writer, 1, key);
  putBytes(writer, 2, value);
  closeMessage(writer, mark);
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

/** Reads RateLimitResponse from a framed body: `overall_code` (1) is 1 for OK and 2 for over the limit. */
export function answer(body: Bytes): Answer {
  if (lengthOf(body) < FRAME_BYTES || at(body, 0) != 0) return Answer.Failure;
  const length = bswap<u32>(load<u32>(pointerOf(body) + 1));
  if (length > <u32>(lengthOf(body) - FRAME_BYTES)) return Answer.Failure;
  reader.start(slice(body, FRAME_BYTES, FRAME_BYTES + <i32>length));
  let code: u64 = 0;
  while (reader.next()) {
    if (reader.field == 1) code = reader.value;
  }
  if (reader.status != 0) return Answer.Failure;
  return code == 1 ? Answer.Ok : code == 2 ? Answer.OverLimit : Answer.Failure;
}
