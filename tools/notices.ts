// The licences of what a release holds of others: inside the modules and inside the playground's
// bundle. What npm installs beside the package has its own licence files.
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

/** Parts of these packages are inside the WebAssembly modules. */
const inModules = ["assemblyscript", "@solo-io/proxy-runtime"];

/** Every package that the playground's bundle holds: those that its sources import, and theirs. */
function inPlayground(): string[] {
  const sources = globSync("deploy/**/*.ts", { cwd: root }).filter(
    (file) => !/^deploy\/(kube|cli|demo)\//.test(file),
  );
  const named = sources.flatMap((file) =>
    [...readFileSync(join(root, file), "utf8").matchAll(/from "([^".][^"]*)"/g)].map(
      ([, name]) => name!,
    ),
  );
  const found = new Set<string>();
  const visit = (name: string): void => {
    const folder = join(root, "node_modules", name);
    if (found.has(name) || !existsSync(join(folder, "package.json"))) return;
    found.add(name);
    for (const dependency of Object.keys(packageOf(name).dependencies ?? {})) visit(dependency);
  };
  for (const name of named.map(packageName))
    if (name !== "esbuild" && !name.startsWith("node:")) visit(name);
  return [...found];
}

/** `yaml` of `yaml/util`, `@a/b` of `@a/b/c`. */
function packageName(path: string): string {
  return path
    .split("/")
    .slice(0, path.startsWith("@") ? 2 : 1)
    .join("/");
}

interface PackageFile {
  version: string;
  license?: string;
  dependencies?: Record<string, string>;
}

function packageOf(name: string): PackageFile {
  return JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8"));
}

function licenceText(name: string): string {
  const folder = join(root, "node_modules", name);
  const [file] = globSync("{LICENSE,LICENCE,License,license}*", { cwd: folder }).sort();
  return file ? readFileSync(join(folder, file), "utf8").trim() : "";
}

/** The text of NOTICE. */
export function notices(): string {
  const names = [...new Set([...inModules, ...inPlayground()])].sort();
  const parts = names.map((name) => {
    const { version, license } = packageOf(name);
    return `${name} ${version} (${license ?? "see below"})\n\n${licenceText(name)}`;
  });
  const head =
    "Gatehouse\nLicensed under the Apache License 2.0 (LICENSE). It holds parts of these:";
  return `${[head, ...parts].join(`\n\n${"-".repeat(72)}\n\n`)}\n`;
}
