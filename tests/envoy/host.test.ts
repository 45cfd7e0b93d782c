// The emulator against Envoy: the same module runs the same script on both, and the host must
// have answered the same. What is masked differs from run to run (ports, times, ids); nothing
// else is.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { closeConnections } from "../support/client.ts";
import { type Case, onEmulator, onEnvoy } from "../host/probe.ts";

const phases = ["configure", "request", "response", "log", "done", "delete"];
const inEveryPhase = (operations: string[]) =>
  phases.flatMap((phase) =>
    operations.map((operation) => `${phase} ${operation.replaceAll("$", phase)}`),
  );

const properties =
  "request/path request/url_path request/query request/host request/scheme request/method request/referer request/id " +
  "request/useragent request/protocol request/headers/x-dup request/headers/none request/size request/time request " +
  "request/duration response response/code response/code_details response/flags response/headers/x-r response/size " +
  "response/grpc_status response/backend_latency source/address source/port destination/address connection/mtls " +
  "connection/requested_server_name connection/uri_san_peer_certificate upstream/address upstream/request_attempt_count " +
  "upstream/transport_failure_reason xds/cluster_name xds/route_name xds/virtual_host_name xds/listener_direction " +
  "xds/node/id xds/node/cluster xds/filter_chain_name node/id metadata/filter_metadata/a plugin_name plugin_root_id " +
  "plugin_vm_id connection_id mine cluster_name route_name";

/** Sent twice each: which are joined, which stay two? */
const twice =
  "accept accept-encoding authorization cache-control content-encoding cookie forwarded from if-match origin pragma range " +
  "referer traceparent tracestate user-agent via access-control-request-method access-control-request-headers x-forwarded-host x-own x-b3-traceid priority";
const twiceInResponse =
  "accept-ranges age cache-control content-language etag expires last-modified link location set-cookie vary via warning " +
  "www-authenticate x-own retry-after access-control-allow-origin access-control-allow-headers access-control-allow-methods access-control-expose-headers access-control-max-age access-control-allow-credentials ratelimit";

const both = (names: string) =>
  names.split(" ").flatMap((name): [string, string][] => [
    [name, "1"],
    [name, "2"],
  ]);
const request = {
  path: "/x/../y?z",
  headers: [
    ["x-dup", "1"],
    ["x-dup", "2"],
    ["user-agent", "ua"],
  ] as [string, string][],
};
const response = {
  status: 201,
  headers: { "x-r": "1", "x-dup": ["9", "8"], "content-length": "5" },
  body: "hello",
};

