// Images as an OCI image layout in one tar archive (`skopeo copy oci-archive:…`, `crane push`).
import { tar } from "../../deploy/oci/tar.ts";
import type { TarFile } from "../../deploy/oci/tar.ts";
import { digestOf } from "../../deploy/oci/image.ts";

export interface Named {
  /** `jwt-auth:0.1.0`. */
  name: string;
  mediaType: string;
  manifest: Buffer;
  blobs: { digest: string; data: Buffer }[];
}

export function layout(images: Named[]): Buffer {
  const blobs = new Map<string, Buffer>();
  const manifests = images.map(({ name, mediaType, manifest, blobs: own }) => {
    const digest = digestOf(manifest);
    blobs.set(digest, manifest);
    for (const blob of own) blobs.set(blob.digest, blob.data);
    const annotations = { "org.opencontainers.image.ref.name": name };
    return { mediaType, digest, size: manifest.length, annotations };
  });
  const index = {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests,
  };
  const files: TarFile[] = [
    { name: "oci-layout", data: Buffer.from('{"imageLayoutVersion":"1.0.0"}') },
    { name: "index.json", data: Buffer.from(JSON.stringify(index)) },
    ...[...blobs]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([digest, data]) => ({ name: `blobs/${digest.replace(":", "/")}`, data })),
  ];
  return tar(files);
}
