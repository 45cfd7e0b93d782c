// The proxy's own log: configuration errors, changes of state, and the access log's proxyLog
// sink. Never per request elsewhere, so there is no level check.
import { proxy_log } from "@solo-io/proxy-runtime/assembly/imports";
import { Bytes, lengthOf, pointerOf, utf8, view } from "../lib/bytes";
import { Status } from "./status";

export const enum LogLevel {
  Trace = 0,
  Debug = 1,
  Info = 2,
  Warn = 3,
  Error = 4,
  Critical = 5,
}

export function logBytes(level: LogLevel, message: Bytes): Status {
  return proxy_log(level, pointerOf(message), lengthOf(message));
}

/** A line made of a string, for configuration time. */
export function log(level: LogLevel, message: string): Status {
  return logBytes(level, view(utf8(message)));
}
