// Which access loggers a proxy has: Istio joins the Telemetries of the mesh, of the namespace and
// of the workload (istio/istio pilot/pkg/model/telemetry.go, mergeLogs).
import type { Manifest } from "../../core/source.ts";
import { fieldsOf, listOf, mapsOf, textAt } from "../../core/value.ts";
import type { Fields } from "../../core/value.ts";
import { attachmentOf, attaches } from "../attachment.ts";
import { canonicalText } from "../canonical.ts";
import type { Gap, Mesh, NativeRequest } from "../types.ts";
import { CelError, parseCel } from "./cel.ts";
import { builtInProvider } from "./formats.ts";
import type { LogFormat } from "./line.ts";
import { meshConfigsIn, meshFormat, providerFormat, providerIn } from "./providers.ts";

export interface Logger {
  /** The provider's name; `mesh` for the one of accessLogFile. */
  name: string;
  /** Of a file; undefined for a provider that sends what Envoy knows. */
  format?: LogFormat;
  /** The whole provider, as text. */
  provider: string;
  /** CEL. */
  filter?: string;
}

export function telemetriesIn(resources: readonly Manifest[]): Manifest[] {
  return resources.filter(
    (manifest) =>
      manifest.group === "telemetry.istio.io" &&
      manifest.kind === "Telemetry" &&
      listOf(manifest.at("spec", "accessLogging")).length > 0,
  );
}

/** Filters that no model reads. */
export function logGaps(
  resources: readonly Manifest[],
  isKnown: (filter: string) => boolean,
): Gap[] {
  return telemetriesIn(resources).flatMap((manifest) =>
    mapsOf(manifest.at("spec", "accessLogging")).flatMap(({ filter }, at): Gap[] => {
      const expression = textAt(filter, "expression");
      if (expression === undefined || isKnown(expression)) return [];
      try {
        parseCel(expression);
        return [];
      } catch (cause) {
        if (!(cause instanceof CelError)) throw cause;
        return [{ manifest, path: ["spec", "accessLogging", at, "filter"], why: cause.message }];
      }
    }),
  );
}

export function loggersAt(
  resources: readonly Manifest[],
  request: NativeRequest,
  mesh: Mesh,
): Logger[] {
  const configs = meshConfigsIn(resources);
  const levels = levelsAt(resources, request, mesh);
  const defaults = configs
    .flatMap((config) => listOf(fieldsOf(config.defaultProviders).accessLogging))
    .map(String);
  if (levels.length === 0 && defaults.length === 0) {
    const [config = {}] = configs;
    return config.accessLogFile
      ? [{ name: "mesh", format: meshFormat(config), provider: "{}" }]
      : [];
  }
  const filters = merged(levels, defaults, modeOf(request));
  return [...filters].map(([name, filter]) => loggerOf(configs, name, filter));
}

function loggerOf(configs: readonly Fields[], name: string, filter: string | undefined): Logger {
  const provider = providerIn(configs, name);
  const isFile = name === builtInProvider || provider?.envoyFileAccessLog !== undefined;
  return {
    name,
    ...(isFile && { format: providerFormat(configs, name) }),
    provider: canonicalText(provider ?? {}),
    ...(filter !== undefined && { filter }),
  };
}

/**
 * The `accessLogging` of the Telemetries for a proxy, the mesh's first. Of several of one level the
 * first counts.
 */
function levelsAt(resources: readonly Manifest[], request: NativeRequest, mesh: Mesh): Fields[][] {
  const { workload } = request;
  const all = telemetriesIn(resources);
  const isWide = (manifest: Manifest) => {
    const { labels, refs } = attachmentOf(manifest);
    return Object.keys(labels).length === 0 && refs.length === 0;
  };
  const wideIn = (namespace: string) =>
    all.find((one) => isWide(one) && one.namespace === namespace);
  const own = all.find(
    (one) =>
      !isWide(one) &&
      one.namespace === workload.namespace &&
      attaches(attachmentOf(one), workload, mesh),
  );
  const namespaced =
    workload.namespace === mesh.rootNamespace ? undefined : wideIn(workload.namespace);
  return [wideIn(mesh.rootNamespace), namespaced, own].flatMap((one) =>
    one ? [mapsOf(one.at("spec", "accessLogging"))] : [],
  );
}

type Mode = "CLIENT" | "SERVER";

function modeOf({ workload, direction }: NativeRequest): Mode {
  const isServer =
    workload.kind === "waypoint" || (workload.kind === "sidecar" && direction === "inbound");
  return isServer ? "SERVER" : "CLIENT";
}

/** Each provider that logs, with its filter. */
function merged(
  levels: readonly Fields[][],
  defaults: readonly string[],
  mode: Mode,
): Map<string, string | undefined> {
  if (levels.length === 0) return new Map(defaults.map((name) => [name, undefined]));
  const isFor = (entry: Fields) => {
    const own = textAt(entry.match, "mode") ?? "CLIENT_AND_SERVER";
    return own === "CLIENT_AND_SERVER" || own === mode;
  };
  let inScope: readonly string[] = defaults;
  const filters = new Map<string, string | undefined>();
  for (const level of levels) {
    const own = level.filter(isFor);
    for (const entry of own)
      for (const name of namesIn(entry)) filters.set(name, textAt(entry.filter, "expression"));
    const names = own.flatMap(namesIn);
    if (names.length > 0) inScope = names;
  }
  // Istio's own provider stands for none at all.
  if (inScope.length === 0) inScope = [builtInProvider];
  const found = new Map<string, string | undefined>();
  let parents: readonly string[] = defaults.length > 0 ? defaults : [builtInProvider];
  for (const entry of levels.flat()) {
    const names = namesIn(entry);
    if (names.length > 0) parents = names;
    for (const name of parents) {
      if (!inScope.includes(name) || !isFor(entry)) continue;
      if (entry.disabled === true) found.delete(name);
      else found.set(name, filters.get(name) ?? textAt(entry.filter, "expression"));
    }
  }
  return found;
}

function namesIn(entry: Fields): string[] {
  return mapsOf(entry.providers).map(({ name }) => String(name));
}
