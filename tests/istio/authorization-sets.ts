// Sets of authorization resources that live side by side in one istiod: each in namespaces, with
// labels and names of its own, with the requests that it is asked about.
import { authorizationInterest } from "../../deploy/compare/authorization.ts";
import type { Keyring } from "../../deploy/compare/keyring.ts";
import { Random } from "../../deploy/compare/random.ts";
import { generate } from "../../deploy/compare/requests.ts";
import { replaced } from "../../deploy/compare/token-edits.ts";
import { applied } from "../../deploy/compare/state.ts";
import { workloadsFor } from "../../deploy/compare/workloads.ts";
import { isPolicy } from "../../deploy/core/policy.ts";
import { parsePolicy } from "../../deploy/core/policy-parser.ts";
import { parse } from "../../deploy/core/source.ts";
import type { Manifest } from "../../deploy/core/source.ts";
import { fieldsOf, mapsOf } from "../../deploy/core/value.ts";
import { yamlText } from "../../deploy/core/yaml-text.ts";
import { migrate } from "../../deploy/migrate/migrate.ts";
import { attachmentOf, attaches, gatewayNameLabel } from "../../deploy/native/attachment.ts";
import type { Attachment } from "../../deploy/native/attachment.ts";
import { defaultMesh } from "../../deploy/native/types.ts";
import type { Mesh, NativeRequest, Workload } from "../../deploy/native/types.ts";
import { pluginsOf } from "../../deploy/validate/plugin.ts";
import { documentsOf, meshConfig } from "../support/authorization-fields/cases.ts";
import type { FieldCase } from "../support/authorization-fields/cases.ts";
import { requestOf } from "../support/authorization.ts";
import type { Ask } from "../support/authorization.ts";
import { randomAuthorization } from "../support/random-authorization.ts";
import type { Resource } from "./cluster.ts";
import type { Node } from "./discovery.ts";

/** What all sets have in common. */
export const mesh: Mesh = { ...defaultMesh, ...meshConfig };

/** Workloads of a random set that are asked. */
const workloadsMax = 4;
/** Requests of which a random set's are taken. */
const generatedMax = 300;

export interface AuthorizationSet {
  name: string;
  /** What is applied for this set alone. */
  documents: Resource[];
  /** All that its workloads have. */
  manifests: Manifest[];
  requests: NativeRequest[];
}

/** Where a set's own resources are told from those of others, and its requests made. */
export interface Surroundings {
  keyring: Keyring;
  /** Applied to every set. */
  wide?: readonly Resource[];
}

/** A case of the table as set `number` of many; `requests[i]` is that of `asks[i]`. */
export function fieldSet(
  each: FieldCase,
  number: number,
  { keyring }: Surroundings,
): AuthorizationSet {
  const documents = withKeys(isolated(documentsOf(each), number), keyring);
  const manifests = parsed(documents);
  const requests = each.asks.map(([ask]) =>
    at(requestOf(isolatedAsk(ask, number), manifests, keyring), keyring, Date.now()),
  );
  return { name: each.name, documents, manifests, requests };
}

/**
 * True if a resource of a case reaches every workload of the mesh: such a case needs a mesh of its
 * own.
 */
export function isMeshWide(each: FieldCase): boolean {
  return (documentsOf(each) as Resource[]).some(isWide);
}

function isWide({ metadata, spec = {} }: Resource): boolean {
  return metadata.namespace === mesh.rootNamespace && !spec.selector && !spec.targetRefs;
}

/** Random set `number`, and `count` requests at its workloads. */
export function randomSet(
  number: number,
  seed: number,
  count: number,
  { keyring, wide = [] }: Surroundings,
): AuthorizationSet {
  const random = new Random(seed);
  const made = (randomAuthorization(random) as Resource[]).filter(isSecurity).map(narrowed);
  const documents = withKeys(isolated(made, number), keyring);
  const manifests = parsed([...documents, ...wide]);
  const attachments = manifests.slice(0, documents.length).map(attachmentOf);
  const workloads = chosen(possibleFor(attachments), attachments, random);
  const interest = authorizationInterest(manifests, workloads, mesh, keyring);
  const all = [...generate([interest], { seed, max: generatedMax })].filter(isSendable);
  const sampled = random.some(all, count, count);
  const requests = sampled.map((request) => at(request, keyring, Date.now()));
  return { name: `set ${number} (seed ${seed})`, documents, manifests, requests };
}

