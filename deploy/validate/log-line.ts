// Envoy's access loggers that print access-log's line: without a filter they print `-` for each
// request that has no line.
import { asksForLine, lineFilter, printsLine } from "../core/log-line.ts";
import type { Finding } from "../core/problem.ts";
import type { Manifest, Path } from "../core/source.ts";
import { at, fieldsOf, mapsOf } from "../core/value.ts";
import type { Fields } from "../core/value.ts";
import { meshOf } from "./mesh.ts";
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

/** The names of a mesh's providers that print the line. */
function providersOf(manifest: Manifest): string[] {
  return mapsOf(at(meshOf(manifest)?.config, "extensionProviders"))
    .filter((provider) => printsLine(at(provider, "envoyFileAccessLog", "logFormat")))
    .map(({ name }) => String(name));
}

/** The log that a mesh has without any Telemetry takes no filter. */
function checkMesh(manifest: Manifest): Finding[] {
  const mesh = meshOf(manifest);
  const { accessLogFile, accessLogFormat } = fieldsOf(mesh?.config);
  if (!mesh || !accessLogFile || !printsLine(accessLogFormat)) return [];
  const what = `the mesh's own log of ${manifest.title} prints the filter's line without a filter`;
  const right =
    "name a provider with this format in a Telemetry, and give its accessLogging " +
    `filter: { expression: "${lineFilter}" }`;
  return [warning(manifest, mesh.path, what, right)];
}

function checkTelemetry(manifest: Manifest, providers: Set<string>): Finding[] {
  if (manifest.kind !== "Telemetry") return [];
  return mapsOf(manifest.at("spec", "accessLogging")).flatMap((entry, index) => {
    const named = mapsOf(entry.providers).find(({ name }) => providers.has(String(name)));
    if (!named || entry.disabled === true || asksForLine(at(entry, "filter", "expression")))
      return [];
    const path = ["spec", "accessLogging", index];
    const what = `${manifest.title} prints the filter's line (${String(named.name)}) without a filter`;
    const right = `write filter: { expression: "${lineFilter}" } beside providers`;
    return [warning(manifest, path, what, right)];
  });
}

/** Loggers that an EnvoyFilter adds, wherever they stand in it. */
function checkEnvoyFilter(manifest: Manifest): Finding[] {
  if (manifest.kind !== "EnvoyFilter") return [];
  return loggersOf(manifest.at("spec"), ["spec"])
    .filter(({ logger }) => !JSON.stringify(logger.filter ?? "").includes(lineFilter))
    .map(({ path }) => {
      const what = `a logger of ${manifest.title} prints the filter's line without a filter`;
      const right = `give it an extension_filter of type ExpressionFilter: ${lineFilter}`;
      return warning(manifest, path, what, right);
    });
}

/** Objects that Envoy reads as an AccessLog and whose format prints the line. */
function loggersOf(value: unknown, path: Path): { logger: Fields; path: Path }[] {
  if (typeof value !== "object" || value === null) return [];
  const config = at(value, "typed_config");
  const isLogger = String(at(config, "@type") ?? "").includes(".access_loggers.");
  if (isLogger && printsLine(config)) return [{ logger: fieldsOf(value), path }];
  return Object.entries(value).flatMap(([key, each]) =>
    loggersOf(each, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}
