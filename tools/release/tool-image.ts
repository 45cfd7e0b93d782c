// The tool as an image, without a docker engine: one layer of ours over a base image that has Node
// at /nodejs/bin/node, such as gcr.io/distroless/nodejs24-debian12. The same base and the same
// commit give the same digest.
import { execFileSync } from "node:child_process";
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestOf } from "../../deploy/oci/image.ts";
import type { Blob } from "../../deploy/oci/image.ts";
import type { Registry } from "../../deploy/oci/registry.ts";
import { gzipStored, tar } from "../../deploy/oci/tar.ts";
import type { TarFile } from "../../deploy/oci/tar.ts";
import { at, fieldsOf, listOf, mapsOf, textAt } from "../../deploy/core/value.ts";
import type { Fields } from "../../deploy/core/value.ts";
import { folder as packageFolder } from "../package.ts";

const root = join(import.meta.dirname, "../..");
const indexType = "application/vnd.oci.image.index.v1+json";
const manifestType = "application/vnd.oci.image.manifest.v1+json";
const accepted = [
  indexType,
  manifestType,
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/** distroless' user `nonroot`. */
const user = "65532:65532";

/** The command by its name; the kernel reads the first line, no shell is needed. */
const command = `#!/nodejs/bin/node\nimport("/opt/gatehouse/bin/gatehouse.js");\n`;

/** The assembled package with its dependencies as the lock file has them. */
export function toolFiles(): TarFile[] {
  const work = mkdtempSync(join(tmpdir(), "gatehouse-image-"));
  try {
    for (const file of ["package.json", "package-lock.json"])
      cpSync(join(root, file), join(work, file));
    const omitted = ["--omit=dev", "--omit=optional", "--ignore-scripts"];
    const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
    execFileSync("npm", ["ci", ...omitted, ...quiet], { cwd: work, stdio: ["ignore", 2, 2] });
    return [
      ...filesIn(packageFolder, "opt/gatehouse"),
      ...filesIn(join(work, "node_modules"), "opt/gatehouse/node_modules"),
      { name: "usr/local/bin/gatehouse", data: Buffer.from(command), mode: 0o755 },
    ];
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function filesIn(folder: string, place: string): TarFile[] {
  return globSync("**/*", { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== ".package-lock.json")
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => ({
      name: `${place}${file.slice(folder.length)}`,
      data: readFileSync(file),
      mode: 0o644,
    }));
}

interface Platform {
  manifest: Buffer;
  config: Blob;
  layer: Blob;
  /** Of the base, as its manifest lists them. */
  baseLayers: Fields[];
  platform: Fields;
}

/**
 * Puts the tool's image for each platform of the base into `target`, under `tag`. Gives the digest
 * of the index.
 */
export async function pushToolImage(
  base: Registry,
  baseDigest: string,
  target: Registry,
  tag: string,
  files: TarFile[],
): Promise<string> {
  const archive = tar(files);
  const layer = blobOf("application/vnd.oci.image.layer.v1.tar+gzip", gzipStored(archive));
  const found = await base.json(`manifests/${baseDigest}`, accepted, baseDigest);
  if (found === undefined)
    throw new Error(`${baseDigest}: no such base image; name another with --base`);
  const platforms: Platform[] = [];
  for (const digest of manifestsIn(found) ?? [baseDigest])
    platforms.push(await over(base, digest, layer, digestOf(archive), tag));
  for (const one of platforms) {
    for (const { digest } of one.baseLayers)
      await target.putBlob(blobOf("", await base.blob(String(digest))));
    for (const blob of [one.config, one.layer]) await target.putBlob(blob);
    await target.putManifest(digestOf(one.manifest), manifestType, one.manifest);
  }
  const manifests = platforms.map(({ manifest, platform }) => ({
    mediaType: manifestType,
    digest: digestOf(manifest),
    size: manifest.length,
    platform,
  }));
  const index = json({ schemaVersion: 2, mediaType: indexType, manifests });
  for (const reference of [digestOf(index), tag])
    await target.putManifest(reference, indexType, index);
  return digestOf(index);
}

/**
 * The manifests of an index for Linux on the architectures that we test; undefined for an image.
 */
function manifestsIn(value: unknown): string[] | undefined {
  if (at(value, "manifests") === undefined) return undefined;
  const digests = mapsOf(at(value, "manifests"))
    .filter((one) => textAt(one, "platform", "os") === "linux")
    .filter((one) => ["amd64", "arm64"].includes(textAt(one, "platform", "architecture") ?? ""))
    .map(({ digest }) => String(digest))
    .sort();
  if (digests.length > 0) return digests;
  throw new Error("the base has no image for linux/amd64 or linux/arm64; name another with --base");
}

async function over(
  base: Registry,
  digest: string,
  layer: Blob,
  diffId: string,
  version: string,
): Promise<Platform> {
  const manifest = await base.json(`manifests/${digest}`, accepted, digest);
  const configDigest = textAt(manifest, "config", "digest") ?? "";
  const config = fieldsOf(JSON.parse((await base.blob(configDigest)).toString("utf8")));
  const { architecture, os, variant } = config;
  const baseLayers = mapsOf(at(manifest, "layers")).map(({ mediaType, digest: own, size }) => ({
    mediaType: String(mediaType).replace(
      "vnd.docker.image.rootfs.diff.tar.gzip",
      "vnd.oci.image.layer.v1.tar+gzip",
    ),
    digest: own,
    size,
  }));
  const made = blobOf(
    "application/vnd.oci.image.config.v1+json",
    json({
      architecture,
      os,
      ...(variant !== undefined && { variant }),
      config: {
        User: user,
        WorkingDir: "/workspace",
        Env: ["PATH=/usr/local/bin:/usr/bin:/bin:/nodejs/bin"],
        Entrypoint: ["/usr/local/bin/gatehouse"],
        Labels: {
          "org.opencontainers.image.title": "gatehouse",
          "org.opencontainers.image.version": version,
          "org.opencontainers.image.licenses": "Apache-2.0",
          "org.opencontainers.image.base.digest": digest,
        },
      },
      rootfs: {
        type: "layers",
        diff_ids: [...listOf(at(config, "rootfs", "diff_ids")), diffId],
      },
    }),
  );
  const describe = (blob: Blob) => ({
    mediaType: blob.mediaType,
    digest: blob.digest,
    size: blob.data.length,
  });
  const layers = [...baseLayers, describe(layer)];
  const text = { schemaVersion: 2, mediaType: manifestType, config: describe(made), layers };
  const platform = { architecture, os, ...(variant !== undefined && { variant }) };
  return { manifest: json(text), config: made, layer, baseLayers, platform };
}

function blobOf(mediaType: string, data: Buffer): Blob {
  return { mediaType, digest: digestOf(data), data };
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}
