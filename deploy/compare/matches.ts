// What is worth asking of anything that has matches in Istio's, Gateway API's or our own words:
// routes, and settings of our filters. It walks the whole document; what it does not know it leaves
// out.
import type { Manifest } from "../core/source.ts";
import { fieldsOf, isFields, listOf, mapsOf, textAt } from "../core/value.ts";
import { claimEdits, plain } from "./authorization.ts";
import type { Keyring } from "./keyring.ts";
import { sampleOf } from "./regex-sample.ts";
import type { Axis, Edit, Interest } from "./requests.ts";
import {
  addressEdits,
  anyHeaderEdits,
  anyParameterEdits,
  headerEdits,
  hostEdits,
  methodEdits,
  parameterEdits,
  pathEdits,
  portEdits,
} from "./text-edits.ts";
import type { NativeRequest, Workload } from "../native/types.ts";

/** Texts that StringMatch names, in the order in which they say most. */
const kinds = ["exact", "prefix", "suffix", "contains"];
/** Of a regular expression that has no simple sample the plain text at its beginning is tried. */
const plainText = /^[\w/ =;.-]+/;

export function matchInterest(
  resources: readonly Manifest[],
  workloads: readonly Workload[],
  keyring: Keyring,
): Interest {
  const axes = resources.flatMap((manifest) => axesIn(manifest.at("spec"), keyring));
  const hosts = new Set(resources.flatMap(hostsIn));
  const starts = directionsAt(workloads).flatMap((side) => [
    side,
    ...[...hosts].map((host) => ({ ...side, host })),
  ]);
  return { starts, axes };
}

/** A name for each host of a route, and the one by which another namespace calls a service. */
function hostsIn(manifest: Manifest): string[] {
  return [...textsIn(manifest.at("spec", "hosts")), ...textsIn(manifest.at("spec", "hostnames"))]
    .map((host) => host.replace(/^\*/, "any"))
    .flatMap((host) => (host.includes(".") ? [host] : [host, `${host}.${manifest.namespace}`]));
}

/** A request at each workload; at a sidecar one in and one out. */
export function directionsAt(workloads: readonly Workload[]): NativeRequest[] {
  return workloads.flatMap((workload): NativeRequest[] => {
    const outbound: NativeRequest = { ...plain(workload), direction: "outbound" };
    return workload.kind === "sidecar" ? [plain(workload), outbound] : [plain(workload)];
  });
}

/** An axis for each name that some match in a document compares. */
export function axesIn(value: unknown, keyring: Keyring): Axis[] {
  const axes = new Map<string, Edit[]>();
  walk(value, (name, edits) => axes.set(name, [...(axes.get(name) ?? []), ...edits]), keyring);
  return [...axes].map(([name, edits]) => ({ name, edits }));
}

type Add = (name: string, edits: readonly Edit[]) => void;

function walk(value: unknown, add: Add, keyring: Keyring): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, add, keyring);
    return;
  }
  if (!isFields(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    visit(key, inner, add);
    walk(inner, add, keyring);
  }
  if (value.claim !== undefined) addClaim(value, add, keyring);
}

const visitors: Record<string, (value: unknown, add: Add) => void> = {
  hosts: addHosts,
  hostnames: addHosts,
  uri: (value, add) => add("paths", textsOfMatch(value).flatMap(pathEdits)),
  path: (value, add) => add("paths", textsOfMatch(value).flatMap(pathEdits)),
  authority: (value, add) => add("hosts", textsOfMatch(value).flatMap(hostEdits)),
  method: addMethods,
  headers: addHeaders,
  withoutHeaders: addHeaders,
  queryParams: addParams,
  key: addKeys,
  sourceAddresses: (value, add) => add("address", textsIn(value).flatMap(addressEdits)),
  port: (value, add) => add("port", numbersIn([value]).flatMap(portEdits)),
  ports: (value, add) => add("port", numbersIn(listOf(value)).flatMap(portEdits)),
};

function visit(key: string, value: unknown, add: Add): void {
  if (Object.hasOwn(visitors, key)) visitors[key]!(value, add);
  else if (/^header_?[nN]ame$/.test(key) && typeof value === "string")
    add(`header ${value}`, headerEdits(value, "value"));
}

