// The settings of rate-limit, read once into something that cannot be wrong.
import { ConfigErrors, Cursor, readConfig } from "../../lib/config/reader";
import { equal, toText, utf8, view } from "../../lib/bytes";
import { readFieldName } from "../../lib/config/field-name";
import { MatchSettings } from "../../lib/match/match-settings";
import { CorsSettings } from "../../lib/http/cors";
import { isFieldValue } from "../../lib/http/field";
import { OwnHeaders } from "../../lib/http/own-headers";
import { KeyParts } from "./key";
import { Limit, MAX_KEYS_MAX } from "./limit";
import { decimal } from "../../lib/writer";

const SECOND: i64 = 1_000_000_000;
/**
 * More limits than anyone reads; each costs two host calls a request. A question to the service
 * counts them in 64 bits.
 */
const LIMITS_MAX = 64;
const HEADERS_MAX = 10;
/** What a page may read of a refusal unless `cors.exposeHeaders` says otherwise. */
const EXPOSED =
  "retry-after, ratelimit, ratelimit-policy, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset";

export const enum Mode {
  Enforce,
  Report,
}

/** How several limits that match one request are charged. */
export const enum Charging {
  /** All must admit; then all are charged. */
  Together,
  /** One after the other; the first that refuses ends it, and those before it stay charged. */
  InOrder,
}

/** Which header fields tell clients about their quota. */
export const enum QuotaHeaders {
  None,
  /**
   * `x-ratelimit-limit`, `-remaining`, `-reset` of draft-polli-ratelimit-headers-03, as Envoy has
   * them.
   */
  Draft03,
  /** `RateLimit` and `RateLimit-Policy` of draft-ietf-httpapi-ratelimit-headers-11. */
  Ietf,
}

/** What happens when the rate limit service does not answer. */
export const enum OnFailure {
  Allow,
  Deny,
  /** The local limits, which have admitted the request already, are enough. */
  Local,
}


@final
export class HeaderValue {
  constructor(
    readonly name: StaticArray<u8>,
    readonly value: StaticArray<u8>,
  ) {}
}

/** The rate limit service, which counts for all proxies together. */
@final
export class Global {
  cluster: StaticArray<u8> = new StaticArray<u8>(0);
  domain: StaticArray<u8> = new StaticArray<u8>(0);
  timeoutMillis: i32 = 0;
  onFailure: OnFailure = OnFailure.Allow;
  /** Whether a refusal has `x-envoy-ratelimited`. */
  tellsRateLimited: bool = true;
}


@final
export class Config {
  instance: string = "default";
  mode: Mode = Mode.Enforce;
  limits: Limit[] = [];
  charging: Charging = Charging.Together;
  maxKeys: i32 = 10_000;
  status: i32 = 429;
  body: StaticArray<u8> = utf8("local_rate_limited");
  headers: QuotaHeaders = QuotaHeaders.None;
  retryAfter: bool = true;
  responseHeaders: HeaderValue[] = [];
  responseHeadersAlways: HeaderValue[] = [];
  requestHeadersWhenNotEnforced: HeaderValue[] = [];
  /** Their names: clients must not send them under other spellings either. */
  readonly ownHeaders: OwnHeaders = new OwnHeaders();
  /** Null: no CORS headers on refusals. */
  cors: CorsSettings | null = null;
  chargesPreflights: bool = false;
  refusesAmbiguousPaths: bool = false;
  /** Some condition is about the method. */
  hasMethodRules: bool = false;
  grpcResourceExhausted: bool = false;
  global: Global | null = null;

  /** Whether anything asks about the request. */
  get looksAtRequest(): bool {
    for (let i = 0; i < this.limits.length; i++) {
      if (this.limits[i].looksAtRequest) return true;
    }
    return this.requestHeadersWhenNotEnforced.length > 0;
  }

