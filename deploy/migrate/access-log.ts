// The mesh's own access log (MeshConfig, Telemetry) → access-log. The line stays what it was:
// Envoy's logger prints it from the filter state, so that nothing downstream of the log has to
// change.
import { lineFilter, lineFormat, printsLine } from "../core/log-line.ts";
import type { Manifest, Path } from "../core/source.ts";
import { at, fieldsOf, listOf, textAt } from "../core/value.ts";
import type { Fields } from "../core/value.ts";
import { compareLogs } from "../compare/logs.ts";
import { placementFor } from "./context.ts";
import { FilterError, whenOf } from "./log-filter.ts";
import { withoutImpossible } from "./log-format.ts";
import type { LostOperator } from "./log-format.ts";
import { CelError, parseCel } from "../native/log/cel.ts";
import { builtInProvider } from "../native/log/formats.ts";
import {
  meshConfigsIn,
  meshDocumentIn,
  meshFormat,
  providerFormat,
  providerIn,
} from "../native/log/providers.ts";
import type { Context } from "./context.ts";
import type { Placement } from "./resource.ts";
import { rootNamespace } from "../validate/overlap.ts";

/** What Envoy's logger has to print once the filter writes the line. */
const bareFormat = `${lineFormat}\\n`;

/** True if it says anything about access logs. */
export function hasAccessLog(manifest: Manifest): boolean {
  const config = meshDocumentIn(manifest)?.config;
  return config?.accessLogFormat !== undefined || Boolean(config?.accessLogFile);
}

export function migrateMeshAccessLog(context: Context, manifest: Manifest): void {
  const { report } = context;
  const { config, path, isText } = meshDocumentIn(manifest)!;
  const place = (key: string): Path => (isText ? path : [...path, key]);
  const native = meshFormat(config);
  const { format, lost } = withoutImpossible(native);
  const { difference } = compareLogs({ format: native }, { format });
  if (difference !== undefined) {
    const path = place(config.accessLogFormat === undefined ? "accessLogFile" : "accessLogFormat");
    report.kept(manifest, path, `stays native: its proof failed: ${difference}`);
    return;
  }
  const draft = context.drafts.at(rootNamespace, { sidecar: { direction: "both" } }, "mesh");
  const settings = draft.settings("access-log", manifest, () => ({}));
  settings.format = format;
  settings.sinks = [{ envoyLog: {} }];
  sayLost(context, manifest, place("accessLogFormat"), lost);
  const how =
    `access-log.format; set accessLogFormat: "${bareFormat}" in the mesh, and a Telemetry with ` +
    `providers: [{ name: envoy }] and filter: { expression: "${lineFilter}" }: Envoy's logger ` +
    "then prints the filter's line and nothing for a request without one; credentials in it are " +
    "redacted (redact.defaults: false prints them)";
  if (!config.accessLogFormat)
    report.changed(
      manifest,
      place(config.accessLogFormat === undefined ? "accessLogFile" : "accessLogFormat"),
      `no format is set: Istio's default one is written out. ${how}`,
    );
  else report.changed(manifest, place("accessLogFormat"), how);
  if (config.accessLogFile !== undefined)
    report.kept(manifest, place("accessLogFile"), "Envoy's logger goes on writing there");
  if (config.accessLogEncoding !== undefined)
    report.carried(manifest, place("accessLogEncoding"), "access-log.format");
  report.kept(
    manifest,
    isText ? path : path.slice(0, 1),
    "the rest of it is not about what the filters do",
  );
}

/** Says of each operator that cannot be had why, and that `-` stands for it. */
function sayLost(
  { report }: Context,
  manifest: Manifest,
  path: Path,
  lost: readonly LostOperator[],
): void {
  for (const { operator, why } of lost)
    report.lost(manifest, path, `${operator}: ${why}; "-" stands in its place`);
}

const targetKeys = ["selector", "targetRefs", "targetRef"];

