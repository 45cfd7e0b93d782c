// The mesh's own access log (MeshConfig, Telemetry) → access-log. The line stays what it was: Envoy's logger prints it from
// the filter state, so that nothing downstream of the log has to change.
import { parseDocument } from "yaml";
import { lineFilter, lineFormat, printsLine } from "../core/log-line.ts";
import type { Manifest, Path } from "../core/source.ts";
import { listOf, placementFor } from "./context.ts";
import { FilterError, whenOf } from "./log-filter.ts";
import { withoutImpossible } from "./log-format.ts";
import { CelError } from "../native/log/cel.ts";
import { builtInProvider, istioJsonFormat, istioTextFormat } from "../native/log/formats.ts";
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

export function migrateMeshAccessLog(context: Context, manifest: Manifest): void {
  const { report } = context;
  const { config, path, isText } = meshConfigOf(manifest)!;
  const at = (key: string): Path => (isText ? path : [...path, key]);
  const draft = context.drafts.at(rootNamespace, { sidecar: { direction: "both" } }, "mesh");
  const settings = draft.settings("access-log", manifest, () => ({}));
  settings.format = possible(context, manifest, at("accessLogFormat"), formatOf(config));
  settings.sinks = [{ envoyLog: {} }];
  const how =
    `access-log.format; set accessLogFormat: "${bareFormat}" in the mesh, and a Telemetry with ` +
    `providers: [{ name: envoy }] and filter: { expression: "${lineFilter}" }: Envoy's logger ` +
    "then prints the filter's line and nothing for a request without one; credentials in it are " +
    "redacted (redact.defaults: false prints them)";
  if (!config.accessLogFormat)
    report.changed(
      manifest,
      at(config.accessLogFormat === undefined ? "accessLogFile" : "accessLogFormat"),
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

/** What the mesh's own logger prints; an empty format, or one that is no JSON where JSON is asked for, is the default. */
function formatOf(config: any): any {
  const written = String(config?.accessLogFormat ?? "");
  if (config?.accessLogEncoding !== "JSON")
    return { text: written === "" ? istioTextFormat : written.replace(/\n$/, "") };
  try {
    const labels = JSON.parse(written);
    if (labels !== null && typeof labels === "object") return { json: labels };
  } catch {
    // Istio says so in its own log, and goes on with the default.
  }
  return { json: istioJsonFormat };
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
  const reason = reasonToStay(context, logging);
  if (reason !== undefined) {
    report.kept(manifest, ["spec"], `stays native: ${reason}`);
    return;
  }
  const format = providerFormat(context, logging[0]);
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
  settings.format ??= possible(context, manifest, ["spec", "accessLogging"], format);
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
    if (entry?.filter?.expression !== undefined)
      addFilter(context, manifest, settings, entry.filter, [...at, "filter"]);
  });
  report.close(manifest);
}

/** Why the filter would not write the lines that Envoy's loggers do; undefined if it would. */
function reasonToStay(context: Context, logging: any[]): string | undefined {
  if (logging.length > 1)
    return "several entries are several loggers, which Istio joins by its rules";
  const [entry] = logging;
  const named = listOf(entry?.providers);
  if (named.length > 1) return "several providers write lines of their own";
  if (entry?.disabled === true) return "it switches a log off";
  const name = String(named[0]?.name ?? builtInProvider);
  const provider = providersOf(context).find((one) => one?.name === name);
  if (!provider && name !== builtInProvider)
    return `its provider ${name} is in no MeshConfig that was read`;
  if (provider && !provider.envoyFileAccessLog)
    return `its provider ${name} is no file: it sends what Envoy knows of a request, not a line`;
  if (provider?.envoyFileAccessLog?.omitEmptyValues)
    return `its provider ${name} leaves empty values out`;
  return filterReason(entry?.filter);
}

function filterReason(filter: any): string | undefined {
  if (filter?.expression === undefined) return undefined;
  try {
    whenOf(String(filter.expression));
    return undefined;
  } catch (cause) {
    if (!(cause instanceof CelError) && !(cause instanceof FilterError)) throw cause;
    return `its filter is none that access-log has: ${cause.message}`;
  }
}

function providersOf(context: Context): any[] {
  const meshes = context.manifests.flatMap((manifest) => meshConfigOf(manifest)?.config ?? []);
  return meshes.flatMap((config) => listOf(config.extensionProviders));
}

/** What the provider's logger prints: its own format, or for Istio's own provider the mesh's. */
function providerFormat(context: Context, entry: any): any {
  const name = String(listOf(entry?.providers)[0]?.name ?? builtInProvider);
  const provider = providersOf(context).find((one) => one?.name === name);
  const format = provider?.envoyFileAccessLog?.logFormat;
  if (!format && name === builtInProvider) {
    const meshes = context.manifests.flatMap((manifest) => meshConfigOf(manifest)?.config ?? []);
    return formatOf(meshes[0]);
  }
  const { text, labels } = format ?? {};
  if (labels) return { json: Object.keys(labels).length > 0 ? labels : istioJsonFormat };
  return { text: text ? String(text).replace(/\n$/, "") : istioTextFormat };
}

function direction(placement: any, logging: any[]): any {
  if (!placement.sidecar) return placement;
  const modes = new Set(logging.map((entry) => entry?.match?.mode ?? "CLIENT_AND_SERVER"));
  const only = modes.size === 1 ? [...modes][0] : "CLIENT_AND_SERVER";
  const directions: Record<string, string> = { CLIENT: "outbound", SERVER: "inbound" };
  return { sidecar: { ...placement.sidecar, direction: directions[only] ?? "both" } };
}

function addFilter(
  context: Context,
  manifest: Manifest,
  settings: any,
  filter: any,
  path: Path,
): void {
  const conditions = whenOf(String(filter.expression));
  if (conditions.length > 0) settings.when = [...(settings.when ?? []), ...conditions];
  context.report.carried(manifest, path, "access-log.when");
}
