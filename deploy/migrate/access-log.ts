// The mesh's own access log (MeshConfig, Telemetry) → access-log. The line stays what it was: Envoy's logger prints it from
// the filter state, so that nothing downstream of the log has to change.
import { parseDocument } from "yaml";
import { lineFilter, lineFormat, printsLine } from "../core/log-line.ts";
import type { Manifest, Path } from "../core/source.ts";
import { listOf, placementFor } from "./context.ts";
import { withoutImpossible } from "./log-format.ts";
import type { Context } from "./context.ts";
import { rootNamespace } from "../validate/overlap.ts";

/** What Envoy's logger has to print once the filter writes the line. */
const bareFormat = `${lineFormat}\\n`;

interface Mesh {
  config: any;
  path: Path;
  /** The key's own place is unknown inside a block of text: then the report stays at `path`. */
  isText: boolean;
}

/** The MeshConfig inside an IstioOperator, a ConfigMap, or Helm values. */
function meshConfigOf(manifest: Manifest): Mesh | undefined {
  const { value } = manifest;
  if (manifest.kind === "IstioOperator" && value.spec?.meshConfig)
    return { config: value.spec.meshConfig, path: ["spec", "meshConfig"], isText: false };
  if (manifest.kind === "ConfigMap" && typeof value.data?.mesh === "string") {
    const document = parseDocument(value.data.mesh);
    if (document.errors.length === 0)
      return { config: document.toJS(), path: ["data", "mesh"], isText: true };
  }
  if (!manifest.kind && value?.meshConfig && typeof value.meshConfig === "object")
    return { config: value.meshConfig, path: ["meshConfig"], isText: false };
  return undefined;
}

/** True if it says anything about access logs. */
export function hasAccessLog(manifest: Manifest): boolean {
  const config = meshConfigOf(manifest)?.config;
  return config?.accessLogFormat !== undefined || Boolean(config?.accessLogFile);
}

/** Envoy's default text format as Istio sets it (istio/istio pkg/config/mesh, release 1.31). */
const istioDefault =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% ' +
  '%RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% ' +
  '%BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" ' +
  '"%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS% ' +
  "%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%";

export function migrateMeshAccessLog(context: Context, manifest: Manifest): void {
  const { report } = context;
  const { config, path, isText } = meshConfigOf(manifest)!;
  const at = (key: string): Path => (isText ? path : [...path, key]);
  const draft = context.drafts.at(rootNamespace, { sidecar: { direction: "both" } }, "mesh");
  const settings = draft.settings("access-log", manifest, () => ({}));
  const line = String(config.accessLogFormat ?? istioDefault).replace(/\n$/, "");
  settings.format = possible(context, manifest, at("accessLogFormat"), formatOf(config, line));
  settings.sinks = [{ envoyLog: {} }];
  const how =
    `access-log.format; set accessLogFormat: "${bareFormat}" in the mesh, and a Telemetry with ` +
    `providers: [{ name: envoy }] and filter: { expression: "${lineFilter}" }: Envoy's logger ` +
    "then prints the filter's line and nothing for a request without one; credentials in it are " +
    "redacted (redact.defaults: false prints them)";
  if (config.accessLogFormat === undefined)
    report.changed(
      manifest,
      at("accessLogFile"),
      `no format is set: Istio's default one is written out. ${how}`,
    );
  else report.changed(manifest, at("accessLogFormat"), how);
  if (config.accessLogFile !== undefined)
    report.kept(manifest, at("accessLogFile"), "Envoy's logger goes on writing there");
  if (config.accessLogEncoding !== undefined)
    report.carried(manifest, at("accessLogEncoding"), "access-log.format");
  report.kept(
    manifest,
    isText ? path : path.slice(0, 1),
    "the rest of it is not about what the filters do",
  );
}

/** Says of each operator that cannot be had why, and leaves `-` for it. */
function possible(context: Context, manifest: Manifest, path: Path, written: any): any {
  const { format, lost } = withoutImpossible(written);
  for (const { operator, why } of lost)
    context.report.lost(manifest, path, `${operator}: ${why}; "-" stands in its place`);
  return format;
}

/**
 * JSON encoding is a map of names; anything else is a line of text, which stays the very same
 * line.
 */
function formatOf(config: any, line: string): any {
  if (config.accessLogEncoding !== "JSON") return { text: line };
  try {
    return { json: JSON.parse(line) };
  } catch {
    return { text: line };
  }
}

