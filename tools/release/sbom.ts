// Software bills of materials in CycloneDX 1.5: npm's own for the package, and one for each module.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sourcesOfModule } from "../build.ts";
import type { Release } from "./version.ts";

const root = join(import.meta.dirname, "../..");

interface Locked {
  version: string;
  license?: string;
  integrity?: string;
}

/** npm's list of what the package needs at run time, with the same bytes each time. */
export function packageSbom(release: Release): string {
  const args = [
    "sbom",
    "--sbom-format",
    "cyclonedx",
    "--omit",
    "dev",
    "--omit",
    "optional",
    "--package-lock-only",
  ];
  const text = execFileSync("npm", args, { cwd: root, encoding: "utf8", maxBuffer: 64 << 20 });
  const { metadata, ...bom } = JSON.parse(text) as {
    metadata: { component: object };
    [field: string]: unknown;
  };
  // npm takes the name of the folder.
  const component = { ...metadata.component, name: "gatehouse" };
  const timestamp = `${release.date}T00:00:00Z`;
  return numbered({ ...bom, metadata: { ...metadata, timestamp, component } });
}

/** `import … from "package/…"`, over several lines too; relative paths are our own sources. */
const packageImport = /^(?:import|export)\b[^"';]*?\bfrom\s+"((?:@[^/"]+\/)?[^."/][^"/]*)/gm;

/** What is compiled into a module: our sources and the packages that they import. */
export function moduleSbom(module: string, release: Release): string {
  const sources = sourcesOfModule(module);
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, Locked>;
  };
  const imported = sources.flatMap((file) =>
    [...readFileSync(join(root, file), "utf8").matchAll(packageImport)].map(([, name]) => name!),
  );
  // The compiler's standard library and runtime are part of each module.
  const names = [...new Set(["assemblyscript", ...imported])].sort();
  const components = names.map((name) => component(name, lock.packages[`node_modules/${name}`]!));
  const wasm = readFileSync(join(root, `build/${module}.wasm`));
  const own = {
    type: "library",
    "bom-ref": `pkg:generic/gatehouse/${module}@${release.version}`,
    name: module,
    version: release.version,
    purl: `pkg:generic/gatehouse/${module}@${release.version}`,
    licenses: [{ license: { id: "Apache-2.0" } }],
    hashes: [{ alg: "SHA-256", content: sha256(wasm) }],
    properties: [
      { name: "gatehouse:sources", value: String(sources.length) },
      { name: "gatehouse:sources-sha256", value: sourcesDigest(sources) },
    ],
  };
  return numbered({
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: { timestamp: `${release.date}T00:00:00Z`, component: own },
    components,
    dependencies: [
      { ref: own["bom-ref"], dependsOn: components.map((one) => one["bom-ref"]) },
      ...components.map((one) => ({ ref: one["bom-ref"], dependsOn: [] })),
    ],
  });
}

function component(name: string, { version, license, integrity }: Locked) {
  const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
  const hash = /^sha512-(.+)$/.exec(integrity ?? "")?.[1];
  return {
    type: "library",
    "bom-ref": purl,
    name,
    version,
    purl,
    ...(license && { licenses: [{ license: { id: license } }] }),
    ...(hash && {
      hashes: [{ alg: "SHA-512", content: Buffer.from(hash, "base64").toString("hex") }],
    }),
  };
}

function sourcesDigest(files: string[]): string {
  const digest = createHash("sha256");
  for (const file of files) digest.update(`${file}\0`).update(readFileSync(join(root, file)));
  return digest.digest("hex");
}

export function sha256(data: Buffer | string): string {
  return createHash("sha256").update(data).digest("hex");
}

/** With a serial number (a UUID of version 8, RFC 9562) that follows from the content. */
function numbered(bom: object): string {
  const { serialNumber: _, ...content } = bom as { serialNumber?: string };
  const hex = sha256(JSON.stringify(content));
  const uuid = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  return `${JSON.stringify({ ...content, serialNumber: `urn:uuid:${uuid}` }, null, 2)}\n`;
}