function isSecurity({ apiVersion }: Resource): boolean {
  return apiVersion.startsWith("security.istio.io/");
}

/** A set's own resource is never for the whole mesh. */
function narrowed(document: Resource): Resource {
  const selector = { matchLabels: { app: "api" } };
  return isWide(document) ? { ...document, spec: { ...document.spec, selector } } : document;
}

/**
 * Two random resources for every proxy; neither is an ALLOW policy, which would leave little to
 * tell apart.
 */
export function wideResources(random: Random, keyring: Keyring, name: string): Resource[] {
  const isWanted = ({ kind, spec }: Resource, wanted: string) =>
    kind === wanted &&
    (wanted === "RequestAuthentication" || ["DENY", "AUDIT"].includes(spec.action));
  const first = (kind: string): Resource => {
    for (;;) {
      const found = (randomAuthorization(random) as Resource[]).find((each) =>
        isWanted(each, kind),
      );
      if (!found) continue;
      const { selector: _selector, targetRefs: _refs, ...spec } = found.spec;
      const metadata = { ...found.metadata, name, namespace: mesh.rootNamespace };
      return { ...found, metadata, spec };
    }
  };
  return withKeys([first("RequestAuthentication"), first("AuthorizationPolicy")], keyring);
}

/**
 * The documents as set `number` of many: their namespaces (but the root), labels and names end with
 * it. What they ask of the calling workload stays as it is.
 */
function isolated(documents: readonly object[], number: number): Resource[] {
  return (documents as Resource[]).map((document) => {
    const { metadata, spec } = document;
    const namespace = namespaceIn(metadata.namespace ?? "default", number);
    const labels = labelsIn(fieldsOf(fieldsOf(spec.selector).matchLabels), number);
    const refs = mapsOf(spec.targetRefs).map((ref) => ({ ...ref, name: `${ref.name}-${number}` }));
    return {
      ...document,
      metadata: { ...metadata, name: `${metadata.name}-${number}`, namespace },
      spec: {
        ...spec,
        ...(Object.keys(labels).length > 0 && { selector: { matchLabels: labels } }),
        ...(refs.length > 0 && { targetRefs: refs }),
      },
    };
  });
}

function isolatedAsk(ask: Ask, number: number): Ask {
  const namespace = namespaceIn(ask.namespace ?? "shop", number);
  return { ...ask, namespace, labels: labelsIn(ask.labels ?? { app: "api" }, number) };
}

function namespaceIn(namespace: string, number: number): string {
  return namespace === mesh.rootNamespace ? namespace : `${namespace}-${number}`;
}

function labelsIn(
  labels: Readonly<Record<string, unknown>>,
  number: number,
): Record<string, string> {
  const own = Object.entries(labels).map(([key, value]) => [key, `${String(value)}-${number}`]);
  return Object.fromEntries(own) as Record<string, string>;
}

/** Keys stand in the rules themselves: istiod has nobody to fetch them from. */
function withKeys(documents: readonly Resource[], keyring: Keyring): Resource[] {
  return documents.map((document) => {
    if (document.kind !== "RequestAuthentication") return document;
    const { name, namespace } = document.metadata;
    const jwtRules = mapsOf(document.spec.jwtRules).map(({ jwksUri: _uri, ...rule }, index) => ({
      ...rule,
      jwks: keyring.keySet(`${namespace}/${name}/${index}`),
    }));
    return { ...document, spec: { ...document.spec, jwtRules } };
  });
}

export function parsed(documents: readonly Resource[]): Manifest[] {
  return parse(yamlText(documents.map((value) => ({ value }))), "set.yaml").manifests;
}

