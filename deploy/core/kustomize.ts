// Files in a folder that are no resources by themselves: patches of an overlay, and data that a
// generator packs.
import { dirname, join, normalize } from "node:path";
import type { Manifest } from "./source.ts";
import { at, listOf } from "./value.ts";

/** file → why it is not looked at as a resource. */
export function partsOf(manifests: Manifest[]): Map<string, string> {
  const parts = new Map<string, string>();
  for (const manifest of manifests) {
    if (manifest.group !== "kustomize.config.k8s.io") continue;
    const folder = dirname(manifest.file);
    const add = (path: unknown, reason: string) => {
      if (typeof path === "string" && !path.includes("\n"))
        parts.set(normalize(join(folder, path)), reason);
    };
    const value = manifest.fields;
    for (const patch of listOf(value.patches)) add(at(patch, "path"), "a kustomize patch");
    for (const patch of listOf(value.patchesStrategicMerge)) add(patch, "a kustomize patch");
    for (const patch of listOf(value.patchesJson6902)) add(at(patch, "path"), "a kustomize patch");
    for (const replacement of listOf(value.replacements))
      add(at(replacement, "path"), "a kustomize replacement");
    for (const generator of [
      ...listOf(value.configMapGenerator),
      ...listOf(value.secretGenerator),
    ]) {
      for (const file of listOf(at(generator, "files")))
        add(String(file).replace(/^[^=]*=/, ""), "data of a generator");
    }
  }
  return parts;
}
