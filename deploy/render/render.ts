// A policy as the resources of the mesh, in the order in which they should be applied: what is
// called before who calls, and who sets a header before who reads it.
import { buildImage, digestOf } from "../oci/image.ts";
import type { ModuleName } from "../core/catalog.ts";
import { moduleOf, moduleSchemaOf, version } from "../core/filter-schemas.ts";
import { modulesOf } from "../core/policy.ts";
import type { Policy } from "../core/policy.ts";
import type { Api, Resource } from "../core/resource.ts";
import { renderClusters } from "./clusters.ts";
import { renderPlugin } from "./plugin.ts";
import { renderRoutes } from "./routes.ts";

export interface RenderOptions {
  api: Api;
  /** The moment that `after` counts from. */
  start: Date;
  /**
   * The digest that pins a filter; default: the settings' own, else of what this checkout would
   * push.
   */
  digestOf?: (module: ModuleName) => string;
}

/**
 * All resources of one policy. Throws `missing` when a digest is needed and the module has not
 * been built.
 */
export function render(policy: Policy, options: RenderOptions): Resource[] {
  const { start, digestOf = (module: ModuleName) => pinOf(policy, module) } = options;
  const pins = { start, digestOf };
  const plugins = modulesOf(policy).map((module) =>
    renderPlugin(policy, module, options.api, pins),
  );
  // A route by the plugin's header waits for the plugin: until then any client could send it.
  const isRoute = ({ kind }: Resource) => kind === "VirtualService";
  const routes = renderRoutes(policy);
  return [
    ...renderClusters(policy),
    ...routes.filter((one) => !isRoute(one)),
    ...plugins,
    ...routes.filter(isRoute),
  ];
}

/** The digest of a module's image: as the policy says, else of what this checkout would push. */
export function pinOf(policy: Policy, name: ModuleName): string {
  const written = policy.image.digests[name];
  if (written) return written;
  if (policy.image.url) return digestOf(moduleOf(name));
  return imageFor(name, policy.image.form).digest;
}

/** The image of a module as built here. */
export function imageFor(name: ModuleName, form: "image" | "artifact") {
  const schema = JSON.stringify(moduleSchemaOf(name));
  return buildImage({ filter: name, version, module: moduleOf(name), schema }, form);
}
