// VirtualService → a canary route: matches become variants, weights the split. What is no routing between versions of one
// thing (timeouts, retries, faults) goes beside it, into `traffic`, from which render writes the
// VirtualService anew.
import type { Manifest, Path } from "../core/source.ts";
import { rootNamespace } from "../validate/overlap.ts";
import { listOf } from "./context.ts";
import type { Context } from "./context.ts";
import { slug } from "./drafts.ts";
import { authorityOf, stringMatch } from "./matchers.ts";
import { Variants } from "./variant-list.ts";

/** Conditions that have the same name in our Match. */
const matchKeys = [
  "uri",
  "scheme",
  "method",
  "authority",
  "headers",
  "withoutHeaders",
  "queryParams",
  "ignoreUriCase",
];

/** True if it chooses between destinations: by a match, or by weight. */
export function isCanary(manifest: Manifest): boolean {
  const http = listOf(manifest.value.spec?.http);
  const names = new Set(
    http.flatMap((rule) => listOf(rule?.route).map((one) => JSON.stringify(one?.destination))),
  );
  return names.size > 1;
}

export function migrateVirtualService(context: Context, manifest: Manifest): void {
  const { report } = context;
  const { spec } = manifest.value;
  const hosts: string[] = listOf(spec.hosts).map(String);
  const route: any = {
    name: slug(manifest.name),
    match: [{ authority: authorityOf(hosts, manifest.namespace) }],
    variants: [],
  };
  const traffic: any = {
    route: route.name,
    name: manifest.name,
    namespace: manifest.namespace,
    hosts,
    ...(spec.gateways && { gateways: spec.gateways }),
    host: "",
    variants: {},
  };
  report.carried(manifest, ["spec", "hosts"], "canary route match (authority), and traffic.hosts");
  const variants = new Variants(context, manifest, route, traffic);
  listOf(spec.http).forEach((rule, at) =>
    readRule(context, manifest, variants, rule, ["spec", "http", at]),
  );
  const first = Object.values(traffic.variants as Record<string, any>)[0];
  traffic.host = first?.host ?? hosts[0];
  for (const variant of Object.values(traffic.variants as Record<string, any>))
    if (variant.host === traffic.host) delete variant.host;
  if (!route.split) {
    route.base = route.variants.at(-1)?.name;
    report.changed(
      manifest,
      ["spec", "http"],
      `no route takes the rest (Envoy answers 404): here it goes to "${route.base}"`,
    );
  }
  if (spec.exportTo !== undefined) {
    traffic.exportTo = spec.exportTo;
    report.carried(manifest, ["spec", "exportTo"], "traffic.exportTo");
  }
  for (const key of ["tcp", "tls"]) {
    if (spec[key] !== undefined)
      report.lost(manifest, ["spec", key], "keep it in a VirtualService of its own");
  }
  place(context, manifest, route, traffic);
  report.close(manifest);
}

function readRule(
  context: Context,
  manifest: Manifest,
  variants: Variants,
  rule: any,
  path: Path,
): void {
  const { report } = context;
  for (const key of ["redirect", "directResponse", "delegate"]) {
    if (rule?.[key] === undefined) continue;
    variants.first(rule, path, `a ${key} is no variant`);
    return;
  }
  if (rule.name !== undefined)
    report.changed(manifest, [...path, "name"], "rendered rules are named by their variant");
  const destinations = listOf(rule.route);
  const matches = listOf(rule.match);
  if (matches.length > 0 && destinations.length > 1) {
    variants.first(
      rule,
      path,
      "a split under a condition: a canary route of its own with this match would make it sticky",
    );
    return;
  }
  const named = destinations.map((one) => variants.of(one?.destination));
  destinations.forEach((_one, at) =>
    report.carried(manifest, [...path, "route", at, "destination"], `variant "${named[at].name}"`),
  );
  destinations.forEach((one, at) => {
    if (matches.length > 0 && one?.weight !== undefined) {
      report.carried(manifest, [...path, "route", at, "weight"], "all of what matches");
    }
    const headers = [...path, "route", at, "headers"];
    if (one?.headers !== undefined && rule.headers !== undefined)
      report.lost(
        manifest,
        headers,
        "the rule has headers too: join them by hand in traffic variants http.headers",
      );
    else if (one?.headers !== undefined)
      report.carried(manifest, headers, `traffic variants ${named[at].name} http.headers`);
    const options =
      one?.headers === undefined || rule.headers ? rule : { ...rule, headers: one.headers };
    variants.options(options, [named[at].name], path);
  });
  if (matches.length > 0) addMatches(context, manifest, named[0], matches, path);
  else addSplit(context, manifest, variants.route, destinations, named, path);
}

