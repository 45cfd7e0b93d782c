// envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit, read into types. What is not
// modelled is refused with its path: the native filter then stays where it is.
import { Message } from "../envoy/message.ts";
import { readAction } from "./action.ts";
import type { Action, Entry } from "./action.ts";
import { readTokenBucket } from "./token-bucket.ts";
import type { BucketFigures } from "./token-bucket.ts";

/** One RateLimit: the actions that make one descriptor of a request. */
export interface RateLimit {
  actions: Action[];
  stage: number;
  /** Of a route's limit: it is never used by the local filter. */
  disabled: boolean;
  /** Tokens that a request takes; undefined is 1. */
  hits?: number;
}

export interface Descriptor {
  /** An empty value stands for any. */
  entries: Entry[];
  bucket: BucketFigures;
  shadow: boolean;
}

export interface LimiterSettings {
  bucket?: BucketFigures;
  descriptors: Descriptor[];
  rateLimits: RateLimit[];
  /** Percent, to a ten-thousandth; both are 0 where they are absent. */
  enabled: number;
  enforced: number;
  alwaysConsumeDefault: boolean;
  maxDynamicDescriptors: number;
  stage: number;
  virtualHostLimits: "OVERRIDE" | "INCLUDE" | "IGNORE";
  /** Below 400 Envoy answers 429. */
  status: number;
  /** A bucket for each connection. */
  perConnection: boolean;
}

/**
 * Changes what a client or upstream sees, but not who passes: the model leaves it to whoever
 * converts.
 */
const elsewhere = [
  "stat_prefix",
  "response_headers_to_add",
  "request_headers_to_add_when_not_enforced",
  "enable_x_ratelimit_headers",
  "enable_retry_after_header",
  "rate_limited_as_resource_exhausted",
];

export function readSettings(message: Message): LimiterSettings {
  for (const name of elsewhere) message.get(name);
  if (message.has("local_cluster_rate_limit"))
    throw message.refuse("local_cluster_rate_limit", "depends on the number of replicas");
  const bucket = message.message("token_bucket");
  const settings: LimiterSettings = {
    ...(bucket && { bucket: readTokenBucket(bucket) }),
    descriptors: message.list("descriptors").map(readDescriptor),
    rateLimits: message.list("rate_limits").map(readRateLimit),
    enabled: readPercent(message, "filter_enabled"),
    enforced: readPercent(message, "filter_enforced"),
    alwaysConsumeDefault: message.flag("always_consume_default_token_bucket", true),
    maxDynamicDescriptors: message.whole("max_dynamic_descriptors") ?? 20,
    stage: message.whole("stage") ?? 0,
    virtualHostLimits: readChoice(message),
    status: readStatus(message),
    perConnection: message.flag("local_rate_limit_per_downstream_connection", false),
  };
  message.done();
  refuseDuplicates(message, settings.descriptors);
  for (const [at, { stage, disabled }] of settings.rateLimits.entries())
    if (stage > 0 || disabled)
      throw message.refuse("rate_limits", `Envoy refuses stage and disable_key here (item ${at})`);
  return settings;
}

/** Other settings for the same requests: a comparison need not send as many as a bucket holds. */
export type Adapt = (settings: LimiterSettings) => LimiterSettings;

function readDescriptor(message: Message): Descriptor {
  const entries = message.list("entries").map((entry): Entry => {
    const read = { key: entry.text("key"), value: entry.text("value") };
    entry.done();
    return read;
  });
  const bucket = message.message("token_bucket");
  if (!bucket) throw message.refuse("token_bucket", "is missing");
  const shadow = message.flag("shadow_mode", false);
  const descriptor = { entries, bucket: readTokenBucket(bucket), shadow };
  message.get("name");
  message.done();
  return descriptor;
}

export function readRateLimit(message: Message): RateLimit {
  const addend = message.message("hits_addend");
  const limit: RateLimit = {
    actions: message.list("actions").map(readAction),
    stage: message.whole("stage") ?? 0,
    disabled: message.text("disable_key") !== "",
  };
  if (addend) {
    limit.hits = addend.whole("number");
    if (limit.hits === undefined) throw addend.refuse("", "is modelled as a number only");
    addend.done();
  }
  if (message.flag("apply_on_stream_done", false))
    throw message.refuse("apply_on_stream_done", "is not modelled");
  for (const name of ["limit", "x_ratelimit_option"])
    if (message.has(name)) throw message.refuse(name, "is not modelled");
  message.done();
  if (limit.actions.length === 0) throw message.refuse("actions", "Envoy refuses an empty list");
  return limit;
}

const denominators: Record<string, number> = { HUNDRED: 1, TEN_THOUSAND: 100, MILLION: 10_000 };

function readPercent(message: Message, name: string): number {
  const percent = message.message(name);
  const value = percent?.message("default_value");
  percent?.get("runtime_key");
  percent?.done();
  if (!value) return 0;
  const per = denominators[value.text("denominator", "HUNDRED")];
  if (per === undefined) throw value.refuse("denominator", "is none that Envoy knows");
  const read = (value.whole("numerator") ?? 0) / per;
  value.done();
  return Math.min(read, 100);
}

function readChoice(message: Message): LimiterSettings["virtualHostLimits"] {
  const text = message.text("vh_rate_limits", "OVERRIDE");
  if (text !== "OVERRIDE" && text !== "INCLUDE" && text !== "IGNORE")
    throw message.refuse("vh_rate_limits", "is none that Envoy knows");
  return text;
}

function readStatus(message: Message): number {
  const status = message.message("status");
  const code = status?.get("code");
  status?.done();
  const number = typeof code === "string" ? statusNames[code] : Number(code ?? 0);
  if (number === undefined || !Number.isInteger(number))
    throw message.refuse("status", "is no code that Envoy knows");
  return number >= 400 ? number : 429;
}

/** Names of envoy.type.v3.StatusCode from 400 on; all below are answered as 429. */
const statusNames: Record<string, number> = {
  Empty: 0,
  OK: 200,
  BadRequest: 400,
  Unauthorized: 401,
  PaymentRequired: 402,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  RequestTimeout: 408,
  Conflict: 409,
  Gone: 410,
  PreconditionFailed: 412,
  PayloadTooLarge: 413,
  UnprocessableEntity: 422,
  TooManyRequests: 429,
  InternalServerError: 500,
  BadGateway: 502,
  ServiceUnavailable: 503,
  GatewayTimeout: 504,
};

function refuseDuplicates(message: Message, descriptors: readonly Descriptor[]): void {
  const seen = new Set<string>();
  for (const { entries } of descriptors) {
    const key = JSON.stringify(entries);
    if (seen.has(key)) throw message.refuse("descriptors", "Envoy refuses the same entries twice");
    seen.add(key);
  }
}
