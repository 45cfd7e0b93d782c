// Checks everything in the given files: syntax, kinds, Istio's schema, our schemas, the real
// filters, and what one resource needs of another. Pure but for reading modules; says nothing,
// returns findings.
import { currentIstio, filterNames, isFilter } from "../core/catalog.ts";
import { partsOf } from "../core/kustomize.ts";
import { isPolicy } from "../core/policy.ts";
import { checkSettings, parsePolicy } from "../core/policy-parser.ts";
import type { FilterName } from "../core/catalog.ts";
import type { Policy } from "../core/policy.ts";
import { ToolError } from "../core/problem.ts";
import type { Finding } from "../core/problem.ts";
import type { Resource } from "../core/resource.ts";
import { isKnown } from "../core/resources.ts";
import { parse, pathText } from "../core/source.ts";
import type { Manifest } from "../core/source.ts";
import { yamlText } from "../core/yaml-text.ts";
import type { Admit } from "./admission/admission.ts";
import { crossChecks } from "./cross-checks.ts";
import { environmentFrom, refusalOf } from "./module-check.ts";
import { isPlugin, pluginsIn, pluginsOf } from "./plugin.ts";
import type { Plugin } from "./plugin.ts";
import { checkSecrets } from "./secrets.ts";

export interface ValidateOptions {
  /** Oldest Istio of the mesh; a policy's own word goes first. */
  istio?: string;
  /** API groups whose kinds are validated elsewhere. */
  ignore?: string[];
}

export interface Validated {
  findings: Finding[];
  /** How many documents were looked at, by what became of them. */
  counts: { policies: number; plugins: number; resources: number; foreign: number };
}

export async function validate(
  manifests: Manifest[],
  options: ValidateOptions = {},
): Promise<Validated> {
  // Loaded when there is something to admit: the CEL library and the webhook's rules take time.
  const { admit } = await import("./admission/admission.ts");
  const findings: Finding[] = [];
  const parts = partsOf(manifests);
  const ignored = new Set(options.ignore ?? []);
  const counts = { policies: 0, plugins: 0, resources: 0, foreign: 0 };
  const plugins: Plugin[] = [];
  const resources: Manifest[] = [];
  for (const manifest of manifests) {
    const skipped = reasonToSkip(manifest, parts);
    if (skipped) {
      findings.push({
        severity: "note",
        rule: "skipped",
        place: manifest.place(),
        what: `not looked at: ${skipped}`,
      });
      counts.foreign++;
    } else if (isPolicy(manifest)) {
      counts.policies++;
      const checked = await checkPolicy(manifest, admit);
      findings.push(...checked.findings);
      plugins.push(...checked.plugins);
      resources.push(...checked.resources);
    } else {
      findings.push(...(await admit(manifest, ignored)));
      resources.push(manifest);
      counts[isKnown(manifest) ? "resources" : "foreign"]++;
      if (!isPlugin(manifest)) continue;
      const loaded = pluginsIn(manifest);
      counts.plugins += loaded.length > 0 ? 1 : 0;
      plugins.push(...loaded);
      findings.push(...checkSections(loaded), ...loaded.flatMap(checkPlugin));
    }
  }
  findings.push(
    ...checkTwice(manifests),
    ...crossChecks({ plugins, resources, istio: options.istio ?? currentIstio }),
  );
  return { findings, counts };
}

function reasonToSkip(manifest: Manifest, parts: Map<string, string>): string | undefined {
  const part = parts.get(manifest.file);
  if (part) return part;
  if (!manifest.named && !manifest.apiVersion && !manifest.kind)
    return "no resource (values of a chart, or data)";
  return undefined;
}

/**
 * A settings file, then what it renders to: each plugin through the real filter, each resource
 * through Istio's schema.
 */
