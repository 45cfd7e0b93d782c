// Documents of access-log for the contract test.
import type { Cases } from "../cases.ts";
import { everyMatch } from "../match-cases.ts";

/** Operators of every kind, with and without arguments. */
const operators = [
  "%START_TIME%",
  "%START_TIME(%s.%3f)%",
  "%EMIT_TIME(%d/%b/%Y:%H:%M:%S %z)%",
  "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH):100%",
  "%RESP(CONTENT-TYPE)%",
  "%TRAILER(GRPC-MESSAGE)%",
  "%REQUEST_HEADER_SHA256(USER-AGENT)%",
  "%REQ_WITHOUT_QUERY(:PATH)%",
  "%PATH(NQ:ORIG)%",
  "%QUERY_PARAM(page):10%",
  "%QUERY_PARAMS(DECODED)%",
  "%RESPONSE_CODE_DETAILS(ALLOW_WHITESPACES)%",
  "%GRPC_STATUS(SNAKE_STRING)%",
  "%COMMON_DURATION(US_TX_BEG:US_RX_END:us)%",
  "%DYNAMIC_METADATA(envoy.filters.http.jwt_authn:payload:sub)%",
  "%METADATA(ROUTE:istio:config)%",
  "%FILTER_STATE(wasm.gatehouse_variant:PLAIN)%",
  "%CLAIM(realm_access.name)% %VARIANT% %LIMIT% %REASON%",
  "%ENVIRONMENT(REGION)%",
  '%COALESCE({"operators":[{"command":"REQ","param":"X-A","max_length":5},"PROTOCOL"]})%',
];

const conditions = [
  { status: { min: 500 } },
  { status: { min: 400, max: 404 }, grpcStatus: { min: 1, max: 16 } },
  { duration: { min: "500ms", max: "1m" }, flags: ["UF", "DC", "any"] },
  { match: everyMatch },
  {
    and: [
      { not: { status: { max: 399 } } },
      { or: [{ flags: ["NR"] }, { duration: { min: "1s" } }] },
    ],
  },
];

const http = {
  cluster: "outbound|4318||collector.example.com",
  path: "/v1/logs",
  authority: "collector.example.com",
  encoding: "otlp",
  timeout: "2s",
  headers: [
    { name: "X-Scope-OrgID", value: "edge" },
    { name: "authorization", valueFromEnv: "LOG_KEY" },
  ],
  batch: { records: 100, bytes: 65536, interval: "500ms" },
  queueBytes: 1048576,
  resource: { "service.name": "edge", "deployment.environment.name": "production" },
};

const valid: object[] = [
  {},
  {
    instance: "istio-system/edge",
    mode: "report",
    format: {
      json: {
        fixed: 1.5,
        on: true,
        nothing: null,
        local: "%START_TIME_LOCAL% %EMIT_TIME_LOCAL(%-d/%b/%Y %c)%",
        all: operators,
        nested: { deep: { status: "%RESPONSE_CODE%" } },
        "100%": "100%%",
      },
      omitEmpty: true,
      utcOffset: "-03:30",
    },
    when: conditions,
    sample: { percent: 12.5, key: "xray", secret: "0123456789abcdef", alwaysWhen: conditions },
    maxLinesPerSecond: 1000,
    maxLineBytes: 65536,
    redact: {
      defaults: false,
      action: "hash",
      headers: ["X-Secret", { name: "x-other", action: "drop" }],
      queryParams: ["q", { name: "page", action: "mask" }],
      cookies: ["session", { name: "theme", action: "hash" }],
      claims: [
        "email",
        ["https://example.com/tenant"],
        { claim: "address.street", action: "mask" },
      ],
      patterns: ["[0-9]{13,16}", { regex: "(?i)iban[a-z0-9]+", action: "drop" }],
      hashKey: "0123456789abcdef0123456789abcdef",
    },
    sinks: [{ proxyLog: { level: "error" } }, { envoyLog: {} }, { name: "collector", http }],
  },
  {
    format: {
      fields: [
        { name: "status", value: "%RESPONSE_CODE%" },
        { name: "all", value: ["%PROTOCOL%", 7] },
      ],
    },
    redact: { action: "hash", headers: ["host"], hashKeyFromEnv: "LOG_KEY" },
    sample: { percent: 1, secretFromEnv: "LOG_KEY" },
    sinks: [{ http: { cluster: "loki", encoding: "loki", labels: { job: "edge" } } }],
  },
  {
    format: { text: "[%START_TIME%] %REQ(:METHOD)%\n" },
    sinks: [{ http: { cluster: "logs", encoding: "ndjson" } }],
  },
];

