// Headers of tracers that write their ids in a form of their own. The ids become the hexadecimal
// digits that W3C and B3 have, so that a mesh with several tracers samples the same traces.
import {
  Bytes,
  NONE,
  at,
  bytes,
  find,
  indexOf,
  lengthOf,
  parseUnsigned,
  pointerOf,
  slice,
  startsWith,
  text,
} from "../../../lib/bytes";
import { HeaderList } from "../../../lib/http/headers";
import { decimalId, hexDigit, paddedId } from "./hex-id";
import { TraceIds } from "./trace-ids";

const TRACE_DIGITS = 32;
const HALF_DIGITS = 16;
const traceDigits = memory.data(TRACE_DIGITS);
const spanDigits = memory.data(HALF_DIGITS);
const DASH: u8 = 0x2d;
const SLASH: u8 = 0x2f;
const COLON: u8 = 0x3a;

const XRAY = text("x-amzn-trace-id");
const XRAY_ROOT = text("Root=1-");
const XRAY_PARENT = text("Parent=");
const XRAY_SAMPLED = text("Sampled=1");
/** `<8 digits>-<24 digits>`. */
const XRAY_ROOT_BYTES = 33;

/** `Root=1-<time>-<random>;Parent=<span>;Sampled=1`, in any order, with other fields between. */
export function readXRay(headers: HeaderList, ids: TraceIds): void {
  const value = headers.header(XRAY);
  const root = value == NONE ? -1 : find(value, XRAY_ROOT);
  if (root < 0) return;
  const start = root + lengthOf(XRAY_ROOT);
  const id = slice(value, start, start + XRAY_ROOT_BYTES);
  if (lengthOf(id) != XRAY_ROOT_BYTES || at(id, 8) != DASH) return;
  memory.copy(traceDigits, pointerOf(id), 8);
  memory.copy(traceDigits + 8, pointerOf(id) + 9, 24);
  const parent = find(value, XRAY_PARENT);
  const from = parent + lengthOf(XRAY_PARENT);
  const span = parent < 0 ? NONE : slice(value, from, from + HALF_DIGITS);
  ids.take(bytes(traceDigits, TRACE_DIGITS), span, find(value, XRAY_SAMPLED) >= 0);
}

const DATADOG_TRACE = text("x-datadog-trace-id");
const DATADOG_SPAN = text("x-datadog-parent-id");
const DATADOG_PRIORITY = text("x-datadog-sampling-priority");
const DATADOG_TAGS = text("x-datadog-tags");
const DATADOG_UPPER_HALF = text("_dd.p.tid=");

/** Decimal numbers of 64 bits; the upper half of a longer id is a tag. */
export function readDatadog(headers: HeaderList, ids: TraceIds): void {
  const value = headers.header(DATADOG_TRACE);
  if (value == NONE) return;
  const lowerHalf = decimalId(value, traceDigits + HALF_DIGITS);
  if (lowerHalf == NONE) return;
  if (ids.idOnly) return ids.take(lowerHalf, NONE, false);
  const span = headers.header(DATADOG_SPAN);
  const priority = headers.header(DATADOG_PRIORITY);
  const isSampled = priority != NONE && parseUnsigned(priority) > 0;
  const trace = putUpperHalf(headers) ? bytes(traceDigits, TRACE_DIGITS) : lowerHalf;
  ids.take(trace, span == NONE ? NONE : decimalId(span, spanDigits), isSampled);
}

function putUpperHalf(headers: HeaderList): bool {
  const tags = headers.header(DATADOG_TAGS);
  const tag = tags == NONE ? -1 : find(tags, DATADOG_UPPER_HALF);
  if (tag < 0) return false;
  const start = tag + lengthOf(DATADOG_UPPER_HALF);
  const half = slice(tags, start, start + HALF_DIGITS);
  if (lengthOf(half) != HALF_DIGITS) return false;
  memory.copy(traceDigits, pointerOf(half), HALF_DIGITS);
  return true;
}

const GOOGLE = text("x-cloud-trace-context");
const GOOGLE_SAMPLED = text(";o=");

/** `<32 digits>/<span, decimal>;o=1`. */
export function readGoogle(headers: HeaderList, ids: TraceIds): void {
  const value = headers.header(GOOGLE);
  if (value == NONE) return;
  const options = find(value, GOOGLE_SAMPLED);
  const both = options < 0 ? value : slice(value, 0, options);
  const slash = indexOf(both, SLASH);
  const span = slash < 0 ? NONE : decimalId(slice(both, slash + 1), spanDigits);
  const flag = options < 0 ? 0 : parseUnsigned(slice(value, options + lengthOf(GOOGLE_SAMPLED)));
  ids.take(slash < 0 ? both : slice(both, 0, slash), span, flag > 0 && (flag & 1) == 1);
}

const JAEGER = text("uber-trace-id");
const ENCODED_COLON = text("%3");

/** `<trace>:<span>:<parent>:<flags>`, hexadecimal without leading zeros; `:` may be `%3A`. */
export function readJaeger(headers: HeaderList, ids: TraceIds): void {
  const value = headers.header(JAEGER);
  if (value == NONE) return;
  const traceEnd = partEnd(value, 0);
  const spanStart = behindColon(value, traceEnd);
  const spanEnd = partEnd(value, spanStart);
  const flagsStart = behindColon(value, partEnd(value, behindColon(value, spanEnd)));
  const trace = slice(value, 0, traceEnd);
  const digits = traceEnd > HALF_DIGITS ? TRACE_DIGITS : HALF_DIGITS;
  const span = paddedId(slice(value, spanStart, spanEnd), spanDigits, HALF_DIGITS);
  const length = lengthOf(value);
  const flags = flagsStart < length ? hexDigit(at(value, length - 1)) : 0;
  const id = paddedId(trace, traceDigits, digits);
  if (id != NONE) ids.take(id, span, flags > 0 && (flags & 1) == 1);
}

function partEnd(value: Bytes, from: i32): i32 {
  let end = from;
  while (end < lengthOf(value) && hexDigit(at(value, end)) >= 0) end++;
  return end;
}

/** Behind the `:` or `%3A` at `from`; the end when there is none. */
function behindColon(value: Bytes, from: i32): i32 {
  if (from < lengthOf(value) && at(value, from) == COLON) return from + 1;
  return startsWith(slice(value, from), ENCODED_COLON) ? from + 3 : lengthOf(value);
}
