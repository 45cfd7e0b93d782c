// Envoy's access loggers that print access-log's line: without a filter they print `-` for each
// request that has no line.
import { parseDocument } from "yaml";
import { asksForLine, lineFilter, printsLine } from "../core/log-line.ts";
import type { Finding } from "../core/problem.ts";
import type { Manifest, Path } from "../core/source.ts";
import type { World } from "./world.ts";

/** The provider that the project's own mesh configurations define. */
const shippedProvider = "gatehouse-access-log";

export function checkLogLines({ resources }: World): Finding[] {
  const providers = new Set([shippedProvider, ...resources.flatMap(providersOf)]);
  return resources.flatMap((resource) => [
    ...checkMesh(resource),
    ...checkTelemetry(resource, providers),
    ...checkEnvoyFilter(resource),
  ]);
}

function warning(manifest: Manifest, path: Path, what: string, right: string): Finding {
  const why = "Envoy then prints `-` for each request that has no line, such as a sampled-out one";
  return { severity: "warning", rule: "log-line", place: manifest.place(path), what, why, right };
}

interface Mesh {
  config: any;
  path: Path;
}

function meshOf(manifest: Manifest): Mesh | undefined {
  const { kind, value } = manifest;
  if (kind === "IstioOperator")
    return { config: value.spec?.meshConfig, path: ["spec", "meshConfig"] };
  if (kind !== "ConfigMap" || typeof value.data?.mesh !== "string") return undefined;
  const document = parseDocument(value.data.mesh);
  const config = document.errors.length === 0 ? document.toJS() : undefined;
  return { config, path: ["data", "mesh"] };
}

function listOf(value: unknown): any[] {
  return Array.isArray(value) ? value : [];
}

/** The names of a mesh's providers that print the line. */
function providersOf(manifest: Manifest): string[] {
  return listOf(meshOf(manifest)?.config?.extensionProviders)
    .filter((provider) => printsLine(provider?.envoyFileAccessLog?.logFormat))
    .map(({ name }) => String(name));
}

/** The log that a mesh has without any Telemetry takes no filter. */
function checkMesh(manifest: Manifest): Finding[] {
  const mesh = meshOf(manifest);
  if (!mesh?.config?.accessLogFile || !printsLine(mesh.config.accessLogFormat)) return [];
  const what = `the mesh's own log of ${manifest.title} prints the filter's line without a filter`;
  const right =
    "name a provider with this format in a Telemetry, and give its accessLogging " +
    `filter: { expression: "${lineFilter}" }`;
  return [warning(manifest, mesh.path, what, right)];
}

function checkTelemetry(manifest: Manifest, providers: Set<string>): Finding[] {
  if (manifest.kind !== "Telemetry") return [];
  return listOf(manifest.value.spec?.accessLogging).flatMap((entry, at) => {
    const named = listOf(entry?.providers).find(({ name }) => providers.has(String(name)));
    if (!named || entry.disabled === true || asksForLine(entry.filter?.expression)) return [];
    const path = ["spec", "accessLogging", at];
    const what = `${manifest.title} prints the filter's line (${named.name}) without a filter`;
    const right = `write filter: { expression: "${lineFilter}" } beside providers`;
    return [warning(manifest, path, what, right)];
  });
}

/** Loggers that an EnvoyFilter adds, wherever they stand in it. */
function checkEnvoyFilter(manifest: Manifest): Finding[] {
  if (manifest.kind !== "EnvoyFilter") return [];
  return loggersOf(manifest.value.spec, ["spec"])
    .filter(({ logger }) => !JSON.stringify(logger.filter ?? "").includes(lineFilter))
    .map(({ path }) => {
      const what = `a logger of ${manifest.title} prints the filter's line without a filter`;
      const right = `give it an extension_filter of type ExpressionFilter: ${lineFilter}`;
      return warning(manifest, path, what, right);
    });
}

/** Objects that Envoy reads as an AccessLog and whose format prints the line. */
function loggersOf(value: any, path: Path): { logger: any; path: Path }[] {
  if (typeof value !== "object" || value === null) return [];
  const config = value.typed_config;
  const isLogger = String(config?.["@type"] ?? "").includes(".access_loggers.");
  if (isLogger && printsLine(config)) return [{ logger: value, path }];
  return Object.entries(value).flatMap(([key, each]) =>
    loggersOf(each, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}
