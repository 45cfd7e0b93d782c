// What `get_property` knows: Envoy's attributes in Envoy's encoding (text as it is, integers,
// times and durations as eight bytes, booleans as one), and filter state as the last resort.
import { Status } from "./abi.ts";
import { type HeaderMap, marshalPairs } from "./headers.ts";
import { grpcStatusOf } from "./local-reply.ts";
import { flagBits } from "./response-flags.ts";
import type { Tree, Value } from "./tree.ts";

/** What is known of a stream. */
export interface StreamFacts {
  readonly requestBody: Buffer;
  readonly responseCode?: number;
  readonly details?: string;
  readonly responseFlags: string[];
  readonly filterState: ReadonlyMap<string, Buffer>;
  readonly metadata: Tree;
  readonly connection: Tree;
  readonly xds: Tree;
  readonly protocol: string;
  readonly sourceAddress: string;
  readonly destinationAddress: string;
  readonly startUnixNanos: bigint;
  readonly connectionId: bigint;
  readonly upstreamAddress?: string;
  readonly transportFailure?: string;
  readonly bytesSent: number;
  readonly backendLatencyNanos?: bigint;
  readonly durationNanos?: bigint;
}

/** The context that asks: its plugin, its proxy, and what it may see of its stream. */
export interface Asking {
  readonly plugin: { readonly name: string; readonly rootId: string };
  readonly vm: { readonly proxy: { readonly node: Tree } };
  readonly stream?: StreamFacts;
  readonly visibleRequestHeaders?: HeaderMap;
  readonly visibleResponseHeaders?: HeaderMap;
  readonly visibleResponseTrailers?: HeaderMap;
}

/** Trees that Envoy cannot hand over as a whole: they hold what has no encoding. */
const inseparable = [
  "request",
  "response",
  "connection",
  "upstream",
  "source",
  "destination",
  "xds",
];

/** The value at `parts` as the module gets it, or the status that Envoy answers instead. */
export function lookUp(context: Asking, parts: string[]): Buffer | number {
  let value: Value | undefined = topLevel(context, parts[0]!);
  if (parts.length === 1 && typeof value === "object" && inseparable.includes(parts[0]!)) {
    return Status.SerializationFailure;
  }
  for (const part of parts.slice(1)) {
    if (value === undefined || typeof value !== "object" || Buffer.isBuffer(value))
      return Status.NotFound;
    value = Object.hasOwn(value, part) ? value[part] : undefined;
  }
  return value === undefined ? Status.NotFound : encode(value);
}

function encode(value: Value): Buffer {
  if (typeof value === "string") return Buffer.from(value, "utf8");
  if (Buffer.isBuffer(value)) return value;
  if (typeof value === "boolean") return Buffer.from([value ? 1 : 0]);
  if (typeof value === "object") return encodeTree(value);
  const bytes = Buffer.alloc(8);
  if (typeof value === "number") bytes.writeDoubleLE(value);
  else bytes.writeBigInt64LE(BigInt.asIntN(64, value));
  return bytes;
}

function encodeTree(tree: Tree): Buffer {
  const known = Object.entries(tree).filter(
    (entry): entry is [string, Value] => entry[1] !== undefined,
  );
  return known.length === 0
    ? Buffer.alloc(4)
    : marshalPairs(known.map(([name, value]) => [name, encode(value)]));
}

function topLevel(context: Asking, name: string): Value | undefined {
  if (name === "plugin_name") return context.plugin.name;
  if (name === "plugin_root_id") return context.plugin.rootId;
  if (name === "plugin_vm_id") return "";
  const { stream } = context;
  if (!stream) return name === "xds" ? { node: context.vm.proxy.node } : undefined;
  switch (name) {
    case "request":
      return request(context, stream);
    case "response":
      return response(context, stream);
    case "source":
      return endpoint(stream.sourceAddress);
    case "destination":
      return endpoint(stream.destinationAddress);
    case "connection":
      return {
        id: stream.connectionId,
        mtls: false,
        requested_server_name: "",
        ...stream.connection,
      };
    case "connection_id":
      return stream.connectionId;
    case "upstream":
      return upstream(stream);
    case "metadata":
      return { filter_metadata: stream.metadata };
    case "xds":
      return { ...listener, ...stream.xds, node: context.vm.proxy.node };
    default:
      return stream.filterState.get(name);
  }
}

/** A listener without a direction, and the name of the one filter chain. */
const listener: Tree = { listener_direction: 0n, filter_chain_name: "http" };

function endpoint(address: string): Tree {
  return { address, port: BigInt(address.slice(address.lastIndexOf(":") + 1)) };
}

function request(context: Asking, stream: StreamFacts): Tree {
  const headers = context.visibleRequestHeaders;
  const tree: Tree = {
    time: stream.startUnixNanos,
    protocol: stream.protocol,
    size: BigInt(headers?.get("content-length") ?? stream.requestBody.length),
    total_size: BigInt(stream.requestBody.length + (headers?.byteSize ?? 0)),
    duration: stream.durationNanos,
    headers: headers ? headersTree(headers) : {},
  };
  if (!headers) return tree;
  const path = headers.get(":path") ?? "";
  const query = path.indexOf("?");
  tree.path = headers.bytes(":path");
  tree.url_path = query < 0 ? path : path.slice(0, query);
  tree.query = query < 0 ? "" : path.slice(query + 1);
  tree.host = headers.bytes(":authority");
  tree.scheme = headers.bytes(":scheme");
  tree.method = headers.bytes(":method");
  tree.referer = headers.bytes("referer");
  tree.id = headers.bytes("x-request-id");
  tree.useragent = headers.bytes("user-agent");
  return tree;
}

function headersTree(headers: HeaderMap): Tree {
  return Object.fromEntries(
    headers.pairs().map(([name]) => [name, headers.getAll(name).join(",")]),
  );
}

function response(context: Asking, stream: StreamFacts): Tree {
  const headers = context.visibleResponseHeaders;
  const trailers = context.visibleResponseTrailers;
  return {
    code: stream.responseCode === undefined ? undefined : BigInt(stream.responseCode),
    code_details: stream.details,
    flags: flagBits(stream.responseFlags),
    size: BigInt(stream.bytesSent),
    total_size: BigInt(stream.bytesSent + (headers?.byteSize ?? 0) + (trailers?.byteSize ?? 0)),
    grpc_status: grpcStatus(stream, headers, trailers),
    headers: headers ? headersTree(headers) : {},
    trailers: trailers ? headersTree(trailers) : {},
    backend_latency: stream.backendLatencyNanos,
  };
}

/**
 * What the headers or trailers say, else what the HTTP status means in gRPC: Envoy always has an
 * answer.
 */
function grpcStatus(
  stream: StreamFacts,
  headers?: HeaderMap,
  trailers?: HeaderMap,
): bigint | undefined {
  const text = trailers?.get("grpc-status") ?? headers?.get("grpc-status");
  if (text && /^\d+$/.test(text)) return BigInt(text);
  return stream.responseCode === undefined ? undefined : BigInt(grpcStatusOf(stream.responseCode));
}

function upstream(stream: StreamFacts): Tree {
  const { upstreamAddress } = stream;
  if (!upstreamAddress) return { request_attempt_count: 0n };
  return {
    ...endpoint(upstreamAddress),
    local_address: "127.0.0.1:50000",
    request_attempt_count: 1n,
    transport_failure_reason: stream.transportFailure ?? "",
  };
}
