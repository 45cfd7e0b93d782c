// A release → a canary route where requests come in, and the VirtualService around it: all of its rules in their order,
// with the one that splits written once for each variant. A proxy without the filter goes on as before.
import type { Manifest } from "../../core/source.ts";
import { at, fieldsOf, listOf, mapsOf } from "../../core/value.ts";
import type { Fields } from "../../core/value.ts";
import { gatewayName } from "../../native/routing/hosts.ts";
import type { Context } from "../context.ts";
import { slug } from "../drafts.ts";
import { authorityOf } from "../matchers.ts";
import { matchOf } from "./release.ts";
import type { Release } from "./release.ts";

/** What a VirtualService says besides its release. */
export interface Service {
  name: string;
  namespace: string;
  hosts: string[];
  gateways: string[];
  exportTo?: unknown;
  http: Fields[];
  tcp?: Fields[];
  tls?: Fields[];
}

export interface Emitted {
  route: Fields;
  traffic: Fields;
}

interface Place {
  namespace: string;
  placement: Fields;
  name: string;
  /** What a rule's match needs, so that it is for this place alone. */
  cover: Fields;
}

/** Writes the policies. Comes back with what was written; changes of its route reach all of them. */
export function emit(
  context: Context,
  manifest: Manifest,
  service: Service,
  release: Release,
): Emitted {
  const places = placesOf(context, manifest, service);
  const coversAll = isEverywhere(service);
  const route = routeOf(context, service, release);
  const traffic = trafficOf(service, release, String(route.name), places, coversAll);
  const copies: Fields[] = [];
  for (const { namespace, placement, name } of places) {
    const draft = context.drafts.at(namespace, placement as never, name);
    const settings = draft.settings("canary", manifest, () => ({ routes: [] }));
    const copy = copies.length === 0 ? route : structuredClone(route);
    insert(settings.routes, copy);
    copies.push(copy);
    if (copies.length === 1) draft.traffic.push(traffic as never);
  }
  for (const copy of copies) context.twins.set(copy, copies);
  return { route, traffic };
}

/** Routes of single hosts come first: the first that fits decides. */
function insert(routes: Fields[], route: Fields): void {
  const isWild = (one: Fields) =>
    /\[\^:\]\+|\.\*/.test(String(at(one, "match", 0, "authority", "regex")));
  const place = isWild(route) ? -1 : routes.findIndex(isWild);
  if (place < 0) routes.push(route);
  else routes.splice(place, 0, route);
}

/** Whether every proxy that the VirtualService is for is one of the places. */
function isEverywhere({ gateways, exportTo }: Service): boolean {
  const isMesh = gateways.length === 0 || gateways.includes("mesh");
  const own = listOf(exportTo);
  return !isMesh || (own.length === 1 && own[0] === ".");
}

function placesOf(context: Context, manifest: Manifest, service: Service): Place[] {
  const { report } = context;
  const { namespace, gateways } = service;
  const places: Place[] = [];
  for (const [index, text] of gateways.entries()) {
    if (text === "mesh") continue;
    const [of, name] = gatewayName(text, namespace).split("/") as [string, string];
    const selector = selectorOf(context, of, name);
    const path = ["spec", "gateways", index];
    const placement = { gateway: { selector: selector ?? { istio: "ingressgateway" } } };
    if (selector) report.carried(manifest, path, `placement.gateway ${JSON.stringify(selector)}`);
    else
      report.changed(
        manifest,
        path,
        `the Gateway was not read: its workload is taken to be ${JSON.stringify(placement.gateway.selector)} in ${of}`,
      );
    places.push({ namespace: of, placement, name: "edge", cover: { gateways: [text] } });
  }
  if (gateways.length === 0 || gateways.includes("mesh")) {
    const path = gateways.includes("mesh")
      ? ["spec", "gateways", gateways.indexOf("mesh")]
      : ["metadata", "namespace"];
    const rest = isEverywhere(service)
      ? ""
      : "; for callers in other namespaces Envoy goes on splitting, each request anew";
    report.changed(manifest, path, `placement.sidecar outbound in ${namespace}${rest}`);
    const placement = { sidecar: { direction: "outbound" } };
    const name = `${slug(service.name)}-callers`;
    places.push({ namespace, placement, name, cover: { sourceNamespace: namespace } });
  }
  return mergedPlaces(places);
}

/** Several Gateways may be one workload's. */
function mergedPlaces(places: readonly Place[]): Place[] {
  const byPlace = new Map<string, Place>();
  for (const place of places) {
    const key = JSON.stringify([place.namespace, place.placement]);
    const known = byPlace.get(key);
    if (known)
      known.cover = {
        gateways: [...listOf(known.cover.gateways), ...listOf(place.cover.gateways)],
      };
    else byPlace.set(key, place);
  }
  return [...byPlace.values()];
}

