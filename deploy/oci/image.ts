// The image of one filter, in both forms that Istio accepts. Pure: the same module gives the same
// digest everywhere, so `render` can pin what `push` will have pushed.
import { createHash } from "node:crypto";
import type { ModuleName } from "../core/catalog.ts";
import { gzipStored, tar } from "./tar.ts";

export type Form = "image" | "artifact";

export interface Blob {
  mediaType: string;
  digest: string;
  data: Buffer;
}

export interface Image {
  form: Form;
  mediaType: string;
  /** The manifest's bytes, and its digest: what a resource pins. */
  manifest: Buffer;
  digest: string;
  /** Config first, then the layers. */
  blobs: Blob[];
}

/** What an image is made of. */
export interface Content {
  filter: ModuleName;
  version: string;
  module: Buffer;
  /** The text of config.schema.json. */
  schema: string;
}

const source = "gatehouse";
const manifestType = "application/vnd.oci.image.manifest.v1+json";

/** `sha256:…` of some bytes. */
export function digestOf(data: Buffer | string): string {
  return `sha256:${createHash("sha256").update(data).digest("hex")}`;
}

/**
 * Builds the image. `image` is the compat variant (tar+gzip with plugin.wasm), `artifact` the
 * two-layer one.
 */
export function buildImage(content: Content, form: Form): Image {
  return form === "image" ? buildCompat(content) : buildArtifact(content);
}

/**
 * OCI image whose last layer is tar+gzip with `plugin.wasm` (solo-io/wasm spec-compat; Istio's
 * imagefetcher).
 */
function buildCompat(content: Content): Image {
  const archive = tar([
    { name: "config.schema.json", data: Buffer.from(content.schema) },
    { name: "plugin.wasm", data: content.module },
  ]);
  const layer = blob("application/vnd.oci.image.layer.v1.tar+gzip", gzipStored(archive));
  const config = blob(
    "application/vnd.oci.image.config.v1+json",
    json({
      architecture: "wasm",
      os: "wasip1",
      config: { Labels: annotations(content) },
      rootfs: { type: "layers", diff_ids: [digestOf(archive)] },
    }),
  );
  return assemble("image", content, config, [layer]);
}

/**
 * Artifact of exactly two layers, the module itself and its runtime configuration: here its
 * schema.
 */
function buildArtifact(content: Content): Image {
  const module = blob("application/vnd.module.wasm.content.layer.v1+wasm", content.module);
  const schema = blob("application/schema+json", Buffer.from(content.schema));
  const config = blob(
    "application/vnd.module.wasm.config.v1+json",
    json({
      type: "envoy_proxy",
      abiVersions: ["v0-2-1"],
      name: content.filter,
      version: content.version,
    }),
  );
  return assemble("artifact", content, config, [module, schema]);
}

function assemble(form: Form, content: Content, config: Blob, layers: Blob[]): Image {
  const describe = ({ mediaType, digest, data }: Blob) => ({
    mediaType,
    digest,
    size: data.length,
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: manifestType,
    config: describe(config),
    layers: layers.map(describe),
    annotations: annotations(content),
  });
  return {
    form,
    mediaType: manifestType,
    manifest,
    digest: digestOf(manifest),
    blobs: [config, ...layers],
  };
}

/** Nothing in here may depend on when or where the image was built. */
function annotations(content: Content): Record<string, string> {
  return {
    "dev.gatehouse.config-schema": digestOf(content.schema),
    "dev.gatehouse.module": digestOf(content.module),
    "org.opencontainers.image.licenses": "Apache-2.0",
    "org.opencontainers.image.source": source,
    "org.opencontainers.image.title": content.filter,
    "org.opencontainers.image.version": content.version,
  };
}

function blob(mediaType: string, data: Buffer): Blob {
  return { mediaType, digest: digestOf(data), data };
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}
