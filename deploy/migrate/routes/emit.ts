// A release → a canary route where requests come in, and the VirtualService around it: all of its
// rules in their order, with the one that splits written once for each variant. A proxy without the
// filter goes on as before.
import type { Manifest, Path } from "../../core/source.ts";
import { at, fieldsOf, listOf, mapsOf, textsOf } from "../../core/value.ts";
import type { Fields } from "../../core/value.ts";
import { gatewayName } from "../../native/routing/hosts.ts";
import type { Context } from "../context.ts";
import { slug } from "../drafts.ts";
import { authorityOf } from "../matchers.ts";
import { matchOf } from "./release.ts";
import type { Planned } from "../traffic-proof.ts";
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

/** What is to be written, and said, once it is proved. */
export interface Prepared {
  route: Fields;
  traffic: Fields;
  places: Place[];
}

export interface Place {
  namespace: string;
  placement: Fields;
  name: string;
  /** What a rule's match needs, so that it is for this place alone. */
  cover: Fields;
  /** What the report says of it. */
  said: { outcome: "carried" | "changed"; path: Path; note: string }[];
}

export function prepare(context: Context, service: Service, release: Release): Prepared {
  const places = placesOf(context, service);
  const route = routeOf(context, service, release);
  const coversAll = isEverywhere(service);
  const traffic = trafficOf(service, release, String(route.name), places, coversAll);
  return { route, traffic, places };
}

/**
 * The policies as they will be, each with its part: the VirtualService is rendered by the first.
 */
export function plannedOf({ places, route, traffic }: Prepared): Planned[] {
  return places.map(({ namespace, placement }, at) => ({
    namespace,
    placement,
    filters: { canary: { routes: [structuredClone(route)] } },
    ...(at === 0 && { traffic: [traffic] }),
  }));
}

/** Writes the policies. Changes of its route reach all of them. */
export function write(context: Context, manifest: Manifest, prepared: Prepared): void {
  const { route, traffic, places } = prepared;
  const copies: Fields[] = [];
  for (const { namespace, placement, name, said } of places) {
    for (const { outcome, path, note } of said) context.report[outcome](manifest, path, note);
    const draft = context.drafts.at(namespace, placement, name);
    const settings = draft.settings("canary", manifest, () => ({ routes: [] }));
    const copy = copies.length === 0 ? route : structuredClone(route);
    settings.routes = inserted(mapsOf(settings.routes), copy);
    copies.push(copy);
    if (copies.length === 1) draft.traffic.push(traffic);
  }
  for (const copy of copies) context.twins.set(copy, copies);
}

/** Routes of single hosts come first: the first that fits decides. */
function inserted(routes: readonly Fields[], route: Fields): Fields[] {
  const isWild = (one: Fields) =>
    /\[\^:\]\+|\.\*/.test(String(at(one, "match", 0, "authority", "regex")));
  const place = isWild(route) ? -1 : routes.findIndex(isWild);
  return place < 0 ? [...routes, route] : routes.toSpliced(place, 0, route);
}

/** Whether every proxy that the VirtualService is for is one of the places. */
function isEverywhere({ gateways, exportTo }: Service): boolean {
  const isMesh = gateways.length === 0 || gateways.includes("mesh");
  const own = listOf(exportTo);
  return !isMesh || (own.length === 1 && own[0] === ".");
}

function placesOf(context: Context, service: Service): Place[] {
  const { namespace, gateways } = service;
  const places = gateways.flatMap((text, index): Place[] =>
    text === "mesh" ? [] : [gatewayPlace(context, namespace, text, index)],
  );
  if (gateways.length === 0 || gateways.includes("mesh")) {
    const at = gateways.indexOf("mesh");
    const path = at < 0 ? ["metadata", "namespace"] : ["spec", "gateways", at];
    const rest = isEverywhere(service)
      ? ""
      : "; for callers in other namespaces Envoy goes on splitting, each request anew";
    const note = `placement.sidecar outbound in ${namespace}${rest}`;
    places.push({
      namespace,
      placement: { sidecar: { direction: "outbound" } },
      name: `${slug(service.name)}-callers`,
      cover: { sourceNamespace: namespace },
      said: [{ outcome: "changed", path, note }],
    });
  }
  return mergedPlaces(places);
}

function gatewayPlace(context: Context, namespace: string, text: string, index: number): Place {
  const [of, name] = gatewayName(text, namespace).split("/") as [string, string];
  const found = selectorOf(context, of, name);
  const selector = found ?? { istio: "ingressgateway" };
  const shown = JSON.stringify(selector);
  const path = ["spec", "gateways", index];
  return {
    namespace: of,
    placement: { gateway: { selector } },
    name: "edge",
    cover: { gateways: [text] },
    said: [
      found
        ? { outcome: "carried", path, note: `placement.gateway ${shown}` }
        : {
            outcome: "changed",
            path,
            note: `the Gateway was not read: its workload is taken to be ${shown} in ${of}`,
          },
    ],
  };
}

/** Several Gateways may be one workload's. */
function mergedPlaces(places: readonly Place[]): Place[] {
  const byPlace = new Map<string, Place>();
  for (const place of places) {
    const key = JSON.stringify([place.namespace, place.placement]);
    const known = byPlace.get(key);
    if (known) {
      const gateways = [...listOf(known.cover.gateways), ...listOf(place.cover.gateways)];
      known.cover = { gateways };
      known.said.push(...place.said);
    } else byPlace.set(key, place);
  }
  return [...byPlace.values()];
}

function selectorOf(
  context: Context,
  namespace: string,
  name: string,
): Record<string, string> | undefined {
  const found = context.find("networking.istio.io", "Gateway", namespace, name);
  const selector = found?.at("spec", "selector");
  return selector === undefined ? undefined : textsOf(selector);
}

function routeOf(context: Context, service: Service, release: Release): Fields {
  const own = mapsOf(service.http[release.rule]!.match).map(matchOf);
  const host = authorityOf(service.hosts, service.namespace);
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
  return context.mentions(/"x-variant"/i) ? `x-${slug(name)}-variant` : undefined;
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

/**
 * Each match at each place. A match that names its own gateways or callers stays with the rule that
 * Envoy splits.
 */
function coveredMatches(matches: readonly Fields[], places: readonly Place[]): Fields[] {
  const all = matches.length > 0 ? matches : [{}];
  return all.flatMap((match) => {
    const own = ["gateways", "sourceLabels", "sourceNamespace"].some(
      (key) => match[key] !== undefined,
    );
    return own ? [] : places.map(({ cover }) => ({ ...match, ...cover }));
  });
}
