// Writes schemas.json from the CRDs of the pinned Istio, Gateway API and Flagger: validation
// only, one line a kind. `node tools/crds.ts` needs Go, whose module cache is where
// those projects publish their CRDs.
import { execFileSync } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";

/** Module, version, and the files in it that hold CRDs. */
const sources: [module: string, version: string, pattern: string][] = [
  [
    "istio.io/api",
    "v1.31.0-rc.0.0.20260824154656-b943409680a7",
    "kubernetes/customresourcedefinitions.gen.yaml",
  ],
  ["sigs.k8s.io/gateway-api", "v1.6.0", "config/crd/standard/*.yaml"],
  ["github.com/fluxcd/flagger", "v1.36.1", "artifacts/flagger/crd.yaml"],
];

/**
 * Keys of a CRD schema that say nothing about whether a value is valid, or that need CEL to be
 * evaluated.
 */
const dropped = new Set(["description", "x-kubernetes-validations", "example", "title"]);

function bare(schema: any, isPropertyMap = false): any {
  if (Array.isArray(schema)) return schema.map((item) => bare(item));
  if (schema === null || typeof schema !== "object") return schema;
  const entries = Object.entries(schema).filter(([key]) => isPropertyMap || !dropped.has(key));
  return Object.fromEntries(
    entries.map(([key, value]) => [key, bare(value, key === "properties" && !isPropertyMap)]),
  );
}

/** group/Kind → its schema versions; versions with the same schema share one entry. */
export function generate(): string {
  const lines: string[] = [];
  for (const [module, version, pattern] of sources) {
    const listed = execFileSync("go", ["mod", "download", "-json", `${module}@${version}`], {
      encoding: "utf8",
    });
    const folder = (JSON.parse(listed) as { Dir: string }).Dir;
    for (const file of globSync(pattern, { cwd: folder }).sort()) {
      for (const document of parseAllDocuments(readFileSync(join(folder, file), "utf8"))) {
        const crd = document.toJS({ maxAliasCount: -1 });
        if (crd?.kind !== "CustomResourceDefinition") continue;
        const versions: Record<string, string[]> = {};
        for (const one of crd.spec.versions.filter((candidate: any) => candidate.served)) {
          const text = JSON.stringify(bare(one.schema.openAPIV3Schema));
          (versions[text] ??= []).push(one.name);
        }
        const schemas = Object.entries(versions).map(
          ([text, names]) => `{"versions":${JSON.stringify(names)},"schema":${text}}`,
        );
        const scope = crd.spec.scope === "Cluster" ? "cluster" : "namespace";
        const key = `${crd.spec.group}/${crd.spec.names.kind}`;
        const plural = crd.spec.names.plural;
        lines.push(
          `${JSON.stringify(key)}:{"plural":"${plural}","scope":"${scope}","schemas":[${schemas.join(",")}]}`,
        );
      }
    }
  }
  const from = Object.fromEntries(sources.map(([module, version]) => [module, version]));
  return `{"from":${JSON.stringify(from)},\n"kinds":{\n${lines.sort().join(",\n")}\n}}\n`;
}

if (import.meta.main)
  writeFileSync(join(import.meta.dirname, "../deploy/core/crds/schemas.json"), generate());
