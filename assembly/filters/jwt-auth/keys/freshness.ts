// How long an answer may be used by its HTTP caching headers, RFC 9111 sections 4.2.1, 5.2.2 and
// 5.3. Knows header values.
import {
  Bytes,
  NONE,
  equalIgnoreCase,
  indexOf,
  lengthOf,
  parseUnsigned,
  slice,
  text,
  trim,
  trimSpace,
} from "../../../lib/bytes";
import { NO_DATE, parseHttpDate } from "../../../lib/http/date";

/** Nothing usable was said. */
export const UNSTATED: i64 = -1;

/** Longer than any bound we keep; figures above it mean "as long as you like". */
const SECONDS_MAX: i64 = 1 << 31;

const MAX_AGE = text("max-age");
const NO_STORE = text("no-store");
const NO_CACHE = text("no-cache");

/**
 * Seconds that an answer stays fresh, given its `cache-control`, `age`, `expires` and `date`
 * (NONE where absent); UNSTATED when they say nothing. `no-store` and `no-cache` mean 0: the
 * caller's lower bound then decides.
 */
export function freshSeconds(cacheControl: Bytes, age: Bytes, expires: Bytes, date: Bytes): i64 {
  let fresh = maxAge(cacheControl);
  if (fresh == UNSTATED) fresh = untilExpiry(expires, date);
  if (fresh == UNSTATED) return UNSTATED;
  const spent = age == NONE ? 0 : max<i64>(0, seconds(trimSpace(age)));
  return max<i64>(0, fresh - spent);
}

function maxAge(cacheControl: Bytes): i64 {
  if (cacheControl == NONE) return UNSTATED;
  let fresh = UNSTATED;
  let from = 0;
  while (from <= lengthOf(cacheControl)) {
    const comma = indexOf(cacheControl, 0x2c, from);
    const end = comma < 0 ? lengthOf(cacheControl) : comma;
    const directive = trimSpace(slice(cacheControl, from, end));
    from = end + 1;
    const equals = indexOf(directive, 0x3d);
    const name = equals < 0 ? directive : slice(directive, 0, equals);
    if (equalIgnoreCase(name, NO_STORE) || equalIgnoreCase(name, NO_CACHE)) return 0;
    if (equals >= 0 && equalIgnoreCase(name, MAX_AGE))
      fresh = seconds(slice(directive, equals + 1));
  }
  return fresh < 0 ? UNSTATED : fresh;
}

/** RFC 9111 section 5.3: an `expires` that is no date means that the answer is stale already. */
function untilExpiry(expires: Bytes, date: Bytes): i64 {
  if (expires == NONE || date == NONE) return UNSTATED;
  const end = parseHttpDate(expires);
  const start = parseHttpDate(date);
  if (start == NO_DATE) return UNSTATED;
  return end == NO_DATE ? 0 : min(max<i64>(0, end - start), SECONDS_MAX);
}

/**
 * delta-seconds, also quoted (section 5.2: recipients ought to take both forms); -1 for anything
 * else.
 */
function seconds(value: Bytes): i64 {
  const parsed = parseUnsigned(trim(value, 0x22));
  return parsed < 0 ? (lengthOf(value) > 19 ? SECONDS_MAX : -1) : min(parsed, SECONDS_MAX);
}
