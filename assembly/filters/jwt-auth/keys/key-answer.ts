// The answer to a call for keys, or for the document that says where they are: whether it may be
// read at all, what it holds, and for how long. Host facts; what the bytes mean is for others.
import {
  Bytes,
  EMPTY,
  NONE,
  equal,
  equalIgnoreCase,
  lengthOf,
  parseUnsigned,
  slice,
  text,
  toText,
  trimSpace,
  view,
} from "../../../lib/bytes";
import { gunzip } from "../../../lib/inflate";
import { BufferType, bufferBytes } from "../../../host/buffer";
import { HeaderMap, MapType } from "../../../host/header-map";
import { Status } from "../../../host/status";
import { JWKS_BYTES_MAX } from "../../../lib/jose/key-set";
import { UNSTATED, freshSeconds } from "./freshness";

const SECOND: i64 = 1_000_000_000;
/** Bounds on what HTTP caching headers may ask for. */
const FRESH_LEAST_SECONDS: i64 = 60;
const FRESH_MOST_SECONDS: i64 = 24 * 3600;

const STATUS = text(":status");
const OK = text("200");
const CACHE_CONTROL = text("cache-control");
const AGE = text("age");
const EXPIRES = text("expires");
const DATE = text("date");
const CONTENT_ENCODING = text("content-encoding");
const IDENTITY = text("identity");
const GZIP = text("gzip");
const X_GZIP = text("x-gzip");

const enum Coding {
  Identity,
  Gzip,
  Unknown,
}

/** RFC 9110 section 8.4.1; some servers send an empty header. */
function codingOf(encoding: Bytes): Coding {
  if (encoding == NONE) return Coding.Identity;
  const name = trimSpace(encoding);
  if (lengthOf(name) == 0 || equalIgnoreCase(name, IDENTITY)) return Coding.Identity;
  const isGzip = equalIgnoreCase(name, GZIP) || equalIgnoreCase(name, X_GZIP);
  return isGzip ? Coding.Gzip : Coding.Unknown;
}

/** Three digits, as the proxy took them from the answer or made them up for a connection error. */
function statusWord(status: Bytes): string {
  return status != NONE && parseUnsigned(status) >= 0 ? toText(slice(status, 0, 3)) : "missing";
}


@final
export class KeyAnswer {
  /** Alive until the callback returns. */
  body: Bytes = EMPTY;
  /** Keeps the body alive where it was compressed. */
  private unzipped: StaticArray<u8> | null = null;
  private headers: HeaderMap = new HeaderMap();

  /**
   * Takes the answer at hand. Empty when its body can be used, else why not. The size is checked
   * before it is copied.
   */
  take(headerCount: i32, bodyBytes: i32): string {
    this.body = EMPTY;
    this.unzipped = null;
    this.headers.forget();
    if (headerCount == 0 || this.headers.read(MapType.HttpCallResponseHeaders) != Status.Ok)
      return "no answer";
    const status = this.headers.get(STATUS);
    if (status == NONE || !equal(status, OK)) return "the HTTP status is " + statusWord(status);
    const encoding = codingOf(this.headers.get(CONTENT_ENCODING));
    if (encoding == Coding.Unknown) return "the content-encoding is neither gzip nor identity";
    if (bodyBytes > JWKS_BYTES_MAX) return "the answer is larger than 1 MiB";
    const body = bodyBytes > 0 ? bufferBytes(BufferType.HttpCallResponseBody, bodyBytes) : EMPTY;
    if (body == NONE) return "the answer cannot be read";
    return encoding == Coding.Gzip ? this.takeGzip(body) : this.takePlain(body);
  }

  private takePlain(body: Bytes): string {
    this.body = body;
    return "";
  }

  private takeGzip(body: Bytes): string {
    const plain = gunzip(body, JWKS_BYTES_MAX);
    if (plain === null) return "the answer is no gzip of at most 1 MiB";
    this.unzipped = plain;
    this.body = view(plain);
    return "";
  }

  /**
   * How long it stays fresh by its own headers, within bounds, or `otherwise` when they say
   * nothing.
   */
  freshNanos(otherwise: i64): i64 {
    const headers = this.headers;
    const age = headers.get(AGE);
    const stated = freshSeconds(
      headers.get(CACHE_CONTROL),
      age,
      headers.get(EXPIRES),
      headers.get(DATE),
    );
    if (stated == UNSTATED) return otherwise;
    return min(max(stated, FRESH_LEAST_SECONDS), FRESH_MOST_SECONDS) * SECOND;
  }
}
