// access-log: the guide's line, and a request that sampling leaves out.
import { lineFilter, lineFormat } from "../../deploy/core/log-line.ts";
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

function fileLog(format: Json, filter?: Json): Json {
  const typed = {
    "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
  };
  return {
    access_log: [
      {
        name: "file",
        ...(filter && { filter }),
        typed_config: { ...typed, path: "/dev/null", log_format: format },
      },
    ],
  };
}

/** Envoy's own JSON log. */
export const nativeLog = fileLog({ json_format: FORMAT });

/** Envoy's logger printing the line that our filter made. */
const lineAlone = { text_format_source: { inline_string: `${lineFormat}\n` } };
export const bareLog = fileLog(lineAlone);

/** The same with the condition that leaves out requests without a line, as the project ships it. */
const filteredLog = fileLog(lineAlone, {
  extension_filter: {
    name: "envoy.access_loggers.extension_filters.cel",
    typed_config: {
      "@type":
        "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
      expression: lineFilter,
    },
  },
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
      {
        name: "left-out-filtered",
        filters: [own({ sample: { percent: 0 } })],
        connectionManager: filteredLog,
        request,
      },
      {
        name: "left-out-dash",
        filters: [own({ sample: { percent: 0 } })],
        connectionManager: bareLog,
        request,
      },
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
  const loggerOf = (name: string) => (of(name) - of("left-out")).toFixed(2);
  const logger = `Envoy's logger of a request without a line: with its filter +${loggerOf("left-out-filtered")} µs, without it ("-" is printed) +${loggerOf("left-out-dash")}`;
  return [
    finding("access-log/guide-line", of("own") / of("empty"), detail),
    finding("access-log/sampled-out", of("sampled-out") / of("empty"), `${notSampled}; ${logger}`),
  ];
}
