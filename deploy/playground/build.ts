// Bundles the playground into `build/playground/`: the page, the worker with the tool inside, the
// modules and the presets. `node deploy/playground/build.ts [folder]`. The same sources give the
// same bytes.
import { STATUS_CODES } from "node:http";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { filterNames, moduleNames } from "../core/catalog.ts";
import { presets } from "./presets.ts";

const here = import.meta.dirname;
const root = join(here, "../..");

/** Where the tool's sources think they are; the worker lays its files out below it. */
export const virtualRoot = "/gatehouse";

/** Node's modules become those of `browser/`; one that is not there fails the build by name. */
const nodeModules: Plugin = {
  name: "node modules",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:http$/ }, () => ({ path: "http", namespace: "made" }));
    onLoad({ filter: /.*/, namespace: "made" }, () => ({
      contents: `export const STATUS_CODES = ${JSON.stringify(STATUS_CODES)};`,
    }));
    onResolve({ filter: /^node:/ }, ({ path }) => {
      const file = join(here, "browser", `${path.slice("node:".length).replace("/", "-")}.ts`);
      if (existsSync(file)) return { path: file };
      return { errors: [{ text: `${path} has no replacement in deploy/playground/browser` }] };
    });
  },
};

/** Files that the tool reads by path: they go into the worker's memory. */
const read = [
  "package.json",
  "assembly/lib/match/match.schema.json",
  ...filterNames.map((name) => `assembly/filters/${name}/config.schema.json`),
];

export async function buildPlayground(folder = join(root, "build/playground")): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const common = {
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2023",
    legalComments: "none",
    logLevel: "warning",
    absWorkingDir: root,
  } as const;
  await build({
    ...common,
    entryPoints: { worker: join(here, "engine/worker.ts") },
    outdir: folder,
    plugins: [nodeModules],
    inject: [join(here, "browser/globals.ts")],
    define: {
      "import.meta.dirname": JSON.stringify(`${virtualRoot}/deploy/core`),
      global: "globalThis",
    },
  });
  await build({
    ...common,
    entryPoints: { page: join(here, "page/main.ts"), style: join(here, "page/style.css") },
    outdir: folder,
  });
  const contents = Object.fromEntries(
    read.map((file) => [file, readFileSync(join(root, file), "utf8")]),
  );
  writeFileSync(join(folder, "files.json"), JSON.stringify(contents));
  writeFileSync(join(folder, "presets.json"), JSON.stringify(presets()));
  for (const name of moduleNames)
    cpSync(join(root, `build/${name}.wasm`), join(folder, `${name}.wasm`));
  cpSync(join(here, "page/index.html"), join(folder, "index.html"));
  cpSync(join(here, "page/icon.svg"), join(folder, "icon.svg"));
}

if (import.meta.main) await buildPlayground(process.argv[2]);