function addSplit(
  context: Context,
  manifest: Manifest,
  route: any,
  destinations: any[],
  named: any[],
  path: Path,
): void {
  const { report } = context;
  if (route.split) {
    report.lost(manifest, path, "a rule before it already takes everything");
    return;
  }
  const total =
    destinations.reduce(
      (sum, one) => sum + Number(one?.weight ?? (destinations.length === 1 ? 100 : 0)),
      0,
    ) || 1;
  route.split = {};
  destinations.forEach((one, at) => {
    const weight = Number(one?.weight ?? (destinations.length === 1 ? 100 : 0));
    route.split[named[at].name] = Math.round((weight / total) * 10_000) / 100;
    if (one?.weight !== undefined)
      report.carried(
        manifest,
        [...path, "route", at, "weight"],
        `split ${named[at].name}: ${route.split[named[at].name]}`,
      );
  });
}

function addMatches(
  context: Context,
  manifest: Manifest,
  variant: any,
  matches: any[],
  path: Path,
): void {
  const { report } = context;
  if (variant.match && variant !== undefined)
    report.changed(
      manifest,
      [...path, "match"],
      `more conditions for "${variant.name}": they count where the variant was first named`,
    );
  variant.match ??= [];
  matches.forEach((match, at) => {
    const where = [...path, "match", at];
    const own: any = {};
    for (const key of matchKeys) {
      if (match?.[key] === undefined) continue;
      own[key] = ["headers", "withoutHeaders", "queryParams"].includes(key)
        ? mapped(match[key])
        : match[key];
      report.carried(manifest, [...where, key], `variant "${variant.name}" match`);
    }
    for (const key of ["name", "statPrefix"]) {
      if (match?.[key] !== undefined)
        report.changed(manifest, [...where, key], "metrics are named by the route and variant");
    }
    for (const key of ["port", "gateways", "sourceLabels", "sourceNamespace"]) {
      if (match?.[key] !== undefined)
        report.lost(
          manifest,
          [...where, key],
          "it selects proxies, not requests: give those proxies a policy of their own",
        );
    }
    variant.match.push(own);
  });
}

function mapped(matches: Record<string, any>): Record<string, any> {
  return Object.fromEntries(
    Object.entries(matches).map(([name, match]) => [name, stringMatch(match)]),
  );
}

/** One policy for each kind of proxy that the VirtualService names; the first also renders it. */
function place(context: Context, manifest: Manifest, route: any, traffic: any): void {
  const { report } = context;
  const gateways: string[] = listOf(manifest.value.spec.gateways).map(String);
  const named = gateways.filter((gateway) => gateway !== "mesh");
  const copies: any[] = [];
  const add = (namespace: string, placement: any, name: string) => {
    const draft = context.drafts.at(namespace, placement, name);
    draft
      .settings("canary", manifest, () => ({ routes: [] }))
      .routes.push(copies[copies.push(structuredClone(route)) - 1]);
    if (copies.length === 1) draft.traffic.push(traffic);
  };
  for (const gateway of named) {
    const { namespace, selector, isKnown } = gatewayOf(context, manifest, gateway);
    const path = ["spec", "gateways", gateways.indexOf(gateway)];
    if (isKnown) report.carried(manifest, path, `placement.gateway ${JSON.stringify(selector)}`);
    else
      report.changed(
        manifest,
        path,
        `the Gateway was not read: its workload is taken to be ${JSON.stringify(selector)} in ${namespace}`,
      );
    add(namespace, { gateway: { selector } }, "edge");
  }
  for (const copy of copies) context.twins.set(copy, copies);
  if (named.length > 0 && !gateways.includes("mesh")) return;
  const path = gateways.includes("mesh")
    ? ["spec", "gateways", gateways.indexOf("mesh")]
    : ["metadata", "namespace"];
  report.changed(
    manifest,
    path,
    `placement.sidecar outbound in ${manifest.namespace}: callers in other namespaces need the same policy there, or in ${rootNamespace}`,
  );
  add(manifest.namespace, { sidecar: { direction: "outbound" } }, `${slug(manifest.name)}-callers`);
}

function gatewayOf(
  context: Context,
  manifest: Manifest,
  text: string,
): { namespace: string; selector: Record<string, string>; isKnown: boolean } {
  const [left, right] = text.split("/");
  const long = /^([^.]+)\.([^.]+)\.svc/.exec(text);
  const name = right ?? long?.[1] ?? left!;
  const namespace = right ? left! : (long?.[2] ?? manifest.namespace);
  const found = context.find("networking.istio.io", "Gateway", namespace, name);
  const selector = found?.value.spec?.selector;
  return {
    namespace,
    selector: selector ?? { istio: "ingressgateway" },
    isKnown: Boolean(selector),
  };
}