const text = (format: string) => ({ format: { text: format } });

const onlyWasm: [reason: string, document: object, message: RegExp][] = [
  [
    "an operator that is none",
    { format: { json: { a: "%NOPE%" } } },
    /\/format\/json\/a: unknown operator `%NOPE%` \(at byte 0\)/,
  ],
  [
    "an operator that is not closed",
    text("a %DURATION b"),
    /\/format\/text: `%DURATION` is not closed/,
  ],
  ["arguments that are not closed", text("a %REQ(B"), /\/format\/text: `%REQ\(` is not closed/],
  ["a percent sign alone", text("100 %"), /\/format\/text: expected an operator behind `%`/],
  ["a length that is none", text("%REQ(A):x%"), /\/format\/text: `%REQ\(?` /],
  ["an operator without its arguments", text("%REQ()%"), /\/format\/text: `%REQ%` needs arguments/],
  [
    "an operator with arguments it does not take",
    { format: { fields: [{ name: "a", value: "%DURATION(ms)%" }] } },
    /\/format\/fields\/0\/value: `%DURATION%` takes no arguments/,
  ],
  [
    "an operator with a length it does not take",
    text("%DURATION:3%"),
    /`%DURATION%` takes no length/,
  ],
  ["two alternatives", text("%REQ(A?B?C)%"), /`%REQ%` takes one alternative/],
  ["a part of the path that is none", text("%PATH(X)%"), /`%PATH%` takes WQ or NQ/],
  [
    "a form of the query that is none",
    text("%QUERY_PARAMS(X)%"),
    /`%QUERY_PARAMS%` takes ORIG or DECODED/,
  ],
  [
    "a form of the gRPC status that is none",
    text("%GRPC_STATUS(X)%"),
    /`%GRPC_STATUS%` takes CAMEL_STRING/,
  ],
  [
    "a form of the details that is none",
    text("%RESPONSE_CODE_DETAILS(X)%"),
    /takes ALLOW_WHITESPACES/,
  ],
  [
    "time points that the host does not tell",
    text("%COMMON_DURATION(DS_RX_BEG:US_RX_BEG)%"),
    /is not available to Wasm filters/,
  ],
  ["metadata without a key", text("%DYNAMIC_METADATA(a)%"), /needs a namespace and a key/],
  ["a kind of metadata that is none", text("%METADATA(X:a:b)%"), /`%METADATA%` takes DYNAMIC/],
  ["filter state that is not plain", text("%FILTER_STATE(a)%"), /`%FILTER_STATE%` needs `:PLAIN`/],
  ["a claim without a name", text("%CLAIM(a..b)%"), /`%CLAIM%` needs a claim's name/],
  ["alternatives that are no JSON", text("%COALESCE(a)%"), /`%COALESCE%` needs/],
  [
    "an alternative that is none",
    text('%COALESCE({"operators":["NOPE"]})%'),
    /unknown operator `%NOPE%`/,
  ],
  [
    "what no Wasm filter can know",
    text("%UPSTREAM_WIRE_BYTES_SENT%"),
    /is not available to Wasm filters: the host does not/,
  ],
  [
    "a secret of the sampling that is not in the environment",
    { sample: { percent: 1, secretFromEnv: "NO_SUCH_KEY" } },
    /\/sample\/secretFromEnv: the variable is missing or shorter than 16 characters/,
  ],
  ["a local time without a zone", text("%START_TIME_LOCAL%"), /needs a time zone; set format/],
  [
    "two secrets of the sampling",
    { sample: { percent: 1, secret: "0123456789abcdef", secretFromEnv: "LOG_KEY" } },
    /\/sample\/secretFromEnv: expected only one of the two secrets/,
  ],
  [
    "a time conversion that is none",
    text("%START_TIME(%Q)%"),
    /`%START_TIME%`: unknown time conversion `%Q`/,
  ],
  [
    "the same field twice",
    {
      format: {
        fields: [
          { name: "a", value: 1 },
          { name: "a", value: 2 },
        ],
      },
    },
    /\/format\/fields\/\d+\/name: duplicate field name/,
  ],
  ["nested too deeply", { format: { json: nested(20) } }, /: nested deeper than 16/],
  [
    "too many values",
    { format: { json: { a: Array.from({ length: 300 }, () => 1) } } },
    /: more than 256 values/,
  ],
  ["conditions nested too deeply", { when: [nestedCondition(12)] }, /: nested deeper than 8/],
  [
    "a range the wrong way round",
    { when: [{ status: { min: 500, max: 400 } }] },
    /\/min: expected at most max/,
  ],
  [
    "a duration out of its range",
    { sinks: [{ http: { cluster: "a", timeout: "1ns" } }] },
    /\/(timeout|interval|min|max): expected at (least|most)/,
  ],
  [
    "lines shorter than the format",
    { format: { text: "x".repeat(3000) }, maxLineBytes: 2000 },
    /\/maxLineBytes: expected at least 3000 for this format/,
  ],
  [
    "a queue that is too small for a line of the format",
    { format: { text: "x".repeat(3000) }, sinks: [{ http: { cluster: "a", queueBytes: 4096 } }] },
    /\/sinks\/0\/http\/queueBytes: expected at least \d+ for this format/,
  ],
  [
    "two sinks of one name",
    { sinks: [{ proxyLog: {} }, { proxyLog: {} }] },
    /\/sinks\/\d+\/name: duplicate sink name/,
  ],
  [
    "hashing without a key",
    { redact: { action: "hash" } },
    /\/redact\/hashKey: missing; the action hash needs a key/,
  ],
  [
    "a key that is not in the environment",
    { redact: { hashKeyFromEnv: "NO_SUCH_KEY" } },
    /\/redact\/hashKeyFromEnv: the variable is missing or shorter/,
  ],
  [
    "a sink's header that is not in the environment",
    {
      sinks: [
        {
          http: { cluster: "a", headers: [{ name: "authorization", valueFromEnv: "NO_SUCH_KEY" }] },
        },
      ],
    },
    /\/sinks\/0\/http\/headers\/0\/valueFromEnv: the variable is missing or empty/,
  ],
  [
    "a regular expression that is none",
    { redact: { patterns: ["(a"] } },
    /\/redact\/patterns\/\d+(\/regex)?: /,
  ],
  [
    "a header's name that is none",
    { redact: { headers: ["a b"] } },
    /\/redact\/headers\/\d+(\/name)?: expected a header name/,
  ],
  [
    "all of the claims where some are redacted",
    { ...text("%FILTER_STATE(wasm.gatehouse_claims:PLAIN)%"), redact: { claims: ["email"] } },
    /the whole of the claims cannot be redacted/,
  ],
];

const cases: Cases = {
  valid,
  onlyWasm: onlyWasm.map(([reason, document, message]) => ({ reason, document, message })),
  env: { LOG_KEY: "fedcba9876543210fedcba9876543210" },
};
export default cases;

function nested(depth: number): object {
  return depth === 0 ? { a: "%PROTOCOL%" } : { a: nested(depth - 1) };
}

function nestedCondition(depth: number): object {
  return depth === 0 ? { flags: ["any"] } : { and: [nestedCondition(depth - 1)] };
}
