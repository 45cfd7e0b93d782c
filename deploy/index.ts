// The library: what the tool's verbs do, as functions. Nothing here prints, ends the process or
// talks to a cluster.
//
// Errors that stop a function are `ToolError`, with a code to act on.
import { partsOf } from "./core/kustomize.ts";
import { loadPolicies } from "./core/load.ts";
import { ToolError } from "./core/problem.ts";
import type { Finding } from "./core/problem.ts";
import type { Api, Resource } from "./core/resource.ts";
import { parse, read } from "./core/source.ts";
import type { Manifest } from "./core/source.ts";
import { migrate as migrateManifests } from "./migrate/migrate.ts";
import { render as renderPolicy } from "./render/render.ts";
import { tryCases } from "./try/run.ts";
import type { TryOptions, TryResult } from "./try/run.ts";
import { validate as validateManifests } from "./validate/validate.ts";
import type { ValidateOptions, Validated } from "./validate/validate.ts";

export { version } from "./core/filter-schemas.ts";
export { ToolError, textOf } from "./core/problem.ts";
export type { Code, Finding, Place, Severity } from "./core/problem.ts";
export type { Api, Resource } from "./core/resource.ts";
export type { Decision, Explained } from "./try/explain.ts";
export type { TryOptions, TryResult } from "./try/run.ts";
export type { Validated, ValidateOptions } from "./validate/validate.ts";

/** Where YAML or JSON comes from: paths of files and folders, or a text. */
export type Source = { files: string[] } | { text: string; name?: string };

function manifestsOf(source: Source): { manifests: Manifest[]; findings: Finding[] } {
  if ("files" in source) return read(source.files);
  return parse(source.text, source.name ?? "the text");
}

/** Everything that `gatehouse validate` says: also what is wrong with the syntax. */
export async function validate(source: Source, options: ValidateOptions = {}): Promise<Validated> {
  const { manifests, findings: syntax } = manifestsOf(source);
  const parts = partsOf(manifests);
  const { findings, counts } = await validateManifests(manifests, options);
  return {
    findings: [...syntax.filter(({ place }) => !parts.has(place.file)), ...findings],
    counts,
  };
}

/** What became of one field of a native resource. */
export interface MigratedField {
  resource: string;
  path: readonly (string | number)[];
  /** `carried`, `changed`, `kept`, `lost` or `foreign`. */
  outcome: string;
  note: string;
}

export interface Migration {
  /** Settings files, then the native resources as they have to change. */
  documents: object[];
  fields: MigratedField[];
}

/** Native resources → settings, with a report for every field. */
export function migrate(source: Source, imageRepository: string): Migration {
  const { manifests, findings } = manifestsOf(source);
  const [broken] = findings;
  if (broken) throw new ToolError("input", broken.what, { place: broken.place });
  const { documents, report } = migrateManifests(manifests, imageRepository);
  return {
    documents: documents.map(({ value }) => value),
    fields: report.entries.map(({ manifest, path, outcome, note }) => ({
      resource: manifest.title,
      path,
      outcome,
      note,
    })),
  };
}

/** Settings → the resources of the mesh, in the order in which they should be applied. */
export function render(files: string[], options: { api?: Api; start?: Date } = {}): Resource[] {
  const { api = "WasmPlugin", start = new Date() } = options;
  return loadPolicies(files).policies.flatMap((policy) => renderPolicy(policy, { api, start }));
}

/** Runs cases through the real filters in an emulated proxy. */
export function tryRequests(options: TryOptions): TryResult[] {
  return tryCases(options);
}
