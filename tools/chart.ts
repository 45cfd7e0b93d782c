// Makes the Helm chart in `build/chart/gatehouse/` (deploy/chart with this version, the digests of
// these modules, the places of the filters and the schema of the values), and a kustomize base for
// each module in `build/chart/kustomize/`.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { digestOf } from "../deploy/oci/image.ts";
import {
  entryOf,
  filterNames,
  moduleNames,
  oldestTrafficExtension,
} from "../deploy/core/catalog.ts";
import type { ModuleName } from "../deploy/core/catalog.ts";
import { moduleOf, version } from "../deploy/core/filter-schemas.ts";
import { policySchema } from "../deploy/core/policy-schema.ts";
import { isFields } from "../deploy/core/value.ts";
import type { Fields } from "../deploy/core/value.ts";
import { yamlText } from "../deploy/core/yaml-text.ts";
import { imageFor } from "../deploy/render/render.ts";
import { build } from "./build.ts";

const root = join(import.meta.dirname, "..");
/** Where the chart is assembled. */
export const chartFolder = join(root, "build/chart/gatehouse");
export const basesFolder = join(root, "build/chart/kustomize");

/** What the templates know of the modules: the catalog, and the digests of this release. */
function release(): object {
  const modules = moduleNames.map((name) => {
    const { phase, priority, failStrategy, sidecarMode } = entryOf(name);
    const digests = {
      image: imageFor(name, "image").digest,
      artifact: imageFor(name, "artifact").digest,
      module: digestOf(moduleOf(name)),
    };
    return [name, { phase, priority, failStrategy, sidecarMode, digests }];
  });
  return { filters: filterNames, oldestTrafficExtension, modules: Object.fromEntries(modules) };
}

/** The schema of the chart's values; in a policy `apiVersion` and `kind` may be left out. */
function valuesSchema(): object {
  const { $schema, $defs, required: _, title: __, ...policy } = policySchema();
  return forGo({
    $schema,
    type: "object",
    required: ["api", "policies"],
    properties: {
      api: { enum: ["WasmPlugin", "TrafficExtension"] },
      start: { type: "string", pattern: "^(\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d.*)?$" },
      policies: { type: "array", items: { ...policy, required: ["metadata", "spec"] } },
    },
    $defs,
  }) as object;
}

/**
 * A schema whose patterns Go can compile: Helm has no lookahead, no `[^]`, and another escape for
 * code points.
 */
function forGo(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(forGo);
  if (!isFields(value)) return value;
  return Object.assign(
    {},
    ...Object.entries(value).map(([key, inner]) =>
      key === "pattern" && typeof inner === "string" ? goPattern(inner) : { [key]: forGo(inner) },
    ),
  );
}

function goPattern(pattern: string): Fields {
  const plain = pattern.replaceAll(/\\u([0-9a-f]{4})/g, "\\x{$1}").replaceAll("[^]", "[\\s\\S]");
  const ahead = /^\^\(\?!(.*?\$)\)/.exec(plain);
  if (!ahead) return { pattern: plain };
  return { pattern: `^${plain.slice(ahead[0].length)}`, not: { pattern: `^${ahead[1]}` } };
}

/** A module as a WasmPlugin without settings: its place, pinned, for an overlay to complete. */
function base(name: ModuleName, repository: string): string {
  const { phase, priority, failStrategy } = entryOf(name);
  const { digest } = imageFor(name, "image");
  const plugin = {
    apiVersion: "extensions.istio.io/v1alpha1",
    kind: "WasmPlugin",
    metadata: { name },
    spec: {
      phase,
      priority,
      url: `oci://${repository}/${name}@${digest}`,
      sha256: digest.replace("sha256:", ""),
      imagePullPolicy: "IfNotPresent",
      pluginName: name,
      failStrategy,
    },
  };
  const comments = [`${name} ${version}: an overlay adds pluginConfig, and where it runs.`];
  return yamlText([{ value: plugin, comments }]);
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** Assembles both folders; `repository` is where the bases find the images. */
export async function assembleChart(repository = "registry.example.com/gatehouse"): Promise<void> {
  await build();
  rmSync(join(root, "build/chart"), { recursive: true, force: true });
  cpSync(join(root, "deploy/chart"), chartFolder, { recursive: true });
  const chart = readFileSync(join(chartFolder, "Chart.yaml"), "utf8");
  write(join(chartFolder, "Chart.yaml"), chart.replaceAll(": 0.0.0", `: ${version}`));
  write(join(chartFolder, "files/release.json"), `${JSON.stringify(release(), null, 2)}\n`);
  write(join(chartFolder, "values.schema.json"), `${JSON.stringify(valuesSchema())}\n`);
  cpSync(join(root, "LICENSE"), join(chartFolder, "LICENSE"));
  for (const name of moduleNames) {
    const kustomization = {
      apiVersion: "kustomize.config.k8s.io/v1beta1",
      kind: "Kustomization",
      resources: ["plugin.yaml"],
    };
    write(join(basesFolder, name, "kustomization.yaml"), yamlText([{ value: kustomization }]));
    write(join(basesFolder, name, "plugin.yaml"), base(name, repository));
  }
}

if (import.meta.main) {
  await assembleChart(process.argv[2]);
  console.log(`${chartFolder}\n${basesFolder}`);
}