/**
 * An istiod that reads a file has no Gateway API, and does not outlive a proxy of one of its
 * Gateways.
 */
function possibleFor(attachments: readonly Attachment[]): Workload[] {
  const all = workloadsFor(
    attachments,
    mesh,
    ({ labels }) => ("istio" in labels ? "gateway" : "sidecar"),
    () => false,
  );
  return all.filter(({ labels }) => !(gatewayNameLabel in labels));
}

/** Where most policies meet, and one more. */
function chosen(
  workloads: readonly Workload[],
  attachments: readonly Attachment[],
  random: Random,
): Workload[] {
  const count = (workload: Workload) =>
    attachments.filter((each) => attaches(each, workload, mesh)).length;
  const sorted = [...workloads].sort((a, b) => count(b) - count(a));
  const first = sorted.slice(0, workloadsMax - 1);
  const rest = sorted.slice(workloadsMax - 1);
  return rest.length > 0 ? [...first, random.pick(rest)] : first;
}

/** The set as `migrate` leaves it; undefined where all of it stays native. */
export function migratedSet(set: AuthorizationSet): AuthorizationSet | undefined {
  const { documents, replaced } = migrate(set.manifests, "registry.example.com/gatehouse");
  if (replaced.length === 0) return undefined;
  const made = parsed(documents.map(({ value }) => value as Resource));
  const after = applied(set.manifests, made).flatMap((manifest): Resource[] => {
    if (!isPolicy(manifest)) return [manifest.fields as Resource];
    const { policy, findings } = parsePolicy(manifest);
    if (!policy) throw new Error(JSON.stringify(findings));
    // An istiod that reads a file translates no WasmPlugin into what it works with.
    return pluginsOf(policy, "TrafficExtension", new Date(0)).resources as Resource[];
  });
  return { ...set, documents: after };
}

export function nodeOf({ kind, namespace, labels }: Workload, name: string): Node {
  return { type: kind === "gateway" ? "router" : "sidecar", name, namespace, labels };
}

/** What Envoy takes as a request at all: it answers others before any filter is asked. */
function isSendable({ method, host, path, headers, destination, peer }: NativeRequest): boolean {
  return (
    /^[A-Za-z]+$/.test(method) &&
    method !== "CONNECT" &&
    /^[\w.-]+(?::\d+)?$/.test(host) &&
    /^\/[\x21-\x7e]*$/.test(path) &&
    headers.every(([name, value]) => /^[\w-]+$/.test(name) && /^[\x20-\x7e]*$/.test(value)) &&
    headers.every(([, value]) => value === value.trim()) &&
    // HTTP/2 has cookies in crumbs: an empty one is none, and several are one.
    headers.every(([name, value]) => name !== "cookie" || value !== "") &&
    headers.filter(([name]) => name === "cookie").length < 2 &&
    destination.port >= 0 &&
    destination.port <= 65_535 &&
    (destination.serverName === undefined || /^[\w.-]+$/.test(destination.serverName)) &&
    (peer === undefined || /^[\x21-\x7e]+$/.test(peer))
  );
}

/** The same request at another time: what its tokens say about time moves along. */
function at(request: NativeRequest, keyring: Keyring, timeMillis: number): NativeRequest {
  const seconds = Math.round((timeMillis - request.timeMillis) / 1000);
  return request.tokens.reduce(
    (made, token) => {
      const times = Object.entries(token.claims).filter(
        ([name, value]) => ["exp", "nbf", "iat"].includes(name) && typeof value === "number",
      );
      // A zero is no time, but says that there is none.
      const moved = times.map(([name, value]) => [name, value === 0 ? 0 : Number(value) + seconds]);
      if (moved.length === 0) return made;
      const claims = { ...token.claims, ...Object.fromEntries(moved) };
      const isForged = token.signedBy === undefined;
      return replaced(made, token, keyring.token(token.signedBy ?? "forged", claims, isForged));
    },
    { ...request, timeMillis },
  );
}
