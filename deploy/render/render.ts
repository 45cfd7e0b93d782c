// A policy as the resources of the mesh, in the order in which they should be applied: what is
// called before who calls.
import { buildImage, digestOf } from "../oci/image.ts";
import type { FilterName } from "../core/catalog.ts";
import { moduleOf, schemaOf, version } from "../core/filter-schemas.ts";
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
  digestOf?: (filter: FilterName) => string;
}

/**
 * All resources of one policy. Throws `missing` when a digest is needed and the module has not
 * been built.
 */
export function render(policy: Policy, options: RenderOptions): Resource[] {
  const { start, digestOf = (filter: FilterName) => pinOf(policy, filter) } = options;
  const pins = { start, digestOf };
  const plugins = [...policy.filters.keys()].map((filter) =>
    renderPlugin(policy, filter, options.api, pins),
  );
  return [...renderClusters(policy), ...renderRoutes(policy), ...plugins];
}

/** The digest of a filter's image: as the policy says, else of what this checkout would push. */
export function pinOf(policy: Policy, filter: FilterName): string {
  const written = policy.image.digests[filter];
  if (written) return written;
  const module = moduleOf(filter);
  if (policy.image.url) return digestOf(module);
  return imageFor(filter, policy.image.form).digest;
}

/** The image of a filter as built here. */
export function imageFor(filter: FilterName, form: "image" | "artifact") {
  const schema = JSON.stringify(schemaOf(filter) ?? {});
  return buildImage({ filter, version, module: moduleOf(filter), schema }, form);
}
