// How a request and the upstream's answer to it are described, for tests, scenarios and
// `gatehouse try` alike.
import { isIPv6 } from "node:net";
import type { HeaderInput } from "./headers.ts";
import type { Tree } from "./tree.ts";

export interface Request {
  /** Default GET. */
  method?: string;
  /** With query; normalised as the proxy would. Default `/`. */
  path?: string;
  /** Default `example.com`. */
  authority?: string;
  scheme?: string;
  headers?: HeaderInput;
  body?: string | Uint8Array;
  trailers?: HeaderInput;
  /** `10.0.0.1`, `2001:db8::1`, or with a port. Default 127.0.0.1. */
  sourceAddress?: string;
  destinationAddress?: string;
  /** Default HTTP/1.1. */
  protocol?: string;
  /** More of `connection.*`, say `{ mtls: true, uri_san_peer_certificate: "spiffe://…" }`. */
  connection?: Tree;
  /** Dynamic metadata by namespace. */
  metadata?: Tree;
  /** `xds.*`: route_name, cluster_name and so on. */
  xds?: Tree;
}

export interface Response {
  /** Default 200. */
  status?: number;
  headers?: HeaderInput;
  body?: string | Uint8Array;
  trailers?: HeaderInput;
  /** As a trailer; with it the content-type defaults to application/grpc. */
  grpcStatus?: number;
  /** How long the upstream takes. */
  durationMillis?: number;
  /** Envoy's short response flags, say `["UF"]`: the answer then is Envoy's own. */
  flags?: string[];
  details?: string;
  /** Default 127.0.0.1:8080. */
  upstreamAddress?: string;
  cluster?: string;
  transportFailure?: string;
}

export function asBytes(body: string | Uint8Array | undefined): Buffer {
  if (body === undefined) return Buffer.alloc(0);
  return typeof body === "string" ? Buffer.from(body, "utf8") : Buffer.from(body);
}

/** An address in Envoy's text form, `ip:port` or `[ip]:port`. */
export function asAddress(address: string, port: number): string {
  if (isIPv6(address)) return `[${address}]:${port}`;
  return /:\d+$/.test(address) ? address : `${address}:${port}`;
}

/**
 * The path as `normalize_path: true` leaves it: backslashes become slashes, `%2e` a dot, dot
 * segments go. Slashes are not merged and the query is not touched, as in Istio's default.
 */
export function normalizePath(path: string): string {
  const end = path.search(/[?#]/);
  const query = end < 0 ? "" : path.slice(end);
  const plain = (end < 0 ? path : path.slice(0, end)).replaceAll("\\", "/").replace(/%2e/gi, ".");
  if (!plain.startsWith("/")) return path;
  const kept: string[] = [];
  const segments = plain.slice(1).split("/");
  for (const [i, segment] of segments.entries()) {
    const isLast = i === segments.length - 1;
    if (segment === "..") kept.pop();
    if (segment !== "." && segment !== "..") kept.push(segment);
    else if (isLast) kept.push("");
  }
  return `/${kept.join("/")}${query}`;
}
