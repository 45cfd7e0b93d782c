// A plugin in the mesh, whoever wrote it: a WasmPlugin, a TrafficExtension, or a filter of a
// policy. One shape for checks.
import { filterNames, isModule } from "../core/catalog.ts";
import type { FilterName, ModuleName } from "../core/catalog.ts";
import type { Policy } from "../core/policy.ts";
import { render } from "../render/render.ts";
import type { Api, Resource } from "../core/resource.ts";
import { moduleIn } from "../core/resource.ts";
import type { Place } from "../core/problem.ts";
import type { Manifest, Path } from "../core/source.ts";
import { at, fieldsOf, isFields, mapsOf, textAt, textsOf } from "../core/value.ts";
import type { Fields } from "../core/value.ts";

export interface Plugin {
  title: string;
  name: string;
  namespace: string;
  /** Undefined for a plugin that is not ours. */
  filter?: FilterName;
  /** Set when the filter is a section of `edge`; the resource's whole configuration. */
  bundle?: Fields;
  selector?: Record<string, string>;
  targetRefs: { group?: string; kind?: string; name?: string }[];
  phase: string;
  /** Undefined when unset: Istio then sorts it below every number. */
  priority?: number;
  /** The modes it runs in; empty is all. */
  modes: string[];
  /** On which listeners it runs: any of these; empty is all. */
  listeners: { mode?: string; ports: number[] }[];
  failStrategy: string;
  config: unknown;
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
function filterOf(module: Fields): ModuleName | undefined {
  const name = String(module.pluginName ?? "");
  if (isModule(name)) return name;
  const image = String(module.url ?? "")
    .replace(/@sha256:.*$/, "")
    .replace(/\.wasm$/, "");
  const last = (image.split("/").at(-1) ?? "").replace(/:[^:]*$/, "");
  return isModule(last) ? last : undefined;
}

/**
 * What a resource runs: one plugin, one for each section of `edge`, or none for a TrafficExtension
 * that runs Lua.
 */
export function pluginsIn(manifest: Manifest): Plugin[] {
  const isExtension = manifest.kind === "TrafficExtension";
  const modulePath = isExtension ? ["spec", "wasm"] : ["spec"];
  const module = manifest.at(...modulePath);
  if (!isFields(module)) return [];
  const inModule = new Set(["url", "failStrategy", "pluginConfig", "vmConfig", "sha256"]);
  const loaded = filterOf(module);
  const plugin: Plugin = {
    ...shapeOf(manifest.fields, module, isExtension ? "TrafficExtension" : "WasmPlugin"),
    title: manifest.title,
    manifest,
    filter: loaded === "edge" ? undefined : loaded,
    configPlace: (path) => manifest.place([...modulePath, "pluginConfig", ...path]),
    fieldPlace: (field) =>
      manifest.place([...(inModule.has(field) ? modulePath : ["spec"]), field]),
  };
  return loaded === "edge" ? sectionsOf(plugin) : [plugin];
}

/** `edge` as one plugin for each of its sections, in chain order. */
function sectionsOf(plugin: Plugin): Plugin[] {
  const bundle = fieldsOf(plugin.config);
  return filterNames
    .filter((filter) => bundle[filter] !== undefined)
    .map((filter) => ({
      ...plugin,
      title: `${filter} of ${plugin.title}`,
      filter,
      bundle,
      config: bundle[filter],
      configPlace: (path) => plugin.configPlace([filter, ...path]),
    }));
}

/** What a resource says about where and how its module runs, whoever wrote it. */
function shapeOf(resource: Fields, module: Fields, api: Api) {
  const metadata = fieldsOf(resource.metadata);
  const spec = fieldsOf(resource.spec);
  const selector = at(spec, "selector", "matchLabels");
  return {
    name: String(metadata.name ?? ""),
    namespace: String(metadata.namespace ?? "default"),
    selector: isFields(selector) ? textsOf(selector) : undefined,
    targetRefs: mapsOf(spec.targetRefs ?? (spec.targetRef ? [spec.targetRef] : [])).map(
      (reference) => ({
        group: textAt(reference, "group"),
        kind: textAt(reference, "kind"),
        name: textAt(reference, "name"),
      }),
    ),
    phase: String(spec.phase ?? "UNSPECIFIED_PHASE"),
    priority: typeof spec.priority === "number" ? spec.priority : undefined,
    modes: mapsOf(spec.match).flatMap((match) => textAt(match, "mode") ?? []),
    listeners: mapsOf(spec.match).map((match) => ({
      mode: textAt(match, "mode"),
      ports: mapsOf(match.ports).flatMap(({ number }) =>
        typeof number === "number" ? [number] : [],
      ),
    })),
    failStrategy: String(module.failStrategy ?? "FAIL_CLOSE"),
    config: module.pluginConfig,
    env: mapsOf(at(module, "vmConfig", "env")).map((variable) => ({
      name: String(variable.name),
      value: textAt(variable, "value"),
      valueFrom: textAt(variable, "valueFrom"),
    })),
    api,
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
    .flatMap((resource): Plugin[] => {
      const module = moduleIn(resource);
      const name = module.pluginName as ModuleName;
      const plugin: Plugin = {
        ...shapeOf(resource, module, api),
        title: `${name} of policy ${policy.namespace}/${policy.name}`,
        filter: name === "edge" ? undefined : name,
        policy,
        manifest: policy.manifest,
        configPlace: (path) => policy.manifest.place(["spec", ...withoutMoments(name, path)]),
        fieldPlace: () =>
          policy.manifest.place(name === "edge" ? ["spec", "image"] : ["spec", name]),
      };
      return name === "edge" ? sectionsOf(plugin) : [plugin];
    });
  return { plugins, resources };
}

/** The settings say `after` where the rendered schedule has the moment `at`. */
function withoutMoments(name: ModuleName, path: Path): Path {
  const steps = path.map((step) => (step === "at" ? "after" : step));
  return name === "edge" ? steps : [name, ...steps];
}