function addHosts(value: unknown, add: Add): void {
  add(
    "hosts",
    textsIn(value).flatMap((host) => hostEdits(host.replace(/^\*/, "any"))),
  );
}

/** HTTPRoute writes a method as a bare text, GRPCRoute as service and method, which are a path. */
function addMethods(value: unknown, add: Add): void {
  const [service, method] = [textAt(value, "service"), textAt(value, "method")];
  if (service !== undefined || method !== undefined) {
    const paths = [`/${service ?? "any.Service"}/${method ?? "Any"}`, `/${service ?? "any"}`];
    add("paths", paths.flatMap(pathEdits));
    return;
  }
  const texts = typeof value === "string" ? [value] : textsOfMatch(value);
  add("methods", texts.flatMap(methodEdits));
}

/** A map from name to StringMatch, or Gateway API's list of {name, value}. */
function addHeaders(value: unknown, add: Add): void {
  for (const [name, texts] of namedTexts(value)) {
    const tried = texts.length > 0 ? texts : ["value"];
    if (name !== "" && !name.startsWith("@"))
      add(
        `header ${name}`,
        tried.flatMap((text) => headerEdits(name, text)),
      );
  }
}

function addParams(value: unknown, add: Add): void {
  for (const [name, texts] of namedTexts(value)) {
    const tried = texts.length > 0 ? texts : ["value"];
    add(
      `parameter ${name}`,
      tried.flatMap((text) => parameterEdits(name, text)),
    );
  }
}

function namedTexts(value: unknown): (readonly [string, string[]])[] {
  if (isFields(value))
    return Object.entries(value).map(([name, match]) => [name, textsOfMatch(match)] as const);
  return listOf(value).map((item) => [textAt(item, "name") ?? "", textsOfMatch(item)] as const);
}

/** What tells the clients of a limit apart. */
function addKeys(value: unknown, add: Add): void {
  for (const part of mapsOf(value)) {
    const [header, param] = [textAt(part, "header"), textAt(part, "queryParam")];
    if (header !== undefined) add(`header ${header}`, anyHeaderEdits(header));
    if (param !== undefined) add(`parameter ${param}`, anyParameterEdits(param));
    if (part.authority) add("hosts", anyHeaderEdits(":authority"));
    if (part.uri) add("paths", anyHeaderEdits(":path"));
    if (part.method) add("methods", anyHeaderEdits(":method"));
    if (part.sourceAddress !== undefined)
      add("address", ["10.1.2.3", "2001:db8:1:2::1"].flatMap(addressEdits));
  }
}

/** A condition on a claim in our settings. */
function addClaim(value: object, add: Add, keyring: Keyring): void {
  const { claim } = fieldsOf(value);
  const steps = typeof claim === "string" ? claim.split(".") : textsIn(claim);
  if (steps.length === 0) return;
  const key = `request.auth.claims[${steps.join("][")}]`;
  const values = [...textsOfMatch(value), ...textsIn(fieldsOf(value).oneOf)];
  add(
    key,
    values.flatMap((text) => claimEdits(key, text, keyring)),
  );
}

function textsOfMatch(match: unknown): string[] {
  const found = kinds.flatMap((kind) => textAt(match, kind) ?? []);
  const single = textAt(match, "value") ?? textAt(match, "equals");
  const isRegex = textAt(match, "type") === "RegularExpression";
  const regex = textAt(match, "regex") ?? (isRegex ? single : undefined);
  return [
    ...found,
    ...(regex === undefined ? [] : samplesOf(regex)),
    ...(single === undefined || isRegex ? [] : [single]),
  ];
}

function samplesOf(regex: string): string[] {
  const sample = sampleOf(regex) ?? plainText.exec(regex)?.[0];
  return sample === undefined ? [] : [sample];
}

function textsIn(value: unknown): string[] {
  return listOf(value).filter((item): item is string => typeof item === "string");
}

function numbersIn(values: readonly unknown[]): number[] {
  return values.flatMap((value) => {
    const number = isFields(value) ? value.number : value;
    return typeof number === "number" ? [number] : [];
  });
}
