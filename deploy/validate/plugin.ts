// A plugin in the mesh, whoever wrote it: a WasmPlugin, a TrafficExtension, or a filter of a
// policy. One shape for checks.
import { isFilter } from "../core/catalog.ts";
import type { FilterName } from "../core/catalog.ts";
import type { Policy } from "../core/policy.ts";
import { render } from "../render/render.ts";
import type { Api, Resource } from "../render/plugin.ts";
import type { Place } from "../core/problem.ts";
import type { Manifest, Path } from "../core/source.ts";

export interface Plugin {
  title: string;
  name: string;
  namespace: string;
  /** Undefined for somebody else's plugin. */
  filter?: FilterName;
  selector?: Record<string, string>;
  targetRefs: { kind?: string; name?: string }[];
  phase: string;
  /** Undefined when unset: Istio then sorts it below every number. */
  priority?: number;
  /** The modes it runs in; empty is all. */
  modes: string[];
  failStrategy: string;
  config: any;
  env: { name: string; value?: string; valueFrom?: string }[];
  /** The kind of resource it is, or will be. */
  api: Api;
  /** The policy it comes from, if any. */
  policy?: Policy;
  manifest: Manifest;
  /** The place of a step into its configuration. */
  configPlace(path: Path): Place;
  /** The place of a field of the resource, or of what stands for it in a policy. */
  fieldPlace(field: string): Place;
}

/** True for a resource that loads a module into the proxy. */
export function isPlugin(manifest: Manifest): boolean {
  return (
    manifest.group === "extensions.istio.io" &&
    (manifest.kind === "WasmPlugin" || manifest.kind === "TrafficExtension")
  );
}

/** The filter that a resource loads: by `pluginName`, else by the last part of its image's name. */
function filterOf(module: any): FilterName | undefined {
  if (isFilter(String(module?.pluginName ?? ""))) return module.pluginName;
  const image = String(module?.url ?? "")
    .replace(/@sha256:.*$/, "")
    .replace(/\.wasm$/, "");
  const last = (image.split("/").at(-1) ?? "").replace(/:[^:]*$/, "");
  return isFilter(last) ? last : undefined;
}

/** A resource as a plugin; undefined for a TrafficExtension that runs Lua. */
export function pluginOf(manifest: Manifest): Plugin | undefined {
  const { spec } = manifest.value;
  const isExtension = manifest.kind === "TrafficExtension";
  const module = isExtension ? spec?.wasm : spec;
  if (!module) return undefined;
  const configPath = isExtension ? ["spec", "wasm", "pluginConfig"] : ["spec", "pluginConfig"];
  const inModule = new Set(["url", "failStrategy", "pluginConfig", "vmConfig", "sha256"]);
  return {
    ...shapeOf(manifest.value, isExtension),
    title: manifest.title,
    manifest,
    filter: filterOf(module),
    configPlace: (path) => manifest.place([...configPath, ...path]),
    fieldPlace: (field) =>
      manifest.place(
        isExtension && inModule.has(field) ? ["spec", "wasm", field] : ["spec", field],
      ),
  };
}

function shapeOf(resource: Resource, isExtension: boolean) {
  const { metadata, spec } = resource;
  const module = isExtension ? spec.wasm : spec;
  const refs = spec.targetRefs ?? (spec.targetRef ? [spec.targetRef] : []);
  return {
    name: String(metadata?.name ?? ""),
    namespace: String(metadata?.namespace ?? "default"),
    selector: spec.selector?.matchLabels,
    targetRefs: Array.isArray(refs) ? refs : [],
    phase: String(spec.phase ?? "UNSPECIFIED_PHASE"),
    priority: typeof spec.priority === "number" ? spec.priority : undefined,
    modes: (Array.isArray(spec.match) ? spec.match : [])
      .map((match: any) => match?.mode)
      .filter(Boolean),
    failStrategy: String(module.failStrategy ?? "FAIL_CLOSE"),
    config: module.pluginConfig,
    env: Array.isArray(module.vmConfig?.env) ? module.vmConfig.env : [],
    api: (isExtension ? "TrafficExtension" : "WasmPlugin") as Api,
  };
}

/** Whatever reads the plugins here asks for no module: they need not be built. */
const noDigest = `sha256:${"0".repeat(64)}`;

/** A policy's filters as they will be in the mesh, with places in the settings file. */
export function pluginsOf(
  policy: Policy,
  api: Api,
  start: Date,
): { plugins: Plugin[]; resources: Resource[] } {
  const resources = render(policy, { api, start, digestOf: () => noDigest });
  const plugins = resources
    .filter((resource) => resource.kind === api)
    .map((resource): Plugin => {
      const module = api === "TrafficExtension" ? resource.spec.wasm : resource.spec;
      const filter = module.pluginName as FilterName;
      return {
        ...shapeOf(resource, api === "TrafficExtension"),
        title: `${filter} of policy ${policy.namespace}/${policy.name}`,
        filter,
        policy,
        manifest: policy.manifest,
        configPlace: (path) =>
          policy.manifest.place([
            "spec",
            filter,
            ...path.map((step) => (step === "at" ? "after" : step)),
          ]),
        fieldPlace: () => policy.manifest.place(["spec", filter]),
      };
    });
  return { plugins, resources };
}
