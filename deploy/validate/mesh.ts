// The mesh's own configuration, where the files have it: in an IstioOperator, or as istiod reads
// it.
import { parseDocument } from "yaml";
import type { Manifest, Path } from "../core/source.ts";

export interface Mesh {
  config: unknown;
  /** Where it stands in the manifest. */
  path: Path;
}

export function meshOf(manifest: Manifest): Mesh | undefined {
  if (manifest.kind === "IstioOperator") {
    const path = ["spec", "meshConfig"];
    return { config: manifest.at(...path), path };
  }
  const mesh = manifest.at("data", "mesh");
  if (manifest.kind !== "ConfigMap" || typeof mesh !== "string") return undefined;
  const document = parseDocument(mesh);
  const config = document.errors.length === 0 ? document.toJS() : undefined;
  return { config, path: ["data", "mesh"] };
}
