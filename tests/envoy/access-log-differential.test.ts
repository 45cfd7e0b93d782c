// access-log beside Envoy's own access log on the real Envoy: the same format strings, the same
// requests, field by field.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { build } from "../../tools/build.ts";
import type { Json } from "../../envoy/bootstrap.ts";
import { type Kind, type Traffic, kinds, sendKind, startTraffic } from "./access-log-traffic.ts";

const requests = kinds();

/** Every operator that both know; the key is what stands in the README's list of differences. */
const operators = [
  "START_TIME",
  "START_TIME(%Y/%m/%d %e %H:%M:%S.%3f %f %s %z %Z %j %a %A %b %B %p %I %y %u %w %D %T %R %F %E3S %E*S %Ez)",
  "START_TIME(%c %x %X %r %C %G %g %V %U %W %k %l %P %h %Ec %EX %Ey %Od %OH %Oe %E4Y %ET %:z %::z %:::z %E*z)",
  "START_TIME(%-d %_d %0e %-H %-I %-m %-j %_H %^a %^B %#Z %#p %#a %10Y %3M %-5d %_5H %12A %E3f %E*f)",
  "START_TIME_LOCAL",
  "START_TIME_LOCAL(%F %T %z)",
  "EMIT_TIME(%s)",
  "REQ(:METHOD)",
  "REQ(:SCHEME)",
  "REQ(:AUTHORITY)",
  "REQ(host)",
  "REQ(X-NOT-THERE?HOST):7",
  "RESP(host)",
  "REQ(X-ENVOY-ORIGINAL-PATH?:PATH)",
  "REQ(X-ENVOY-ORIGINAL-PATH?:PATH):9",
  "REQ(USER-AGENT):100",
  "REQ(REFERER)",
  "REQ(X-NOT-THERE)",
  "REQ(X-FORWARDED-FOR)",
  "REQ(X-B3-TRACEID?TRACEPARENT)",
  "REQUEST_HEADER(X-REQUEST-ID)",
  "RESP(CONTENT-TYPE)",
  "RESP(SET-COOKIE)",
  "RESP(X-ODD)",
  "RESPONSE_HEADER(LOCATION?SERVER)",
  "RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)",
  "TRAILER(GRPC-STATUS)",
  "RESPONSE_TRAILER(GRPC-MESSAGE):5",
  "PATH",
  "PATH(NQ)",
  "PATH(WQ:ORIG)",
  "PATH(NQ:PATH):6",
  "PATH(WQ:ORIG_OR_PATH)",
  "QUERY_PARAM(a)",
  "QUERY_PARAM(token):2",
  "QUERY_PARAMS",
  "QUERY_PARAMS(DECODED)",
  "PROTOCOL",
  "RESPONSE_CODE",
  "RESPONSE_CODE_DETAILS",
  "RESPONSE_CODE_DETAILS(ALLOW_WHITESPACES)",
  "CONNECTION_TERMINATION_DETAILS",
  "RESPONSE_FLAGS",
  "RESPONSE_FLAGS_LONG",
  "GRPC_STATUS",
  "GRPC_STATUS(SNAKE_STRING)",
  "GRPC_STATUS(NUMBER)",
  "GRPC_STATUS_NUMBER",
  "BYTES_RECEIVED",
  "BYTES_SENT",
  "REQUEST_HEADERS_BYTES",
  "RESPONSE_HEADERS_BYTES",
  "RESPONSE_TRAILERS_BYTES",
  "DURATION",
  "COMMON_DURATION(US_TX_BEG:US_RX_END:us)",
  "ROUTE_NAME",
  "FILTER_CHAIN_NAME",
  "UPSTREAM_HOST",
  "UPSTREAM_CLUSTER",
  "UPSTREAM_CLUSTER_RAW",
  "UPSTREAM_LOCAL_ADDRESS",
  "UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT",
  "UPSTREAM_LOCAL_PORT",
  "UPSTREAM_REMOTE_ADDRESS",
  "UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT",
  "UPSTREAM_REMOTE_PORT",
  "UPSTREAM_REQUEST_ATTEMPT_COUNT",
  "UPSTREAM_TRANSPORT_FAILURE_REASON",
  "UPSTREAM_CONNECTION_POOL_READY_DURATION",
  "UPSTREAM_TLS_VERSION",
  "DOWNSTREAM_REMOTE_ADDRESS",
  "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT",
  "DOWNSTREAM_REMOTE_PORT",
  "DOWNSTREAM_LOCAL_ADDRESS",
  "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT",
  "DOWNSTREAM_LOCAL_PORT",
  "DOWNSTREAM_TRANSPORT_FAILURE_REASON",
  "DOWNSTREAM_TLS_VERSION",
  "DOWNSTREAM_PEER_SUBJECT",
  "DOWNSTREAM_PEER_URI_SAN",
  "CONNECTION_ID",
  "REQUESTED_SERVER_NAME",
  "DYNAMIC_METADATA(tenant:name)",
  "DYNAMIC_METADATA(tenant:level)",
  "METADATA(ROUTE:team:owner)",
  "METADATA(ROUTE:team:level)",
  "FILTER_STATE(wasm.gatehouse_reason:PLAIN)",
  "ACCESS_LOG_TYPE",
  "STREAM_ID",
  "TRACE_ID",
  "UNIQUE_ID",
  "ENVIRONMENT(REGION)",
];

