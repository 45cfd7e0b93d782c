// Time from WASI, which every host offers; Envoy's own clock call is missing in others.
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "clock_time_get")
declare function clock_time_get(id: i32, precision: i64, time: usize): i32;
import { OUT, clear } from "./out";

const REALTIME = 0;
const MONOTONIC = 1;

/** Nanoseconds since the Unix epoch: for token times, schedules, log lines. Can step. */
export function unixNanos(): i64 {
  return read(REALTIME);
}

/** Seconds since the Unix epoch. */
export function unixSeconds(): i64 {
  return unixNanos() / 1_000_000_000;
}

/**
 * Nine years, so that sixteenths of a nanosecond still fit 64 bits on a host whose clock began in
 * 1970.
 */
const MONOTONIC_MASK: i64 = (1 << 58) - 1;

/**
 * Nanoseconds of a clock that never goes back and is the same for all workers: for buckets and
 * windows.
 */
export function monotonicNanos(): i64 {
  return read(MONOTONIC) & MONOTONIC_MASK;
}

function read(id: i32): i64 {
  clear();
  clock_time_get(id, 1, OUT);
  return load<i64>(OUT);
}
