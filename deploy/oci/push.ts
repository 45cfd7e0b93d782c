// Stores one image in a registry. Safe to run again: what is there already is left alone.
import type { Image } from "./image.ts";
import { nameText } from "./name.ts";
import type { Name } from "./name.ts";
import { Registry } from "./registry.ts";
import type { RegistryOptions } from "./registry.ts";

export interface Pushed {
  /** Pinned name: what a resource should hold. */
  reference: string;
  digest: string;
  tags: string[];
  blobsSent: number;
  /** True if everything, the tags included, was there before. */
  unchanged: boolean;
}

/**
 * Blobs first, then the manifest by digest, then the tags: a tag never stands for something that
 * cannot be pulled, and a push that broke off goes on with the blobs that are missing.
 */
export async function push(
  image: Image,
  name: Name,
  tags: string[],
  options: RegistryOptions,
): Promise<Pushed> {
  const registry = new Registry(name, options);
  let blobsSent = 0;
  for (const blob of image.blobs) blobsSent += Number(await registry.putBlob(blob));
  let unchanged = blobsSent === 0;
  for (const reference of [image.digest, ...tags]) {
    if ((await registry.digestOf(reference, image.mediaType)) === image.digest) continue;
    await registry.putManifest(reference, image.mediaType, image.manifest);
    unchanged = false;
  }
  return {
    reference: nameText(name, image.digest),
    digest: image.digest,
    tags,
    blobsSent,
    unchanged,
  };
}
