// access-log: the guide's line, and a request that sampling leaves out.
import { type Json, wasmFilter } from "../../envoy/bootstrap.ts";
import { added, type Effort, measure, wire } from "../compare.ts";
import { emptyCallback } from "../empty-callback.ts";
import { type Finding, finding } from "../report.ts";

/** The guide's seven fields. */
export const FORMAT = {
  timestamp: "%START_TIME%",
  method: "%REQ(:METHOD)%",
  path: "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
  status: "%RESPONSE_CODE%",
  duration: "%DURATION%",
  upstream: "%UPSTREAM_HOST%",
  trace_id: "%REQ(X-B3-TRACEID)%",
};

function fileLog(format: Json): Json {
  const typed = {
    "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
  };
  return {
    access_log: [
      { name: "file", typed_config: { ...typed, path: "/dev/null", log_format: format } },
    ],
  };
}

/** Envoy's own JSON log. */
export const nativeLog = fileLog({ json_format: FORMAT });

/** Envoy's logger printing the line that our filter made. */
export const bareLog = fileLog({
  text_format_source: { inline_string: "%FILTER_STATE(wasm.gatehouse_access_log:PLAIN)%\n" },
});

export function own(more: Json = {}): Json {
  return wasmFilter({
    name: "access-log",
    config: { format: { json: FORMAT }, sinks: [{ envoyLog: {} }], ...more },
  });
}

const errors = { status: { min: 500 } };

const plain = wire("/api/products/7?page=2", {
  "user-agent": "bench/1.0",
  accept: "*/*",
  "x-b3-traceid": "80f198ee56343ba864fe8b2a57d3eff7",
});

/** A traced request. */
export function request(): Buffer {
  return plain;
}

export async function run(effort: Effort): Promise<Finding[]> {
  const measured = await measure(
    [
      { name: "none", request },
      { name: "empty", filters: [await emptyCallback()], request },
      { name: "native", connectionManager: nativeLog, request },
      { name: "own", filters: [own()], connectionManager: bareLog, request },
      { name: "proxy-log", filters: [own({ sinks: [{ proxyLog: {} }] })], request },
      { name: "left-out", filters: [own({ sample: { percent: 0 } })], request },
      // This trace is not among the one in ten thousand.
      { name: "sampled-out", filters: [own({ sample: { percent: 0.01 } })], request },
      {
        name: "no-error",
        filters: [own({ sample: { percent: 0.01, alwaysWhen: [errors] } })],
        request,
      },
    ],
    effort,
  );
  const of = (name: string) => added(measured, name);
  const detail = `an empty callback +${of("empty").toFixed(2)} µs, envoyLog +${of("own").toFixed(2)} µs, proxyLog +${of("proxy-log").toFixed(2)}, Envoy's own +${of("native").toFixed(2)}`;
  const notSampled = `by the trace's id +${of("sampled-out").toFixed(2)} µs, percent 0 +${of("left-out").toFixed(2)}, errors always +${of("no-error").toFixed(2)}`;
  return [
    finding("access-log/guide-line", of("own") / of("empty"), detail),
    finding("access-log/sampled-out", of("sampled-out") / of("empty"), notSampled),
  ];
}
