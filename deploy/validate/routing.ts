// The other half of a canary: something in the mesh must route on the header that the filter sets.
import { baseOf, defaultHeader, variantsOf } from "../core/variants.ts";
import type { Finding } from "../core/problem.ts";
import type { Manifest } from "../core/source.ts";
import type { Plugin } from "./plugin.ts";
import type { World } from "./world.ts";

export function checkCanaryHeaders({ plugins, resources }: World): Finding[] {
  const matched = new Map<string, Set<string>>();
  for (const resource of resources) collect(resource, matched);
  return plugins
    .filter((plugin) => plugin.filter === "canary")
    .flatMap((plugin) => {
      const routes: any[] = Array.isArray(plugin.config?.routes) ? plugin.config.routes : [];
      return routes.flatMap((route, at): Finding[] => {
        const header = String(route?.header ?? defaultHeader).toLowerCase();
        const values = matched.get(header);
        if (values) return unrouted(plugin, route, at, header, values);
        const place = plugin.configPlace(["routes", at, route?.header ? "header" : "name"]);
        const what = `no VirtualService or HTTPRoute here matches on the header ${header}`;
        const why = `route "${route?.name}" would choose a variant that nobody routes to`;
        const right = plugin.policy
          ? "add spec.traffic for this route, and render writes the VirtualService"
          : `match headers: {${header}: {exact: <variant>}} in the VirtualService of its hosts`;
        return [{ severity: "warning", rule: "canary-header", place, what, why, right }];
      });
    });
}

/**
 * Variants that the header may name and that no route is for; "" among the values is a match of
 * another kind than exact.
 */
function unrouted(
  plugin: Plugin,
  route: any,
  at: number,
  header: string,
  values: Set<string>,
): Finding[] {
  const base = baseOf(route);
  const missing = variantsOf(route).filter(
    (name) => name !== base && !values.has(name) && !values.has(""),
  );
  if (missing.length === 0) return [];
  const what = `nothing here routes ${header}: ${missing.join(", ")}`;
  const why = `route "${route?.name}" would send them where its base "${base}" goes`;
  const right = `match headers: {${header}: {exact: ${missing[0]}}} in the VirtualService of its hosts`;
  return [
    {
      severity: "warning",
      rule: "canary-variant",
      place: plugin.configPlace(["routes", at, "name"]),
      what,
      why,
      right,
    },
  ];
}

/** Header names (lower case) that routes match on, and the values. */
function collect(resource: Manifest, matched: Map<string, Set<string>>): void {
  const add = (name: unknown, value: unknown) => {
    const key = String(name).toLowerCase();
    matched.set(key, (matched.get(key) ?? new Set()).add(String(value ?? "")));
  };
  const { spec } = resource.value ?? {};
  if (resource.kind === "VirtualService" && Array.isArray(spec?.http)) {
    for (const rule of spec.http) {
      for (const match of Array.isArray(rule?.match) ? rule.match : []) {
        for (const [name, value] of Object.entries((match?.headers ?? {}) as Record<string, any>))
          add(name, value?.exact);
      }
    }
  }
  if (
    (resource.kind === "HTTPRoute" || resource.kind === "GRPCRoute") &&
    Array.isArray(spec?.rules)
  ) {
    for (const rule of spec.rules) {
      for (const match of Array.isArray(rule?.matches) ? rule.matches : []) {
        for (const header of Array.isArray(match?.headers) ? match.headers : [])
          add(header?.name, header?.type === "RegularExpression" ? "" : header?.value);
      }
    }
  }
}
