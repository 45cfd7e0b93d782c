// Pushes the images of a built release and signs each: `node tools/release/images.ts FOLDER
// REPOSITORY (--key FILE | --keyless) [--base IMAGE]`. What is pushed is what IMAGES of the folder names.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { moduleNames } from "../../deploy/core/catalog.ts";
import { credentialsFor } from "../../deploy/oci/credentials.ts";
import { parseName, nameText } from "../../deploy/oci/name.ts";
import type { Name } from "../../deploy/oci/name.ts";
import { push } from "../../deploy/oci/push.ts";
import { Registry } from "../../deploy/oci/registry.ts";
import { imageFor } from "../../deploy/render/render.ts";
import { pushToolImage, toolFiles } from "./tool-image.ts";

export interface PublishOptions {
  out: string;
  repository: string;
  cosign?: string;
  key?: string;
  signingConfig?: string;
  /** The image below the tool's own; without one the tool has no image. */
  base?: string;
}

/** Gives the pinned names of the images. */
export async function publish(options: PublishOptions): Promise<string[]> {
  const { out, repository, cosign = "cosign" } = options;
  const released = readFileSync(join(out, "IMAGES"), "utf8").trim().split("\n");
  const { predicate } = JSON.parse(readFileSync(join(out, "provenance.intoto.json"), "utf8"));
  const file = join(out, "..", "predicate.json");
  writeFileSync(file, JSON.stringify(predicate));
  const references: string[] = [];
  const signed = (name: Name, digest: string, predicateFile: string) => {
    const reference = nameText(name, digest);
    const common = [
      ...(options.key ? ["--key", options.key] : []),
      ...(options.signingConfig ? ["--signing-config", options.signingConfig] : []),
      ...(name.plainHttp ? ["--allow-http-registry"] : []),
      "--yes",
    ];
    const type = ["--type", "slsaprovenance1", "--predicate", predicateFile];
    for (const args of [
      ["sign", ...common],
      ["attest", ...common, ...type],
    ])
      execFileSync(cosign, [...args, reference], { stdio: ["ignore", 2, 2] });
    references.push(reference);
  };
  for (const line of released) {
    const [digest = "", title = ""] = line.split("  ");
    const [module = "", tag = ""] = title.split(":");
    const name = parseName(`${repository}/${module}`);
    const found = moduleNames.find((one) => one === module)!;
    const image = imageFor(found, tag.endsWith("-artifact") ? "artifact" : "image");
    if (image.digest !== digest)
      throw new Error(
        `${title}: this checkout gives ${image.digest}; check out the release's commit`,
      );
    await push(image, name, [tag], { credentials: await credentialsFor(name.registry) });
    signed(name, digest, file);
  }
  if (options.base) await publishTool(options, released[0]!, predicate, signed);
  return references;
}

/** The tool's image, with its base among what the provenance names. */
async function publishTool(
  { out, repository, base = "" }: PublishOptions,
  released: string,
  predicate: { buildDefinition: { resolvedDependencies: object[] } },
  signed: (name: Name, digest: string, predicateFile: string) => void,
): Promise<void> {
  const [, image = base, reference = "latest"] = /^(.+?)(?:@|:(?=[^/]+$))(.+)$/.exec(base) ?? [];
  const from = parseName(image);
  const registry = new Registry(from, {
    credentials: await credentialsFor(from.registry),
    isReadOnly: true,
  });
  const baseDigest = reference.startsWith("sha256:")
    ? reference
    : await registry.digestOf(reference, "application/vnd.oci.image.index.v1+json, */*");
  if (!baseDigest) throw new Error(`${base}: no such image; name another with --base`);
  const name = parseName(`${repository}/tool`);
  const target = new Registry(name, { credentials: await credentialsFor(name.registry) });
  const version = released.split(":").at(-1)!;
  const digest = await pushToolImage(registry, baseDigest, target, version, toolFiles());
  const { buildDefinition } = predicate;
  const material = {
    uri: `oci://${image}`,
    digest: { sha256: baseDigest.slice("sha256:".length) },
  };
  const resolvedDependencies = [...buildDefinition.resolvedDependencies, material];
  const file = join(out, "..", "tool-predicate.json");
  writeFileSync(
    file,
    JSON.stringify({ ...predicate, buildDefinition: { ...buildDefinition, resolvedDependencies } }),
  );
  signed(name, digest, file);
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      key: { type: "string" },
      keyless: { type: "boolean" },
      base: { type: "string" },
      cosign: { type: "string" },
      "signing-config": { type: "string" },
    },
  });
  const [out, repository] = positionals;
  if (!out || !repository || Boolean(values.key) === Boolean(values.keyless)) {
    console.error("usage: node tools/release/images.ts FOLDER REPOSITORY (--key FILE | --keyless)");
    process.exitCode = 2;
  } else {
    const signingConfig = values["signing-config"];
    console.log((await publish({ ...values, signingConfig, out, repository })).join("\n"));
  }
}
