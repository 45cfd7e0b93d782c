// The filters of the module, in the order in which a request meets them. A fifth filter is one
// more row here.
import { Root } from "../host/context";
import { Bytes, NONE, text } from "../lib/bytes";
import { AccessLogRoot } from "../filters/access-log/filter";
import { CanaryRoot } from "../filters/canary/filter";
import { JwtAuthRoot } from "../filters/jwt-auth/filter";
import { RateLimitRoot } from "../filters/rate-limit/filter";

export const enum Part {
  AccessLog = 0,
  JwtAuth = 1,
  RateLimit = 2,
  Canary = 3,
}

export const PARTS = 4;

const ACCESS_LOG = text("access-log");
const JWT_AUTH = text("jwt-auth");
const RATE_LIMIT = text("rate-limit");
const CANARY = text("canary");

/** The name of the part's section in the configuration. */
export function nameOf(part: i32): Bytes {
  switch (part) {
    case Part.AccessLog:
      return ACCESS_LOG;
    case Part.JwtAuth:
      return JWT_AUTH;
    case Part.RateLimit:
      return RATE_LIMIT;
    case Part.Canary:
      return CANARY;
  }
  return NONE;
}

/** A root of the filter, not configured yet. */
export function createPart(part: i32): Root {
  switch (part) {
    case Part.AccessLog:
      return new AccessLogRoot();
    case Part.JwtAuth:
      return new JwtAuthRoot();
    case Part.RateLimit:
      return new RateLimitRoot();
  }
  return new CanaryRoot();
}
