// A policy's `traffic` beside its canary routes: each entry names a route and that route's
// variants.
import { nameOf, routesIn, variantsOf } from "./canary.ts";
import type { Policy, Traffic } from "./policy.ts";
import type { Finding } from "./problem.ts";
import { at } from "./value.ts";

export function checkTraffic(policy: Policy): Finding[] {
  const routes = routesIn(policy.filters.get("canary"));
  return policy.traffic.flatMap((traffic, index) => {
    const error: Report = (where, what, right) => ({
      severity: "error",
      rule: "traffic",
      place: policy.manifest.place(["spec", "traffic", index, ...where]),
      what,
      right,
    });
    const route = routes.find((candidate) => nameOf(candidate) === traffic.route);
    if (route === undefined) return [unknownRoute(traffic, routes, error)];
    return [...checkBase(route, error), ...checkVariants(traffic, route, error)];
  });
}

type Report = (where: string[], what: string, right: string) => Finding;

function unknownRoute(traffic: Traffic, routes: unknown[], error: Report): Finding {
  const names = routes.map(nameOf).join(", ");
  const right = names ? `write one of ${names}` : "add it to spec.canary.routes";
  return error(["route"], `no canary route is called "${traffic.route}"`, right);
}

function checkBase(route: unknown, error: Report): Finding[] {
  if (at(route, "split") || at(route, "weights") || at(route, "base")) return [];
  const what = `route "${nameOf(route)}" has neither base nor split: a request that no rule takes has no destination`;
  return [error(["route"], what, "add base: <variant> to the route")];
}

function checkVariants(traffic: Traffic, route: unknown, error: Report): Finding[] {
  const wanted = variantsOf(route);
  const missing = wanted.filter((name) => !(name in traffic.variants));
  const unknown = Object.keys(traffic.variants).filter((name) => !wanted.includes(name));
  return [
    ...missing.map((name) => {
      const what = `variant "${name}" of route "${nameOf(route)}" has no destination`;
      return error(["variants"], what, `add ${name}: {labels: {version: …}}`);
    }),
    ...unknown.map((name) => {
      const what = `route "${nameOf(route)}" has no variant "${name}"`;
      return error(["variants", name], what, `its variants are ${wanted.join(", ")}`);
    }),
  ];
}
