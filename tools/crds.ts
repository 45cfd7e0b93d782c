// Writes the CRDs of the pinned Istio, Gateway API and Flagger into deploy/core/crds: what a value
// must be and the rules on it, one line a kind. `node tools/crds.ts` needs Go, whose module cache
// is where those projects publish their CRDs.
import { execFileSync } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";

interface Source {
  module: string;
  version: string;
  /** The files in it that hold CRDs. */
  pattern: string;
  /** What a cluster needs for them beyond the pinned release. */
  needs?: string;
}

const sources: Source[] = [
  {
    module: "istio.io/api",
    version: "v1.31.0-rc.0.0.20260824154656-b943409680a7",
    pattern: "kubernetes/customresourcedefinitions.gen.yaml",
  },
  { module: "sigs.k8s.io/gateway-api", version: "v1.6.0", pattern: "config/crd/standard/*.yaml" },
  {
    module: "github.com/fluxcd/flagger",
    version: "v1.36.1",
    pattern: "artifacts/flagger/crd.yaml",
  },
];

/** What newer or other CRDs allow: a document that needs them is right, but not in each cluster. */
const further: Source[] = [
  {
    module: "istio.io/api",
    version: "v1.32.0",
    pattern: "kubernetes/customresourcedefinitions.gen.yaml",
    needs: "Istio 1.32",
  },
  {
    module: "sigs.k8s.io/gateway-api",
    version: "v1.6.0",
    pattern: "config/crd/experimental/gateway.networking.k8s.io_*.yaml",
    needs: "the experimental channel of the Gateway API",
  },
];

const group = "[0-9a-fA-F]{1,4}";
const byte = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const ipv4 = `(?:${byte}\\.){3}${byte}`;
const last = `(?:${group}:${group}|${ipv4})`;
/** `before` groups at most, then `::`, then the rest (RFC 3986, IPv6address). */
const short = (before: number, rest: string) => `(?:(?:${group}:){0,${before}}${group})?::${rest}`;
const ipv6 = [
  `(?:${group}:){6}${last}`,
  `::(?:${group}:){5}${last}`,
  ...[4, 3, 2, 1, 0].map((count, before) => short(before, `(?:${group}:){${count}}${last}`)),
  short(5, group),
  short(6, ""),
].join("|");

/** Formats that choices depend on, as patterns: a validator of JSON Schema knows formats apart. */
const patterns: Record<string, string> = { ipv4: `^${ipv4}$`, ipv6: `^(?:${ipv6})$` };

/** Keys of a CRD schema that say nothing about whether a value is valid. */
const dropped = new Set(["description", "example", "title"]);

function bare(schema: any, isPropertyMap = false): any {
  if (Array.isArray(schema)) return schema.map((item) => bare(item));
  if (schema === null || typeof schema !== "object") return schema;
  const pattern = isPropertyMap ? undefined : patterns[schema.format];
  if (pattern) return { pattern };
  const entries = Object.entries(schema).filter(([key]) => isPropertyMap || !dropped.has(key));
  return Object.fromEntries(
    entries.map(([key, value]) => [key, bare(value, key === "properties" && !isPropertyMap)]),
  );
}

interface Kind {
  plural: string;
  scope: string;
  needs?: string;
  schemas: { versions: string[]; schema: unknown }[];
}

/** group/Kind → its schema versions; versions with the same schema share one entry. */
function kindsOf({ module, version, pattern, needs }: Source): Map<string, Kind> {
  const listed = execFileSync("go", ["mod", "download", "-json", `${module}@${version}`], {
    encoding: "utf8",
  });
  const folder = (JSON.parse(listed) as { Dir: string }).Dir;
  const kinds = new Map<string, Kind>();
  for (const file of globSync(pattern, { cwd: folder }).sort()) {
    for (const document of parseAllDocuments(readFileSync(join(folder, file), "utf8"))) {
      const crd = document.toJS({ maxAliasCount: -1 });
      if (crd?.kind !== "CustomResourceDefinition") continue;
      const versions: Record<string, string[]> = {};
      for (const one of crd.spec.versions.filter((candidate: any) => candidate.served)) {
        const { status: _, ...properties } = one.schema.openAPIV3Schema.properties;
        const text = JSON.stringify(bare({ ...one.schema.openAPIV3Schema, properties }));
        (versions[text] ??= []).push(one.name);
      }
      kinds.set(`${crd.spec.group}/${crd.spec.names.kind}`, {
        plural: crd.spec.names.plural,
        scope: crd.spec.scope === "Cluster" ? "cluster" : "namespace",
        needs,
        schemas: Object.entries(versions).map(([text, names]) => ({
          versions: names,
          schema: JSON.parse(text),
        })),
      });
    }
  }
  return kinds;
}

function textOf(from: Source[], kinds: Map<string, Kind>): string {
  const versions = Object.fromEntries(from.map(({ module, version }) => [module, version]));
  const lines = [...kinds].map(([key, kind]) => `${JSON.stringify(key)}:${JSON.stringify(kind)}`);
  return `{"from":${JSON.stringify(versions)},\n"kinds":{\n${lines.sort().join(",\n")}\n}}\n`;
}

/** The two files: the pinned CRDs, and those that allow more. */
export function generate(): Record<string, string> {
  const pinned = new Map(sources.flatMap((source) => [...kindsOf(source)]));
  const more = new Map(
    further
      .flatMap((source) => [...kindsOf(source)])
      .filter(([key, { schemas }]) => {
        const known = pinned.get(key)?.schemas;
        return known && JSON.stringify(known) !== JSON.stringify(schemas);
      }),
  );
  return { "schemas.json": textOf(sources, pinned), "further.json": textOf(further, more) };
}

if (import.meta.main)
  for (const [name, text] of Object.entries(generate()))
    writeFileSync(join(import.meta.dirname, "../deploy/core/crds", name), text);
