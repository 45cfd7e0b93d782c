// MeshConfig as far as access logs depend on it: providers, and the formats that their loggers
// print.
import { parseDocument } from "yaml";
import type { Manifest, Path } from "../../core/source.ts";
import { at, fieldsOf, isFields, mapsOf } from "../../core/value.ts";
import type { Fields } from "../../core/value.ts";
import { builtInProvider, istioJsonFormat, istioTextFormat } from "./formats.ts";
import type { LogFormat } from "./line.ts";

export interface MeshDocument {
  config: Fields;
  path: Path;
  /** The key's own place is unknown inside a block of text: then a report stays at `path`. */
  isText: boolean;
}

/** The MeshConfig inside an IstioOperator, a ConfigMap, or Helm values. */
export function meshDocumentIn(manifest: Manifest): MeshDocument | undefined {
  const inOperator = manifest.at("spec", "meshConfig");
  if (manifest.kind === "IstioOperator" && isFields(inOperator))
    return { config: inOperator, path: ["spec", "meshConfig"], isText: false };
  const text = manifest.at("data", "mesh");
  if (manifest.kind === "ConfigMap" && typeof text === "string") {
    const document = parseDocument(text);
    if (document.errors.length === 0)
      return { config: fieldsOf(document.toJS()), path: ["data", "mesh"], isText: true };
  }
  const inValues = manifest.at("meshConfig");
  if (!manifest.kind && isFields(inValues))
    return { config: inValues, path: ["meshConfig"], isText: false };
  return undefined;
}

export function meshConfigsIn(manifests: readonly Manifest[]): Fields[] {
  return manifests.flatMap((manifest) => {
    const found = meshDocumentIn(manifest);
    return found ? [found.config] : [];
  });
}

/**
 * What the mesh's own logger prints; an empty format, or one that is no JSON where JSON is asked
 * for, is the default.
 */
export function meshFormat(config: Fields): LogFormat {
  const written = String(config.accessLogFormat ?? "");
  if (config.accessLogEncoding !== "JSON")
    return { text: written === "" ? istioTextFormat : written.replace(/\n$/, "") };
  try {
    const labels: unknown = JSON.parse(written);
    if (labels !== null && typeof labels === "object") return { json: labels };
  } catch {
    // Istio says so in its own log, and goes on with the default.
  }
  return { json: istioJsonFormat };
}

export function providerIn(configs: readonly Fields[], name: string): Fields | undefined {
  return configs
    .flatMap((config) => mapsOf(config.extensionProviders))
    .find((one) => one.name === name);
}

/** What a file provider's logger prints: its own format, or for Istio's own provider the mesh's. */
export function providerFormat(configs: readonly Fields[], name: string): LogFormat {
  const format = at(providerIn(configs, name), "envoyFileAccessLog", "logFormat");
  if (!format && name === builtInProvider) return meshFormat(configs[0] ?? {});
  const { text, labels } = fieldsOf(format);
  if (labels) return { json: Object.keys(fieldsOf(labels)).length > 0 ? labels : istioJsonFormat };
  return { text: text ? String(text).replace(/\n$/, "") : istioTextFormat };
}
