// What the rate limit service is asked (RateLimitRequest of envoy.service.ratelimit.v3): a
// five-byte gRPC frame around one protobuf message. Knows the message; refuses to know how it
// travels.
import { Bytes, EMPTY, NONE, isPresent, lengthOf, pointerOf, text, view } from "../../../lib/bytes";
import { siphash } from "../../../lib/hash";
import { RequestView } from "../../../lib/http/request";
import { characterBytes } from "../../../lib/json/utf8";
import { closeMessage, openMessage, putBytes, putUnsigned } from "../../../lib/protobuf";
import { Writer } from "../../../lib/writer";
import { Charge, Outcome } from "../charge";
import { Global } from "../config";
import { LimitBuckets } from "../limit-buckets";
import { KeyPart, KeySource } from "../key";

export const RPC_PATH = text("/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit");

/** Room for all limits with all parts of their keys; more is a mistake and goes as a failure. */
const REQUEST_BYTES_MAX = 1024 * 1024;
/** Compressed or not (one byte), length (four, big-endian). */
export const FRAME_BYTES = 5;

const GENERIC_KEY = text("generic_key");
const REMOTE_ADDRESS = text("remote_address");
const METHOD = text("method");
const PATH = text("path");
const HOST = text("host");

/**
 * Longer values go as their hash: a key of 64 kB must neither fill the request nor get past the
 * service.
 */
const VALUE_BYTES_MAX = 1024;
const HASHED = text("siphash:");

const writer = new Writer(REQUEST_BYTES_MAX);
const hashed = new Writer(64);

/**
 * Whether the service is to be asked about this limit: it applies, has admitted, costs something
 * and does not only watch.
 */
export function isAsked(charge: Charge): bool {
  return charge.outcome == Outcome.Admitted && !charge.limit.shadow && charge.cost > 0;
}

/**
 * RateLimitRequest for the limits that admitted: `domain` (1), one descriptor (2) a limit with
 * one entry (1) a part of its key and its cost (3), and for services that know no cost of a
 * descriptor the hits of the costliest (3). NONE when no limit is to be asked about, EMPTY when
 * the request would be too large.
 */
export function rateLimitRequest(
  global: Global,
  limits: StaticArray<LimitBuckets>,
  request: RequestView,
): Bytes {
  writer.reset();
  for (let i = 0; i < FRAME_BYTES; i++) writer.byte(0);
  putBytes(writer, 1, view(global.domain));
  let hits: i64 = 0;
  for (let i = 0; i < limits.length; i++) {
    const charge = unchecked(limits[i]).charge;
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

/**
 * A limit without a key, and one whose key the request lacks a part of, is known to the service
 * by its name.
 */
function putDescriptor(charge: Charge, request: RequestView): void {
  const key = charge.limit.key;
  const mark = openMessage(writer, 2);
  if (charge.hasKey) {
    for (let i = 0; i < key.length; i++) putPart(unchecked(key[i]), request);
  } else {
    putEntry(GENERIC_KEY, charge.name);
  }
  const cost = openMessage(writer, 3);
  putUnsigned(writer, 1, charge.cost);
  closeMessage(writer, cost);
  closeMessage(writer, mark);
}

function putEntry(key: Bytes, value: Bytes): void {
  const mark = openMessage(writer, 1);
  putBytes(writer, 1, key);
  putBytes(writer, 2, value);
  closeMessage(writer, mark);
}

/**
 * Whether a value can stand in the message: the service refuses a whole request for one string
 * that is not UTF-8.
 */
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

/** A part of the request as the message can hold it: as it is, or its hash. NONE: there is none. */
function textOf(part: KeyPart, request: RequestView): Bytes {
  const hash = part.publicHash;
  if (hash.isOf(request)) return hashText(hash.view());
  const value = part.of(request);
  if (!isPresent(value) || isText(value)) return value;
  // The same on every proxy of the fleet, hence without a secret.
  return hashText(hash.keep(request, siphash(value, 0, 0), siphash(value, 1, 0)));
}

function hashText(hash: Bytes): Bytes {
  hashed.reset();
  hashed.bytes(HASHED);
  hashed.hex(hash);
  return hashed.view();
}

/** One entry: named as Envoy's own actions name theirs, headers and the like by their own name. */
function putPart(part: KeyPart, request: RequestView): void {
  if (part.source == KeySource.SourceAddress) {
    putEntry(REMOTE_ADDRESS, part.addressText(request));
    return;
  }
  const value = textOf(part, request);
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
