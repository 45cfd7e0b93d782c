// The sigstore bundles that lie beside an image in its registry: by the referrers API, or where a
// registry has none, by the tag `sha256-<digest>` (OCI distribution specification 1.1).
import { listOf, mapsOf, at, textAt } from "../core/value.ts";
import { bundleType } from "./bundle.ts";
import type { Registry } from "./registry.ts";

/** More would be a registry that wants to keep us busy. */
const bundlesMax = 64;

/** Every bundle that is about the image with this digest. */
export async function bundlesOf(registry: Registry, digest: string): Promise<unknown[]> {
  const bundles: unknown[] = [];
  for (const manifestDigest of await manifestsOf(registry, digest)) {
    const path = `manifests/${manifestDigest}`;
    const manifest = await registry.json(path, manifestType, manifestDigest);
    for (const layer of listOf(at(manifest, "layers"))) {
      const blob = textAt(layer, "digest") ?? "";
      if (textAt(layer, "mediaType") !== bundleType) continue;
      bundles.push(await registry.json(`blobs/${blob}`, "*/*", blob));
    }
  }
  return bundles;
}

async function manifestsOf(registry: Registry, digest: string): Promise<string[]> {
  for (const path of [`referrers/${digest}`, `manifests/${digest.replace(":", "-")}`]) {
    const index = await registry.json(path, indexType);
    const found = mapsOf(at(index, "manifests"))
      .filter(({ artifactType }) => artifactType === bundleType)
      .map((manifest) => String(manifest.digest));
    if (found.length > 0) return found.slice(0, bundlesMax);
  }
  return [];
}

const indexType = "application/vnd.oci.image.index.v1+json";
const manifestType = "application/vnd.oci.image.manifest.v1+json";