/** Telemetry: only its access log; tracing and metrics are not ours. */
export function migrateTelemetry(context: Context, manifest: Manifest): void {
  const { report } = context;
  const { spec = {} } = manifest.value;
  for (const key of Object.keys(spec).filter(
    (name) => !["accessLogging", "selector", "targetRefs", "targetRef"].includes(name),
  )) {
    report.kept(manifest, ["spec", key], "not about access logs");
  }
  const logging = listOf(spec.accessLogging);
  if (logging.length === 0) {
    for (const key of ["selector", "targetRefs", "targetRef"])
      if (spec[key]) report.kept(manifest, ["spec", key], "not about access logs");
    return;
  }
  if (logging.every((entry) => entry?.disabled === true)) {
    report.kept(
      manifest,
      ["spec", "accessLogging"],
      "it switches the log off, and where there is no logger there is no line",
    );
    return;
  }
  const format = providerFormat(context, logging);
  if (printsLine(format)) {
    report.kept(
      manifest,
      ["spec", "accessLogging"],
      "its provider prints the filter's line already",
    );
    return;
  }
  const draft = context.drafts.at(
    manifest.namespace,
    direction(placementFor(context, manifest), logging),
    `${manifest.name}-log`,
  );
  const settings = draft.settings("access-log", manifest, () => ({ sinks: [{ envoyLog: {} }] }));
  settings.format ??= possible(
    context,
    manifest,
    ["spec", "accessLogging"],
    format ?? { text: istioDefault },
  );
  logging.forEach((entry, index) => {
    const at = ["spec", "accessLogging", index];
    if (entry?.match !== undefined)
      report.carried(manifest, [...at, "match"], "placement (direction)");
    if (entry?.providers !== undefined)
      report.changed(
        manifest,
        [...at, "providers"],
        `the provider stays; its format becomes "${bareFormat}", and the line is the filter's; ` +
          `the entry's filter becomes { expression: "${lineFilter}" }`,
      );
    if (entry?.disabled !== undefined)
      report.kept(
        manifest,
        [...at, "disabled"],
        "it switches Envoy's own logger, which prints the line of the sink envoyLog",
      );
    if (entry?.filter !== undefined)
      addFilter(context, manifest, settings, entry.filter, [...at, "filter"]);
  });
  report.close(manifest);
}

/** The format of the provider that is named, if a mesh configuration that was read has it. */
function providerFormat(context: Context, logging: any[]): any {
  const names = new Set(
    logging.flatMap((entry) => listOf(entry?.providers).map(({ name }) => String(name))),
  );
  const meshes = context.manifests.flatMap((manifest) => meshConfigOf(manifest)?.config ?? []);
  const providers = meshes.flatMap((config) => listOf(config.extensionProviders));
  const formats = providers
    .filter(
      ({ name, envoyFileAccessLog }) => names.has(String(name)) && envoyFileAccessLog?.logFormat,
    )
    .map(({ envoyFileAccessLog }) => envoyFileAccessLog.logFormat);
  const { text, labels } = formats[0] ?? {};
  return labels ? { json: labels } : text ? { text: String(text).replace(/\n$/, "") } : undefined;
}

function direction(placement: any, logging: any[]): any {
  if (!placement.sidecar) return placement;
  const modes = new Set(logging.map((entry) => entry?.match?.mode ?? "CLIENT_AND_SERVER"));
  const only = modes.size === 1 ? [...modes][0] : "CLIENT_AND_SERVER";
  const directions: Record<string, string> = { CLIENT: "outbound", SERVER: "inbound" };
  return { sidecar: { ...placement.sidecar, direction: directions[only] ?? "both" } };
}

/** The CEL that people write: comparisons of the status or the duration, joined by `||`. */
function addFilter(
  context: Context,
  manifest: Manifest,
  settings: any,
  filter: any,
  path: Path,
): void {
  const parts = String(filter?.expression ?? "")
    .split("||")
    .map((part) => part.trim());
  const conditions = parts.map(conditionOf);
  if (conditions.some((condition) => condition === undefined)) {
    context.report.lost(
      manifest,
      path,
      "only comparisons of response.code with a number have a counterpart: write it as access-log.when by hand",
    );
    return;
  }
  settings.when = [...(settings.when ?? []), ...conditions];
  context.report.carried(manifest, path, "access-log.when");
}

function conditionOf(text: string): any {
  const match = /^\(?\s*response\.code\s*(>=|<=|>|<|==)\s*(\d{3})\s*\)?$/.exec(text);
  if (!match) return undefined;
  const code = Number(match[2]);
  const bounds: Record<string, any> = {
    ">=": { min: code },
    ">": { min: code + 1 },
    "<=": { max: code },
    "<": { max: code - 1 },
    "==": { min: code, max: code },
  };
  return { status: bounds[match[1]!] };
}
