// Which rule of which VirtualService a request meets after the filters: enough of Istio's
// matching to say where it goes.
import type { Policy } from "../core/policy.ts";
import { renderRoutes } from "../render/routes.ts";
import type { Manifest } from "../core/source.ts";
import { fieldsOf, listOf, mapsOf } from "../core/value.ts";
import type { Fields } from "../core/value.ts";
import { hostMatches } from "../validate/overlap.ts";

interface Service {
  title: string;
  spec: Fields;
}

export type Routing = Service[];

/** The VirtualServices that policies render, then those in the files. */
export function routingOf(policies: Policy[], others: Manifest[]): Routing {
  const rendered = policies.flatMap((policy) =>
    renderRoutes(policy).filter(({ kind }) => kind === "VirtualService"),
  );
  const own = rendered.map(({ metadata, spec }) => ({
    title: `VirtualService ${metadata.namespace}/${metadata.name}`,
    spec: spec ?? {},
  }));
  const given = others
    .filter(
      (manifest) => manifest.kind === "VirtualService" && manifest.group === "networking.istio.io",
    )
    .map((manifest) => ({ title: manifest.title, spec: fieldsOf(manifest.at("spec")) }));
  return [
    ...own,
    ...given.filter((service) => !own.some((other) => other.title === service.title)),
  ];
}

/** A host that is routed here, for a request that names none. */
export function hostOf(routing: Routing): string | undefined {
  const hosts = routing
    .flatMap(({ spec }) => listOf(spec.hosts).map(String))
    .filter((host) => !host.includes("*"));
  return hosts.find((host) => host.includes(".")) ?? hosts[0];
}

/** Where the headers lead, in words; undefined when no VirtualService here has the host. */
export function routeOf(routing: Routing, headers: Map<string, string>): string | undefined {
  const host = (headers.get(":authority") ?? "").replace(/:\d+$/, "").toLowerCase();
  const service = routing.find(({ spec }) =>
    listOf(spec.hosts).some((pattern) => isHost(String(pattern), host)),
  );
  if (!service) return undefined;
  for (const [index, rule] of mapsOf(service.spec.http).entries()) {
    const matches = mapsOf(rule.match);
    if (matches.length > 0 && !matches.some((match) => fits(match, headers))) continue;
    return `${destinations(rule)} (${service.title}, rule ${rule.name ? `"${String(rule.name)}"` : index})`;
  }
  return `no rule of ${service.title} matches`;
}

/** A short name also stands for its longer forms. */
function isHost(pattern: string, host: string): boolean {
  return (
    hostMatches(pattern.toLowerCase(), host) ||
    (!pattern.includes(".") && host.startsWith(`${pattern}.`))
  );
}

function destinations(rule: Fields): string {
  if (rule.redirect) return "a redirect";
  if (rule.directResponse) return "a direct response";
  return mapsOf(rule.route)
    .map(({ destination, weight }) => {
      const { host, subset } = fieldsOf(destination);
      const share = weight !== undefined && weight !== 100 ? ` ${String(weight)} %` : "";
      return `${String(host)}${subset ? ` subset ${String(subset)}` : ""}${share}`;
    })
    .join(", ");
}

function fits(match: Fields, headers: Map<string, string>): boolean {
  const path = headers.get(":path") ?? "/";
  const [bare = "/", query = ""] = path.split("?");
  const queryParams = new URLSearchParams(query);
  const plain: [string, string | undefined][] = [
    ["uri", match.ignoreUriCase ? bare.toLowerCase() : bare],
    ["method", headers.get(":method")],
    ["authority", headers.get(":authority")],
    ["scheme", headers.get(":scheme")],
  ];
  const fitsHeader = ([name, one]: [string, unknown]) =>
    textFits(one, headers.get(name.toLowerCase()));
  return (
    plain.every(([key, value]) => match[key] === undefined || textFits(match[key], value)) &&
    Object.entries(fieldsOf(match.headers)).every(fitsHeader) &&
    !Object.entries(fieldsOf(match.withoutHeaders)).some(fitsHeader) &&
    Object.entries(fieldsOf(match.queryParams)).every(([name, one]) =>
      textFits(one, queryParams.get(name) ?? undefined),
    )
  );
}

function textFits(match: unknown, value: string | undefined): boolean {
  if (value === undefined) return false;
  const { exact, prefix, regex } = fieldsOf(match);
  if (exact !== undefined) return value === String(exact);
  if (prefix !== undefined) return value.startsWith(String(prefix));
  if (regex !== undefined) return new RegExp(`^(?:${String(regex)})$`, "u").test(value);
  return true;
}