/** Telemetry: only its access log; tracing and metrics are not ours. */
export function migrateTelemetry(context: Context, manifest: Manifest): void {
  const { report } = context;
  const spec = fieldsOf(manifest.at("spec"));
  const own = ["accessLogging", ...targetKeys];
  for (const key of Object.keys(spec).filter((name) => !own.includes(name)))
    report.kept(manifest, ["spec", key], "not about access logs");
  const logging = listOf(spec.accessLogging).map(fieldsOf);
  if (logging.length === 0) {
    for (const key of targetKeys)
      if (spec[key]) report.kept(manifest, ["spec", key], "not about access logs");
    return;
  }
  const stay = stayNote(context, logging);
  if (stay !== undefined) {
    report.kept(manifest, stay.path, stay.note);
    return;
  }
  const [entry] = logging as [Fields];
  const native = providerFormat(meshConfigsIn(context.manifests), providerName(entry));
  const { format, lost } = withoutImpossible(native);
  const expression = textAt(entry.filter, "expression");
  const conditions = expression === undefined ? [] : whenOf(expression);
  const settings: Fields = { format, ...(conditions.length > 0 && { when: conditions }) };
  const filter = expression === undefined ? {} : { filter: parseCel(expression) };
  const { difference } = compareLogs({ format: native, ...filter }, settings);
  if (difference !== undefined) {
    report.kept(manifest, ["spec"], `stays native: its proof failed: ${difference}`);
    return;
  }
  const placement = direction(placementFor(context, manifest), entry);
  const draft = context.drafts.at(manifest.namespace, placement, `${manifest.name}-log`);
  const written = draft.settings("access-log", manifest, () => ({ sinks: [{ envoyLog: {} }] }));
  written.format ??= format;
  if (conditions.length > 0) written.when = [...listOf(written.when), ...conditions];
  sayLost(context, manifest, ["spec", "accessLogging"], lost);
  sayEntry(context, manifest, entry);
  report.close(manifest);
}

function sayEntry({ report }: Context, manifest: Manifest, entry: Fields): void {
  const at: Path = ["spec", "accessLogging", 0];
  if (entry.match !== undefined)
    report.carried(manifest, [...at, "match"], "placement (direction)");
  if (entry.providers !== undefined)
    report.changed(
      manifest,
      [...at, "providers"],
      `the provider stays; its format becomes "${bareFormat}", and the line is the filter's; ` +
        `the entry's filter becomes { expression: "${lineFilter}" }`,
    );
  if (entry.disabled !== undefined)
    report.kept(
      manifest,
      [...at, "disabled"],
      "it switches Envoy's own logger, which prints the line of the sink envoyLog",
    );
  if (textAt(entry.filter, "expression") !== undefined)
    report.carried(manifest, [...at, "filter"], "access-log.when");
}

interface StayNote {
  path: Path;
  note: string;
}

/** Why nothing is to be done; undefined if the filter takes the log over. */
function stayNote(context: Context, logging: readonly Fields[]): StayNote | undefined {
  const path = ["spec", "accessLogging"];
  if (logging.every(({ disabled }) => disabled === true))
    return { path, note: "it switches the log off, and where there is no logger there is no line" };
  const reason = reasonToStay(context, logging);
  if (reason !== undefined) return { path: ["spec"], note: `stays native: ${reason}` };
  const configs = meshConfigsIn(context.manifests);
  if (printsLine(providerFormat(configs, providerName(logging[0]!))))
    return { path, note: "its provider prints the filter's line already" };
  return undefined;
}

/** Why the filter would not write the lines that Envoy's loggers do; undefined if it would. */
function reasonToStay(context: Context, logging: readonly Fields[]): string | undefined {
  const [entry] = logging;
  if (logging.length > 1 || !entry)
    return "several entries are several loggers, which Istio joins by its rules";
  const named = listOf(entry.providers);
  if (named.length > 1) return "several providers write lines of their own";
  if (entry.disabled === true) return "it switches a log off";
  const name = providerName(entry);
  const provider = providerIn(meshConfigsIn(context.manifests), name);
  if (!provider && name !== builtInProvider)
    return `its provider ${name} is in no MeshConfig that was read`;
  if (provider && !provider.envoyFileAccessLog)
    return `its provider ${name} is no file: it sends what Envoy knows of a request, not a line`;
  if (at(provider, "envoyFileAccessLog", "omitEmptyValues"))
    return `its provider ${name} leaves empty values out`;
  return filterReason(textAt(entry.filter, "expression"));
}

function filterReason(expression: string | undefined): string | undefined {
  if (expression === undefined) return undefined;
  try {
    whenOf(expression);
    return undefined;
  } catch (cause) {
    if (!(cause instanceof CelError) && !(cause instanceof FilterError)) throw cause;
    return `its filter is none that access-log has: ${cause.message}`;
  }
}

function providerName(entry: Fields): string {
  return textAt(listOf(entry.providers)[0], "name") ?? builtInProvider;
}

const directions: Record<string, string> = { CLIENT: "outbound", SERVER: "inbound" };

function direction(placement: Placement, entry: Fields): Placement {
  if (!placement.sidecar) return placement;
  const mode = textAt(entry.match, "mode") ?? "CLIENT_AND_SERVER";
  return { sidecar: { ...placement.sidecar, direction: directions[mode] ?? "both" } };
}