async function checkPolicy(
  manifest: Manifest,
  admit: Admit,
): Promise<{ findings: Finding[]; plugins: Plugin[]; resources: Manifest[] }> {
  const { policy, findings } = parsePolicy(manifest);
  if (!policy) return { findings, plugins: [], resources: [] };
  const { plugins, resources } = pluginsOf(policy, "WasmPlugin", new Date(0));
  const rendered = parse(
    yamlText(resources.map((value: Resource) => ({ value }))),
    manifest.file,
  ).manifests;
  for (const resource of rendered) {
    const found = await admit(resource);
    findings.push(...found.map((one) => atPolicy(one, policy, resource)));
  }
  findings.push(...plugins.flatMap(checkPlugin));
  return { findings, plugins, resources: rendered };
}

/**
 * A complaint about a rendered resource belongs to the part of the settings that it was made
 * from.
 */
function atPolicy(found: Finding, policy: Policy, resource: Manifest): Finding {
  const isRoute =
    resource.kind === "VirtualService" ||
    (resource.kind === "DestinationRule" && resource.at("spec", "subsets"));
  const place = policy.manifest.place(isRoute ? ["spec", "traffic"] : ["spec"]);
  return { ...found, place, what: `the ${resource.kind} made from this: ${found.what}` };
}

/** What `edge` is given beside the sections of its filters; the module refuses it. */
function checkSections([plugin]: Plugin[]): Finding[] {
  const unknown = Object.keys(plugin?.bundle ?? {}).filter((name) => !isFilter(name));
  return unknown.map((name) => ({
    severity: "error",
    rule: "edge",
    place: plugin!.manifest.place([...configPathOf(plugin!), name]),
    what: `unknown section "${name}"`,
    right: `the sections are ${filterNames.join(", ")}`,
  }));
}

/** Where the configuration lies in a resource that somebody wrote. */
function configPathOf({ api }: Plugin): string[] {
  return api === "TrafficExtension" ? ["spec", "wasm", "pluginConfig"] : ["spec", "pluginConfig"];
}

/** Our schema, then the filter's own parser, then secrets in the open. */
function checkPlugin(plugin: Plugin): Finding[] {
  const { filter } = plugin;
  if (!filter) return [];
  const findings: Finding[] = [];
  if (!plugin.policy) {
    const at = [...configPathOf(plugin), ...(plugin.bundle ? [filter] : [])];
    findings.push(...checkSettings(filter, plugin.manifest, plugin.config ?? {}, at));
  }
  if (findings.length === 0) findings.push(...askFilter(filter, plugin));
  return [...findings, ...checkSecrets(plugin)];
}

/**
 * The last word: the parser of the real filter. Without a built module there is none, and that is
 * an error too.
 */
function askFilter(filter: FilterName, plugin: Plugin): Finding[] {
  const found = (path: string[], what: string, why: string): Finding[] => [
    { severity: "error", rule: "filter", place: plugin.configPlace(path), what, why },
  ];
  try {
    const refusal = refusalOf(filter, plugin.config, environmentFrom(plugin.env));
    const at = pathText([filter, ...(refusal?.path ?? [])]);
    return refusal
      ? found(refusal.path, `${at}: ${refusal.what}`, `the ${filter} filter itself refuses it`)
      : [];
  } catch (error) {
    if (!(error instanceof ToolError) || error.code !== "missing") throw error;
    return found([], `the ${filter} filter was not asked`, error.message);
  }
}

/** The same resource twice in one file: the second would overwrite the first. */
function checkTwice(manifests: Manifest[]): Finding[] {
  const seen = new Map<string, Manifest>();
  return manifests.flatMap((manifest): Finding[] => {
    if (!manifest.name) return [];
    const key = [
      manifest.file,
      manifest.group,
      manifest.kind,
      manifest.namespace,
      manifest.name,
    ].join("\0");
    const first = seen.get(key);
    if (!first) {
      seen.set(key, manifest);
      return [];
    }
    const why = `the first is at line ${first.place(["metadata", "name"]).line}, and this one would overwrite it`;
    return [
      {
        severity: "error",
        rule: "twice",
        place: manifest.place(["metadata", "name"]),
        what: `${manifest.title} is here twice`,
        why,
      },
    ];
  });
}