const cases: Record<string, Case> = {
  "properties in every phase": {
    plugins: {
      probe: inEveryPhase([
        "set-property mine $",
        ...properties.split(" ").map((each) => `property ${each}`),
      ]),
    },
    request,
    response,
  },
  "reading and changing header maps in every phase": {
    plugins: {
      probe: inEveryPhase([
        ...[0, 1, 2, 3, 6, 7, 9].flatMap((map) => [
          `header ${map} x-dup`,
          `header ${map} none`,
          `add ${map} x-$ 1`,
        ]),
        ...[0, 2].flatMap((map) => [
          `replace ${map} x-dup 5`,
          `header ${map} x-dup`,
          `remove ${map} x-dup`,
          `pairs ${map}`,
        ]),
      ]),
    },
    request,
    response,
  },
  "headers that come twice": {
    plugins: { probe: ["request pairs 0", "response pairs 2", "delete clock 0"] },
    request: { headers: both(twice) },
    response: {
      headers: {
        ...Object.fromEntries(twiceInResponse.split(" ").map((name) => [name, ["1", "2"]])),
        "content-length": "0",
      },
    },
  },
  "shared data, metrics, buffers, clocks and the rest in every phase": {
    plugins: {
      probe: inEveryPhase([
        "shared-get k-$",
        "shared-swap k-$ one",
        "shared-swap k-$ two",
        "shared-swap k-$ three 7",
        "shared-get k-$",
        "shared-swap fresh-$ x 5",
        "counter c-$ 2",
        "counter c-$ 0",
        "counter c-$ -1",
        "counter-record c-$ 5",
        "gauge g-$ 4",
        "gauge g-$ -1",
        "gauge-record g-$ 9",
        "histogram h-$ 3",
        "metric-unknown 4000",
        "metric-unknown 4002",
        "metric-unknown 4003",
        "buffer 0 0 10",
        "buffer 1 0 3",
        "buffer 4 0 10",
        "buffer 6 0 10",
        "buffer 7 0 4",
        "buffer 7 3 0",
        "foreign nothing x",
        "foreign verify_signature x",
        "foreign clear_route_cache x",
        "clock 0",
        "clock 1",
        "clock 2",
        "use 4000",
        "done",
        "call nowhere 100 :path=/ :method=GET :authority=x",
        "call upstream 100 :path=/ :method=GET",
        "call empty 100 :path=/ :method=GET :authority=x",
        "continue 7",
        "close 9",
      ]),
    },
    request,
    response,
  },
  "a callout that holds the request": {
    plugins: {
      probe: [
        "request call upstream 1000 :path=/called :method=GET :authority=x",
        "request stop",
        "answer header 6 x-r",
        "answer buffer 4 0 100",
        "answer buffer 4 2 2",
        "answer header 7 none",
        "answer property request/path",
        "answer header 0 x-dup",
        "answer use-caller",
        "answer property request/path",
        "answer header 0 x-dup",
        "answer header 6 x-r",
        "answer add 0 x-late 1",
        "answer set-property mine late",
        "answer continue 0",
        "answer add 0 x-too-late 1",
        "answer header 0 x-dup",
        "response property mine",
        "log header 0 x-late",
        "log header 0 x-too-late",
        "delete clock 0",
      ],
      second: ["request header 0 x-late", "request property mine", "delete clock 0"],
    },
    request,
    response,
  },
  "a callout that is refused": {
    plugins: {
      probe: [
        "request call refusing 1000 :path=/ :method=GET :authority=x",
        "request stop",
        "answer header 6 :status",
        "answer use-caller",
        "answer reply 503 no_keys sorry retry-after=1",
        "delete clock 0",
      ],
    },
  },
  "a local reply and what the other filters see of it": {
    plugins: {
      first: [
        "request set-property mine 1",
        "response header 2 x-own",
        "response header 0 x-dup",
        "log header 2 x-own",
        "log property response/code_details",
        "log property mine",
        "delete clock 0",
      ],
      second: [
        "request reply 403 no_way denied x-own=1 content-type=application/json x-own=2",
        "request add 0 x-after 1",
        "response header 2 x-own",
        "response header 0 x-dup",
        "response property request/path",
        "log header 0 x-after",
        "log property response/code",
        "delete clock 0",
      ],
      third: [
        "request header 0 x-dup",
        "response header 2 x-own",
        "log header 2 x-own",
        "log header 0 x-dup",
        "log property response/code_details",
        "done clock 0",
        "delete clock 0",
      ],
    },
    request,
  },
  "a local reply without a body": {
    plugins: {
      probe: [
        "request reply 429 over_limit",
        "log property response/code_details",
        "delete clock 0",
      ],
    },
  },
  "a local reply for gRPC": {
    plugins: {
      probe: ["request reply 429 over limit% x-own=1", "response pairs 2", "delete clock 0"],
    },
    request: {
      headers: [
        ["content-type", "application/grpc"],
        ["te", "trailers"],
      ],
      method: "POST",
    },
  },
  "a local reply in the response": {
    plugins: {
      first: ["response header 2 x-own", "log header 2 x-own", "delete clock 0"],
      second: [
        "response reply 502 bad_answer bad x-own=1",
        "log header 2 x-r",
        "log property response/code",
        "delete clock 0",
      ],
    },
    request,
    response,
  },
  "a trap in the request": {
    plugins: {
      first: ["request clock 0", "response header 2 :status", "delete clock 0"],
      second: ["request trap"],
      third: ["request clock 0", "response clock 0"],
    },
  },
};

/** What no two runs share. */
function mask(line: string): string {
  return (
    line
      .replace(
        /(property (?:request\/time|request\/duration|response\/backend_latency|source\/port)) -> 0 0x.*/,
        "$1 -> 0 *",
      )
      .replace(
        /(property (?:request\/id|source\/address|destination\/address|upstream\/address)) -> 0 '.*/,
        "$1 -> 0 *",
      )
      // How many headers Envoy says a call's answer had depends on the server, the length of its
      // own 503 on its version.
      .replace(/^probe answer \d+ headers \d+ bytes/, "probe answer * headers * bytes")
      .replace(/(property connection_id) -> 0 .*/, "$1 -> 0 *")
      .replace(/(x-request-id|x-forwarded-for|x-envoy-upstream-service-time|date)=\S+/g, "$1=*")
  );
}

/** Order of headers in a map is not compared: the server in the test adds its own. */
function sortPairs(line: string): string {
  const [head, tail] = line.split(" -> ") as [string, string];
  if (!/ pairs \d$/.test(head)) return line;
  const ours = tail
    .split(" ")
    .filter(
      (pair) =>
        !/^(date|connection|keep-alive|transfer-encoding|x-envoy-expected-rq-timeout-ms)=/.test(
          pair,
        ),
    );
  return `${head} -> ${ours.sort().join(" ")}`;
}

for (const version of ["newest", "oldest"]) {
  describe(`the emulator answers as Envoy does (${version})`, () => {
    after(closeConnections);
    for (const [name, each] of Object.entries(cases)) {
      it(name, async () => {
        const [emulated, real] = await Promise.all([onEmulator(each), onEnvoy(each, version)]);
        const shown = (lines: string[]) => lines.map((line) => sortPairs(mask(line)));
        assert.deepEqual(shown(emulated.lines), shown(real.lines));
        assert.ok(real.lines.length > 0, "the script did run");
        assert.equal(emulated.status, real.status);
        assert.equal(emulated.body, real.body);
        for (const header of [
          "x-own",
          "content-type",
          "content-length",
          "grpc-status",
          "grpc-message",
          "retry-after",
        ]) {
          // On the wire an absent body has a length, in the header map it need not.
          const [ours, theirs] = [emulated, real].map(({ headers }) => headers[header] ?? "0");
          assert.equal(ours, theirs, header);
        }
      });
    }
  });
}
