// Durations as people write them in YAML.
import { Bytes, at, lengthOf } from "./bytes";

const NANOS_MAX: f64 = 9.2e18;

/**
 * `500ms`, `10s`, `1m`, `1h30m`, `1.5s` in nanoseconds; -1 for anything else or beyond 292 years.
 */
export function parseDuration(view: Bytes): i64 {
  const length = lengthOf(view);
  let nanos: i64 = 0;
  let i = 0;
  if (length == 0) return -1;
  while (i < length) {
    let value: i64 = 0;
    let scale: i64 = 1;
    let digits = 0;
    let fraction = false;
    for (; i < length; i++) {
      const byte = at(view, i);
      if (byte == 0x2e && !fraction) {
        fraction = true;
        continue;
      }
      if (byte < 0x30 || byte > 0x39) break;
      if (++digits > 15) return -1;
      value = value * 10 + (byte - 0x30);
      if (fraction) scale *= 10;
    }
    if (digits == 0) return -1;
    const first = i < length ? at(view, i) : 0;
    const second = i + 1 < length ? at(view, i + 1) : 0;
    const unit = unitNanos(first, second);
    if (unit == 0) return -1;
    i += first == 0x6d && second == 0x73 ? 2 : first == 0x6e || first == 0x75 ? 2 : 1;
    const whole = (<f64>value / <f64>scale) * <f64>unit;
    if (whole + <f64>nanos > NANOS_MAX) return -1;
    nanos += <i64>Math.round(whole);
  }
  return nanos;
}

function unitNanos(first: u8, second: u8): i64 {
  if (first == 0x68) return 3_600_000_000_000;
  if (first == 0x73) return 1_000_000_000;
  if (first == 0x6d) return second == 0x73 ? 1_000_000 : 60_000_000_000;
  if (first == 0x75 && second == 0x73) return 1_000;
  if (first == 0x6e && second == 0x73) return 1;
  return 0;
}