/** Also where Envoy has several operators in one string. */
const mixed = [
  "%REQ(X-NOT-THERE)% and %RESPONSE_CODE% of %PROTOCOL% at 100%%",
  "[%START_TIME%] %REQ(USER-AGENT)%",
];

/** Envoy 1.36 does not know these yet. */
const newOnly = [
  "PATH",
  "QUERY_PARAM",
  "QUERY_PARAMS",
  "RESPONSE_CODE_DETAILS(",
  "REQUEST_HEADER",
  "RESPONSE_HEADER",
  "RESPONSE_TRAILER(",
];

function fieldsFor(version: string): Record<string, Json> {
  const isNew = (name: string) =>
    newOnly.some(
      (each) => name === each || name.startsWith(each.endsWith("(") ? each : `${each}(`),
    );
  const known = operators.filter((name) => version === "newest" || !isNew(name));
  return Object.fromEntries([
    ["id", "%REQ(X-CASE)%"],
    ...known.map((name) => [name, `%${name}%`]),
    ...mixed.map((each) => [each, each]),
    ["constants", [null, true, false, 1.5, "%REQ(X-NOT-THERE)%"]],
    ["nothing", null],
  ]);
}

type Values = Record<string, unknown>;

interface Difference {
  /** The operator, as the README's list has it. */
  operator: string;
  /** Whether two unequal values are as different as the reason allows. */
  fits(ours: unknown, native: unknown, kind: Kind): boolean;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const sorted = (flags: unknown) => String(flags).split(",").sort().join();
const areFlags = (ours: unknown, native: unknown) => sorted(ours) === sorted(native);

/** Where the two may differ; the reasons are in the README, whose list is held against this one. */
const differences: Difference[] = [
  // The two read the clock one after the other; a busy machine may stop the thread in between.
  { operator: "DURATION", fits: (ours, native) => isNear(ours, native, 25) },
  { operator: "EMIT_TIME", fits: (ours, native) => isNear(Number(ours), Number(native), 1) },
  { operator: "RESPONSE_FLAGS", fits: areFlags },
  { operator: "RESPONSE_FLAGS_LONG", fits: areFlags },
  {
    operator: "TRACE_ID",
    fits: (ours, native, { headers }) => native === null && hasTrace(headers) && ours !== null,
  },
  {
    operator: "UNIQUE_ID",
    fits: (ours, native) => uuid.test(String(ours)) && uuid.test(String(native)),
  },
  { operator: "ENVIRONMENT", fits: (ours, native) => ours === "north" && native === "-" },
];

function hasTrace(headers: [string, string][] = []): boolean {
  return headers.some(([name]) => name === "traceparent" || name === "x-b3-traceid");
}

function isNear(ours: unknown, native: unknown, most: number): boolean {
  return typeof ours === "number" && typeof native === "number" && Math.abs(ours - native) <= most;
}

function compare(ours: Values, native: Values, kind: Kind): string[] {
  return Object.keys(native).flatMap((name) => {
    if (JSON.stringify(ours[name]) === JSON.stringify(native[name])) return [];
    // Bytes that are no UTF-8: Envoy takes them for Latin-1, we write the replacement character.
    if (
      kind.how === "raw" &&
      ours[name] === String(native[name]).replaceAll(/[\x80-\xff]/g, "\u{fffd}")
    )
      return [];
    const known = differences.find((each) => each.operator === name.replace(/\(.*/, ""));
    if (known?.fits(ours[name], native[name], kind)) return [];
    return [
      `${kind.how ?? ""} ${kind.path}: ${name}: ours ${JSON.stringify(ours[name])}, Envoy's ${JSON.stringify(native[name])}`,
    ];
  });
}

const stdout = (format: Json): Json => ({
  name: "envoy.access_loggers.stdout",
  typed_config: {
    "@type": "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
    log_format: format,
  },
});
const bare = stdout({
  text_format_source: { inline_string: "ours %FILTER_STATE(wasm.gatehouse_access_log:PLAIN)%\n" },
});

/** The lines of one logger by the request's mark, which begins each. */
function linesBy(log: string, mark: RegExp): Map<string, string> {
  return new Map([...log.matchAll(mark)].map(([, id, line]) => [id!, line!]));
}

/**
 * Sends all requests; gives the log once both loggers have a line of each: some requests end
 * later than the next ones.
 */
async function sendAll(traffic: Traffic): Promise<string> {
  for (const [index, kind] of requests.entries()) await sendKind(traffic, kind, `case-${index}`);
  for (const which of ["(?<=^|\n)ours ", "(?<=^|\n)(?!ours )"]) {
    const last = new RegExp(`${which}[^\n]*case-${requests.length - 1}\\b[^\n]*\n`);
    await traffic.envoy.awaitLog(last);
    const all = new RegExp(`${which}[^\n]*?\\bcase-(\\d+)\\b[^\n]*\n`, "g");
    const seen = new Set([...traffic.envoy.log().matchAll(all)].map(([, index]) => Number(index)));
    for (const index of requests.keys()) {
      if (!seen.has(index))
        await traffic.envoy.awaitLog(new RegExp(`${which}[^\n]*case-${index}\\b[^\n]*\n`));
    }
  }
  return traffic.envoy.log();
}

for (const version of ["newest", "oldest"] as const) {
  describe(`JSON beside Envoy's own (${version})`, () => {
    let traffic: Traffic;
    const fields = fieldsFor(version);
    before(async () => {
      await build(["access-log", "jwt-auth"]);
      const config = {
        format: { json: fields, utcOffset: "+00:00" },
        redact: { defaults: false },
        sinks: [{ envoyLog: {} }],
      };
      traffic = await startTraffic(config, [stdout({ json_format: fields }), bare], version);
    });
    after(() => traffic?.stop());

    test(`${requests.length} requests of all kinds`, async () => {
      const lines = (await sendAll(traffic)).split("\n");
      const parsed = (prefix: string) =>
        new Map(
          lines
            .filter((line) => line.startsWith(`${prefix}{`))
            .map((line) => JSON.parse(line.slice(prefix.length)) as Values)
            .map((values) => [values.id as string, values]),
        );
      const [native, ours] = [parsed(""), parsed("ours ")];
      assert.equal(native.size, requests.length);
      assert.equal(ours.size, requests.length);
      const found = requests.flatMap((kind, index) =>
        compare(ours.get(`case-${index}`)!, native.get(`case-${index}`)!, kind),
      );
      assert.deepEqual(found.slice(0, 40), [], `${found.length} differences`);
      assert.deepEqual(Object.keys(ours.get("case-0")!), Object.keys(native.get("case-0")!));
    });
  });
}

describe("text beside Envoy's own", () => {
  /** What differs is left out: a text is compared as a whole. */
  const compared = operators.filter(
    (name) => !differences.some(({ operator }) => operator === name.replace(/\(.*/, "")),
  );
  const text = `case %REQ(X-CASE)% ${compared.map((name) => `"%${name}%"`).join(" ")} 100%%`;
  let traffic: Traffic;
  before(async () => {
    await build(["access-log", "jwt-auth"]);
    const config = {
      format: { text: `${text}\n`, utcOffset: "+00:00" },
      redact: { defaults: false },
      sinks: [{ envoyLog: {} }],
    };
    traffic = await startTraffic(config, [
      stdout({ text_format_source: { inline_string: `${text}\n` } }),
      bare,
    ]);
  });
  after(() => traffic?.stop());

  test(`${requests.length} requests of all kinds give the same line, byte for byte`, async () => {
    const log = await sendAll(traffic);
    const native = linesBy(log, /(?<=^|\n)case (case-\d+) (.*)/g);
    const ours = linesBy(log, /(?<=^|\n)ours case (case-\d+) (.*)/g);
    assert.equal(native.size, requests.length);
    for (const [index, kind] of requests.entries()) {
      const id = `case-${index}`;
      // A tab or a byte that is no UTF-8 is escaped in ours, so that a line stays a line of text.
      if (kind.how === "raw") assert.match(ours.get(id)!, /tab\\x09here.*caf\\xe9 \\xff/);
      else assert.equal(ours.get(id), native.get(id), `${kind.how ?? ""} ${kind.path}`);
    }
  });
});

describe("the guide's own format", () => {
  const guide = {
    timestamp: "%START_TIME%",
    method: "%REQ(:METHOD)%",
    path: "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
    status: "%RESPONSE_CODE%",
    duration: "%DURATION%",
    upstream: "%UPSTREAM_HOST%",
    trace_id: "%REQ(X-B3-TRACEID)%",
  };
  let traffic: Traffic;
  before(async () => {
    await build(["access-log", "jwt-auth"]);
    const config = { format: { json: guide }, sinks: [{ envoyLog: {} }] };
    traffic = await startTraffic(config, [stdout({ json_format: guide }), bare]);
  });
  after(() => traffic?.stop());

  test("is the same line through envoyLog, but for credentials in the query", async () => {
    for (const [index, kind] of requests.entries()) await sendKind(traffic, kind, `case-${index}`);
    await sendKind(traffic, { path: "/api/the-end" }, "end");
    await traffic.envoy.awaitLog(/ours [^\n]*the-end[^\n]*\n/);
    const lines = traffic.envoy.log().split("\n");
    const native = lines.filter((line) => line.startsWith("{"));
    const ours = lines
      .filter((line) => line.startsWith("ours {"))
      .map((line) => line.slice("ours ".length));
    assert.equal(ours.length, requests.length + 1);
    const masked = (line: string) => line.replaceAll(/token=[^&"#]+/g, "token=***");
    const blurred = (line: string) => masked(line).replace(/"duration":\d+/, '"duration":0');
    assert.deepEqual(ours.map(blurred), native.map(blurred));
  });
});

describe("the README", () => {
  const readme = readFileSync(
    join(import.meta.dirname, "../../assembly/filters/access-log/README.md"),
    "utf8",
  );

  test("lists these differences and no others", () => {
    const section = readme.split("<!-- differences -->")[1] ?? "";
    const listed = [...section.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name);
    assert.deepEqual(
      listed,
      differences.map(({ operator }) => operator),
    );
  });

  test("names every operator that is compared", () => {
    const section = readme.split("## Operators")[1]!.split("What a Wasm filter cannot know")[0]!;
    const missing = operators
      .map((name) => name.replace(/\(.*/, ""))
      .filter((name) => !section.includes(`\`${name}\``));
    assert.deepEqual(missing, []);
  });
});