  /** Reads a configuration; when `errors.any` afterwards, what came back must not be used. */
  static read(configuration: StaticArray<u8>, errors: ConfigErrors): Config {
    const at = readConfig(configuration, errors);
    const config = new Config();
    config.instance = at.optionalText("instance", config.instance);
    config.mode = <Mode>at.choice("mode", ["enforce", "report"], Mode.Enforce);
    config.charging = <Charging>at.choice("charging", ["together", "inOrder"], Charging.Together);
    config.maxKeys = <i32>at.integer("maxKeys", 1, MAX_KEYS_MAX, config.maxKeys);
    config.status = <i32>at.integer("status", 400, 599, config.status);
    config.body = at.optionalBytes("body", config.body);
    config.headers = <QuotaHeaders>(
      at.choice("headers", ["none", "draft03", "ietf"], QuotaHeaders.None)
    );
    config.retryAfter = at.boolean("retryAfter", true);
    config.grpcResourceExhausted = at.boolean("grpcResourceExhausted", false);
    config.responseHeaders = readHeaders(at, "responseHeaders");
    config.responseHeadersAlways = readHeaders(at, "responseHeadersAlways");
    config.requestHeadersWhenNotEnforced = readHeaders(at, "requestHeadersWhenNotEnforced");
    for (let i = 0; i < config.requestHeadersWhenNotEnforced.length; i++) {
      config.ownHeaders.add(config.requestHeadersWhenNotEnforced[i].name);
    }
    config.cors = CorsSettings.read(at, EXPOSED);
    config.chargesPreflights = at.boolean("chargePreflights", false);
    config.refusesAmbiguousPaths = at.choice("ambiguousPaths", ["allow", "refuse"], 0) == 1;
    const matching = MatchSettings.read(at);
    config.limits = readLimits(at, matching);
    config.hasMethodRules = matching.readsMethod;
    shareKeys(at, config);
    config.global = readGlobal(at);
    at.done();
    return config;
  }
}

function readLimits(at: Cursor, settings: MatchSettings): Limit[] {
  const items = at.list("limits");
  const limits: Limit[] = [];
  const keyParts = new KeyParts(settings);
  if (items.length > LIMITS_MAX)
    at.refuse("limits", "expected at most " + decimal(LIMITS_MAX) + " limits");
  for (let i = 0; i < items.length; i++) {
    const limit = Limit.read(items[i], settings, keyParts);
    for (let j = 0; j < i; j++) {
      if (equal(view(limits[j].name), view(limit.name)))
        items[i].refuse(
          "name",
          'duplicate limit name "' + toText(view(limit.name)) + '"; names must be unique',
        );
    }
    limits.push(limit);
  }
  return limits;
}

/** Gives each limit with a key its part of the room for clients. */
function shareKeys(at: Cursor, config: Config): void {
  let left = MAX_KEYS_MAX;
  let sharing = 0;
  for (let i = 0; i < config.limits.length; i++) {
    const limit = config.limits[i];
    if (limit.key.length == 0) continue;
    if (limit.maxKeys == 0) sharing++;
    left -= limit.maxKeys;
  }
  if (left < sharing) {
    at.refuse(
      "limits",
      "the limits' maxKeys together are too many; expected at most " + decimal(MAX_KEYS_MAX),
    );
    return;
  }
  for (let i = 0; i < config.limits.length; i++) {
    const limit = config.limits[i];
    if (limit.maxKeys == 0) limit.maxKeys = min(config.maxKeys, left / max(1, sharing));
  }
}

function readHeaders(parent: Cursor, name: string): HeaderValue[] {
  const items = parent.list(name);
  const headers: HeaderValue[] = [];
  if (items.length > HEADERS_MAX)
    parent.refuse(name, "expected at most " + decimal(HEADERS_MAX) + " headers");
  for (let i = 0; i < items.length; i++) {
    const at = items[i];
    if (!at.expectObject()) continue;
    const header = readFieldName(at.value("name"));
    const value = at.bytes("value");
    if (!isFieldValue(view(value)))
      at.refuse("value", "expected a header value without control characters");
    at.done();
    headers.push(new HeaderValue(header, value));
  }
  return headers;
}

function readGlobal(parent: Cursor): Global | null {
  if (!parent.has("global")) return null;
  const at = parent.object("global");
  const global = new Global();
  global.cluster = at.bytes("cluster");
  global.domain = at.bytes("domain");
  if (global.cluster.length == 0) at.refuse("cluster", "expected the name of a cluster");
  if (global.domain.length == 0) at.refuse("domain", "expected the service's domain");
  global.timeoutMillis = <i32>(
    (at.duration("timeout", SECOND / 1000, 60 * SECOND, SECOND / 50) / (SECOND / 1000))
  );
  global.onFailure = <OnFailure>at.choice("onFailure", ["allow", "deny", "local"], OnFailure.Allow);
  global.tellsRateLimited = !at.boolean("disableXEnvoyRatelimitedHeader", false);
  at.done();
  return global;
}
