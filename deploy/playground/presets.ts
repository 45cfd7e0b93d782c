// The examples of the playground: the files of the site's tutorials, then the use cases. Each is a
// folder with a settings file, whose first line is `# <title>`, and its cases.
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { readCases } from "../emulator/cases.ts";
import { parse } from "yaml";
import type { Preset } from "./page/preset.ts";

const root = join(import.meta.dirname, "../..");

/** The tutorials in the order of the site; the guide's gateway is the fifth. */
const tutorials = ["jwt", "rate-limit", "canary", "access-log"];

/** Throws where a folder's cases cannot be read: a preset must open green. */
export function presets(): Preset[] {
  const useCases = globSync("examples/*/edge.yaml", { cwd: root }).sort().map(dirname);
  return [
    ...tutorials.map((name) => presetOf(`docs/tutorials/files/${name}`, name)),
    presetOf("deploy/istio/gatehouse/gateway", "all-four", "policy.yaml"),
    ...useCases.map((folder) => presetOf(folder, basename(folder))),
  ];
}

function presetOf(folder: string, id: string, file = "edge.yaml"): Preset {
  const read = (name: string) => {
    const path = join(root, folder, name);
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  };
  const settings = read(file);
  const cases = read("cases.yaml");
  const document = parse(cases);
  const list = readCases(Array.isArray(document) ? document : document.cases);
  return {
    id,
    title: id === "all-four" ? "All four together" : (/^# (.+)/.exec(settings)?.[1] ?? id),
    settings,
    cases,
    manifests: read("native.yaml"),
    request: list[0]!,
  };
}
