// Makes the npm package in `build/package/`: JavaScript and declarations from the TypeScript, the
// modules, the playground, schemas, licence and notices. `node tools/package.ts` then runs npm pack
// there and prints the tarball's name. The same sources give the same files.
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { policySchema } from "../deploy/core/policy-schema.ts";
import { buildPlayground } from "../deploy/playground/build.ts";
import { build, filters, modules } from "./build.ts";
import { notices } from "./notices.ts";
import { writeValidators } from "./validators.ts";

const root = join(import.meta.dirname, "..");
/** Where the package is assembled. */
export const folder = join(root, "build/package");

interface PackageFile {
  name: string;
  version: string;
  license: string;
  description: string;
  dependencies: Record<string, string>;
}

/** What the tool reads by path, where it expects it: beside its compiled sources. */
const read = [
  "LICENSE",
  "README.md",
  "CHANGELOG.md",
  "SECURITY.md",
  "assembly/lib/match/match.schema.json",
  ...filters.map((name) => `assembly/filters/${name}/config.schema.json`),
  // What `gatehouse demo` shows.
  "deploy/istio/gatehouse",
  "deploy/istio/install/helm/istiod.yaml",
];

function manifest(): object {
  const { name, version, license, description, dependencies } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  ) as PackageFile;
  return {
    name,
    version,
    license,
    description,
    type: "module",
    engines: { node: ">=22.19" },
    bin: { gatehouse: "bin/gatehouse.js" },
    exports: {
      ".": { types: "./deploy/index.d.ts", default: "./deploy/index.js" },
      "./package.json": "./package.json",
      "./policy.schema.json": "./policy.schema.json",
    },
    files: [
      "assembly",
      "bin",
      "build",
      "deploy",
      "envoy",
      "CHANGELOG.md",
      "NOTICE",
      "SECURITY.md",
      "policy.schema.json",
    ],
    dependencies,
  };
}

/** Assembles the package's folder. */
export async function assemble(): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  await build();
  compile();
  for (const file of [...read, ...modules.map((name) => `build/${name}.wasm`)]) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file), { recursive: true });
  }
  writeValidators(join(folder, "build/validators"));
  await buildPlayground(join(folder, "build/playground"));
  mkdirSync(join(folder, "bin"), { recursive: true });
  cpSync(join(root, "tools/package/gatehouse.js"), join(folder, "bin/gatehouse.js"));
  chmodSync(join(folder, "bin/gatehouse.js"), 0o755);
  writeFileSync(join(folder, "NOTICE"), notices());
  const schema = `${JSON.stringify(policySchema(), null, 2)}\n`;
  writeFileSync(join(folder, "policy.schema.json"), schema);
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest(), null, 2)}\n`);
}

function compile(): void {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [tsc, "-p", join(root, "tools/package/tsconfig.json")], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
}

/** Packs the assembled folder; gives the path of the tarball. */
export function pack(target = join(root, "build")): string {
  const output = execFileSync("npm", ["pack", "--json", "--pack-destination", target], {
    cwd: folder,
    encoding: "utf8",
  });
  const [packed] = JSON.parse(output) as { filename: string }[];
  return join(target, packed!.filename);
}

if (import.meta.main) {
  await assemble();
  console.log(pack());
}