function selectorOf(
  context: Context,
  namespace: string,
  name: string,
): Record<string, string> | undefined {
  const found = context.find("networking.istio.io", "Gateway", namespace, name);
  return found?.value.spec?.selector;
}

function routeOf(context: Context, service: Service, release: Release): Fields {
  const own = mapsOf(service.http[release.rule]!.match).map(matchOf);
  const host = authorityOf(service.hosts, service.namespace) as Fields;
  // More requests than the rule's are no harm: its VirtualService asks again.
  const match = (own.length === 0 ? [{}] : own).map((one) => ({
    ...withoutRegex(one),
    authority: host,
  }));
  const unique = [...new Map(match.map((one) => [JSON.stringify(one), one])).values()];
  const byName = new Map<string, Fields>();
  for (const { variant, match: matches } of release.siblings) {
    const known = byName.get(variant) ?? { name: variant, match: [] };
    (known.match as Fields[]).push(...matches);
    byName.set(variant, known);
  }
  const rest = release.variants
    .filter(({ name }) => !byName.has(name))
    .map(({ name }): Fields => ({ name }));
  const header = headerFor(context, service);
  return {
    name: slug(service.name),
    match: unique,
    ...(header !== undefined && { header }),
    variants: [...byName.values(), ...rest],
    split: release.split,
  };
}

/** Our regular expressions and Envoy's may differ in a byte; exact texts and prefixes never do. */
function withoutRegex(match: Fields): Fields {
  const isPlain = (text: unknown) => at(text, "regex") === undefined;
  const kept: Fields = {};
  for (const [key, value] of Object.entries(match)) {
    if (["headers", "withoutHeaders", "queryParams"].includes(key)) {
      const plain = Object.entries(fieldsOf(value)).filter(([, text]) => isPlain(text));
      if (plain.length > 0) kept[key] = Object.fromEntries(plain);
    } else if (key === "ignoreUriCase" || isPlain(value)) kept[key] = value;
  }
  return kept;
}

/** The usual header, unless somebody here routes by it already. */
function headerFor(context: Context, { name }: Service): string | undefined {
  const isUsed = context.manifests.some(({ value }) => /"x-variant"/i.test(JSON.stringify(value)));
  return isUsed ? `x-${slug(name)}-variant` : undefined;
}

function trafficOf(
  service: Service,
  release: Release,
  route: string,
  places: readonly Place[],
  coversAll: boolean,
): Fields {
  const { variants, base, siblings } = release;
  const host = variants.find(({ name }) => name === base)!.destination.host;
  const split = service.http[release.rule]!;
  const { route: _route, match, ...options } = split;
  const covered = coversAll ? mapsOf(match) : coveredMatches(mapsOf(match), places);
  const written: Fields = {
    ...(match !== undefined || !coversAll ? { match: covered } : {}),
    ...options,
    variants: variants.map(({ name }) => name),
  };
  const rules = service.http.flatMap((rule, index): Fields[] => {
    if (index !== release.rule) return [rule];
    return coversAll ? [written] : [written, rule];
  });
  const destinations = [
    ...variants,
    ...siblings.map(({ variant, destination }) => ({ name: variant, destination })),
  ];
  return {
    route,
    name: service.name,
    namespace: service.namespace,
    hosts: service.hosts,
    ...(service.gateways.length > 0 && { gateways: service.gateways }),
    ...(service.exportTo !== undefined && { exportTo: service.exportTo }),
    host,
    rules,
    ...(service.tls && { tls: service.tls }),
    ...(service.tcp && { tcp: service.tcp }),
    variants: Object.fromEntries(
      destinations.map((one) => [one.name, variantOf(one, String(host))]),
    ),
  };
}

function variantOf(
  { destination, headers }: { destination: Fields; headers?: Fields },
  host: string,
): Fields {
  const port = at(destination, "port", "number");
  return {
    ...(destination.host !== host && { host: destination.host }),
    ...(destination.subset !== undefined && { subset: destination.subset }),
    ...(port !== undefined && { port }),
    ...(headers && { headers }),
  };
}

/** Each match at each place. A match that names its own gateways or callers stays with the rule that Envoy splits. */
function coveredMatches(matches: readonly Fields[], places: readonly Place[]): Fields[] {
  const all = matches.length > 0 ? matches : [{}];
  return all.flatMap((match) => {
    const own = ["gateways", "sourceLabels", "sourceNamespace"].some(
      (key) => match[key] !== undefined,
    );
    return own ? [] : places.map(({ cover }) => ({ ...match, ...cover }));
  });
}
