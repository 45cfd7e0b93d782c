// What every model of Istio's and Envoy's own resources shares: the request, the place it arrives
// at, and the decision. Models are pure: they know neither files, nor our filters, nor the clock.
import type { Manifest, Path } from "../core/source.ts";

/** A request header as it is on the wire: the name in lower case, duplicates as they came. */
export type Header = readonly [name: string, value: string];

/** The proxy that decides, by the workload that it serves. */
export interface Workload {
  namespace: string;
  labels: Readonly<Record<string, string>>;
  kind: "sidecar" | "gateway" | "waypoint";
  /** Name of the Gateway API Gateway that this proxy is (`kind: gateway` and `waypoint`). */
  gateway?: string;
  /** `gatewayClassName` of that Gateway. */
  gatewayClass?: string;
  /** The service behind a waypoint to which the request goes. */
  service?: { kind: "Service" | "ServiceEntry"; name: string; namespace: string };
  /** Istio Gateways (`namespace/name`) whose servers this proxy runs. Sidecars are `mesh`. */
  gateways?: readonly string[];
}

/**
 * A token that some header, parameter or cookie of a request carries. `text` is what is on the
 * wire.
 */
export interface Token {
  text: string;
  header: Readonly<Record<string, unknown>>;
  claims: Readonly<Record<string, unknown>>;
  /** Names the key that signed it; undefined for a signature that no key made. */
  signedBy?: string;
}

/** One request, as the first filter of the chain sees it. */
export interface NativeRequest {
  method: string;
  scheme: "http" | "https";
  /** `:authority`, with its port if the client sent one. */
  host: string;
  /** `:path` with the query, after the proxy's normalisation. */
  path: string;
  /** Without the pseudo headers and without `host`. */
  headers: readonly Header[];
  source: {
    /** The peer's address on the connection (`source.ip`, `ipBlocks`). */
    direct: string;
    /**
     * The client's address as the proxy decided it from X-Forwarded-For (`remote.ip`,
     * `remoteIpBlocks`).
     */
    remote: string;
    /** Labels and namespace of the calling workload, for rules on an outbound listener. */
    labels?: Readonly<Record<string, string>>;
    namespace?: string;
  };
  /** URI SAN of the peer's certificate (`spiffe://…`); undefined without mTLS. */
  peer?: string;
  destination: { address: string; port: number; serverName?: string };
  direction: "inbound" | "outbound";
  workload: Workload;
  /** Milliseconds since 1970. */
  timeMillis: number;
  /** Every token that the request carries anywhere, so that no model has to parse or verify one. */
  tokens: readonly Token[];
}

/** A weighted choice of destinations; weights as written. */
export interface Destination {
  host: string;
  subset?: string;
  port?: number;
  weight: number;
}

/** What happens to a request that is refused. */
export interface Refusal {
  status: number;
  /** Says which part refused it and why, for people: `RBAC: denied by shop/deny rule 0`. */
  reason: string;
}

/** What the native resources do with one request. */
export interface Decision {
  /** Undefined: it goes upstream. */
  refusal?: Refusal;
  /** Headers as the upstream sees them; undefined when it sees none. */
  headers?: readonly Header[];
  /** Where the router sends it; undefined where no routing resource was read. */
  destinations?: readonly Destination[];
  /** What else tells two answers apart (a rewrite, a log line, a timeout), by name. */
  effects?: Readonly<Record<string, string>>;
}

/** What is true for the whole mesh (MeshConfig). */
export interface Mesh {
  rootNamespace: string;
  trustDomain: string;
  trustDomainAliases: readonly string[];
  /** `extensionProviders[].name`: what CUSTOM policies may name. Empty: not known, so any. */
  extensionProviders: readonly string[];
}

export const defaultMesh: Mesh = {
  rootNamespace: "istio-system",
  trustDomain: "cluster.local",
  trustDomainAliases: [],
  extensionProviders: [],
};

/** A request on its way through the chain. A stage may change what later stages see. */
export interface Exchange {
  readonly request: NativeRequest;
  /** Starts as the request's own. */
  headers: Header[];
  path: string;
  /** Dynamic metadata by filter name, as jwt_authn leaves it for RBAC. */
  readonly metadata: Map<string, unknown>;
  destinations?: readonly Destination[];
  readonly effects: Record<string, string>;
}

/**
 * One filter's decision, or undefined to go on. May change the exchange. A stage may keep state
 * (buckets).
 */
export type Stage = (exchange: Exchange) => Refusal | undefined;

/** One kind of native resource: compiled once from what was read, then asked for each request. */
export interface NativeModel {
  /** As in reports: `jwt_authn`, `RBAC`, `local_ratelimit`, `routes`, `access log`. */
  readonly name: string;
  /** The place in Istio's filter chain; the smaller runs first. */
  readonly order: number;
  compile(resources: readonly Manifest[], mesh: Mesh): Stage;
  /**
   * Resources of its kind that it cannot decide, which `compile` leaves out: nothing may be
   * concluded about them, and migrate leaves them where they are.
   */
  gaps?(resources: readonly Manifest[]): Gap[];
}

/** A resource that a model does not understand, and the field because of which. */
export interface Gap {
  manifest: Manifest;
  path: Path;
  why: string;
}

/**
 * Decides requests, natively or with what was migrated. State goes on from one request to the next.
 */
export interface Decider {
  decide(request: NativeRequest): Decision;
}
