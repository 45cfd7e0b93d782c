// MeshConfig as far as decisions depend on it, from whatever holds it: the istio ConfigMap, an
// IstioOperator, or Helm values.
import { parse as parseYaml } from "yaml";
import type { Manifest } from "../core/source.ts";
import { at, fieldsOf, listOf, mapsOf, textAt } from "../core/value.ts";
import { defaultMesh } from "./types.ts";
import type { Mesh } from "./types.ts";

export function meshOf(manifests: readonly Manifest[]): Mesh {
  const config = manifests.map(configIn).find((found) => found !== undefined);
  if (config === undefined) return defaultMesh;
  const aliases = listOf(at(config, "trustDomainAliases"));
  return {
    rootNamespace: textAt(config, "rootNamespace") ?? defaultMesh.rootNamespace,
    trustDomain: textAt(config, "trustDomain") ?? defaultMesh.trustDomain,
    trustDomainAliases: aliases.filter((alias): alias is string => typeof alias === "string"),
    extensionProviders: mapsOf(at(config, "extensionProviders")).flatMap(
      (provider) => textAt(provider, "name") ?? [],
    ),
  };
}

function configIn(manifest: Manifest): unknown {
  if (manifest.kind === "ConfigMap") {
    const text = textAt(manifest.at("data"), "mesh");
    if (text === undefined) return undefined;
    try {
      return fieldsOf(parseYaml(text));
    } catch {
      return undefined;
    }
  }
  return manifest.at("spec", "meshConfig") ?? manifest.at("meshConfig");
}
