// The other half of a canary: something in the mesh must route on the header that the filter sets.
import { defaultHeader } from "../variants.ts";
import type { Finding } from "../problem.ts";
import type { Manifest } from "../source.ts";
import type { World } from "./cross-checks.ts";

export function checkCanaryHeaders({ plugins, resources }: World): Finding[] {
  const matched = new Map<string, Set<string>>();
  for (const resource of resources) collect(resource, matched);
  return plugins
    .filter((plugin) => plugin.filter === "canary")
    .flatMap((plugin) => {
      const routes: any[] = Array.isArray(plugin.config?.routes) ? plugin.config.routes : [];
      return routes.flatMap((route, at): Finding[] => {
        const header = String(route?.header ?? defaultHeader).toLowerCase();
        if (matched.has(header)) return [];
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

/** Header names (lower case) that routes match on. */
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
  if ((resource.kind === "HTTPRoute" || resource.kind === "GRPCRoute") && Array.isArray(spec?.rules)) {
    for (const rule of spec.rules) {
      for (const match of Array.isArray(rule?.matches) ? rule.matches : []) {
        for (const header of Array.isArray(match?.headers) ? match.headers : []) add(header?.name, header?.value);
      }
    }
  }
}
