// The other half of a canary: something in the mesh must route on the header that the filter sets.
import { baseOf, headerOf, nameOf, routesIn, variantsOf } from "../core/canary.ts";
import type { Finding } from "../core/problem.ts";
import type { Manifest } from "../core/source.ts";
import { at, fieldsOf, listOf, mapsOf } from "../core/value.ts";
import type { Plugin } from "./plugin.ts";
import type { World } from "./world.ts";

export function checkCanaryHeaders({ plugins, resources }: World): Finding[] {
  const matched = new Map<string, Set<string>>();
  for (const resource of resources) collect(resource, matched);
  return plugins
    .filter((plugin) => plugin.filter === "canary")
    .flatMap((plugin) =>
      routesIn(plugin.config).flatMap((route, index): Finding[] => {
        const header = headerOf(route);
        const values = matched.get(header);
        const ruled = variantsByRule(plugins, nameOf(route));
        if (values) return unrouted(plugin, route, index, new Set([...values, ...ruled]));
        const named = at(route, "header") ? "header" : "name";
        const place = plugin.configPlace(["routes", index, named]);
        const what = `no VirtualService or HTTPRoute here matches on the header ${header}`;
        const why = `route "${nameOf(route)}" would choose a variant that has no route`;
        const right = plugin.policy
          ? "add spec.traffic for this route, and render writes the VirtualService"
          : `match headers: {${header}: {exact: <variant>}} in the VirtualService of its hosts`;
        return [{ severity: "warning", rule: "canary-header", place, what, why, right }];
      }),
    );
}

/**
 * Variants that the header may name and that no route is for; "" among the values is a match of
 * another kind than exact.
 */
function unrouted(plugin: Plugin, route: unknown, index: number, values: Set<string>): Finding[] {
  const header = headerOf(route);
  const base = baseOf(route);
  const missing = variantsOf(route).filter(
    (name) => name !== base && !values.has(name) && !values.has(""),
  );
  if (missing.length === 0) return [];
  const what = `nothing here routes ${header}: ${missing.join(", ")}`;
  const why = `route "${nameOf(route)}" would send them where its base "${base}" goes`;
  const right = `match headers: {${header}: {exact: ${missing[0]}}} in the VirtualService of its hosts`;
  return [
    {
      severity: "warning",
      rule: "canary-variant",
      place: plugin.configPlace(["routes", index, "name"]),
      what,
      why,
      right,
    },
  ];
}

/** Variants that a rule of the VirtualService leads to by its own conditions, not by the header. */
function variantsByRule(plugins: readonly Plugin[], route: string): string[] {
  return plugins.flatMap(({ policy }) => {
    const traffic = policy?.traffic.find((entry) => entry.route === route);
    if (!traffic?.rules) return [];
    const written = new Set(traffic.rules.flatMap((rule) => listOf(rule.variants).map(String)));
    return Object.keys(traffic.variants).filter((name) => !written.has(name));
  });
}

/** Header names (lower case) that routes match on, and the values. */
function collect(resource: Manifest, matched: Map<string, Set<string>>): void {
  const add = (name: unknown, value: unknown) => {
    const key = String(name).toLowerCase();
    matched.set(key, (matched.get(key) ?? new Set()).add(String(value ?? "")));
  };
  if (resource.kind === "VirtualService") {
    for (const rule of mapsOf(resource.at("spec", "http")))
      for (const match of mapsOf(rule.match))
        for (const [name, value] of Object.entries(fieldsOf(match.headers)))
          add(name, at(value, "exact"));
  }
  if (resource.kind === "HTTPRoute" || resource.kind === "GRPCRoute") {
    for (const rule of mapsOf(resource.at("spec", "rules")))
      for (const match of mapsOf(rule.matches))
        for (const { name, type, value } of mapsOf(match.headers))
          add(name, type === "RegularExpression" ? "" : value);
  }
}
