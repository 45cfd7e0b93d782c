// Builds Envoy configurations as plain objects, and reads the YAML ones of this folder. Knows
// Envoy's configuration language; refuses to know processes.
import { readFileSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { parse } from "yaml";

const root = resolve(import.meta.dirname, "..");

/** A node of Envoy's configuration, in the JSON form of its protobuf. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Json = any;

const TYPE = "type.googleapis.com/";
const HTTP_FILTERS = `${TYPE}envoy.extensions.filters.http.`;

export interface WasmFilter {
  /**
   * The plugin's name: in log prefixes, in statistics of Envoy's own and as the property
   * `plugin_name`.
   */
  name: string;
  /**
   * The module: an absolute path, or one relative to the repository. Default `build/<name>.wasm`.
   */
  wasm?: string;
  /**
   * The plugin configuration; an object goes as JSON text, as Istio hands it over. Absent: an
   * empty configuration.
   */
  config?: unknown;
  rootId?: string;
  failurePolicy?: "FAIL_RELOAD" | "FAIL_CLOSED" | "FAIL_OPEN";
  /** Variables of the VM (`vmConfig.env` in a WasmPlugin). */
  env?: Record<string, string>;
}

/** One HTTP filter that runs a module the way Istio configures it: V8, and never a vm_id. */
export function wasmFilter(filter: WasmFilter): Json {
  const path = filter.wasm ?? `build/${filter.name}.wasm`;
  const vm: Json = {
    runtime: "envoy.wasm.runtime.v8",
    code: { local: { filename: isAbsolute(path) ? path : join(root, path) } },
  };
  if (filter.env) vm.environment_variables = { key_values: filter.env };
  const config: Json = {
    name: filter.name,
    root_id: filter.rootId ?? "",
    failure_policy: filter.failurePolicy ?? "FAIL_RELOAD",
    vm_config: vm,
  };
  if (filter.config !== undefined) config.configuration = stringValue(filter.config);
  return { name: filter.name, typed_config: { "@type": `${HTTP_FILTERS}wasm.v3.Wasm`, config } };
}

function stringValue(config: unknown): Json {
  const value = typeof config === "string" ? config : JSON.stringify(config);
  return { "@type": `${TYPE}google.protobuf.StringValue`, value };
}

/**
 * A filter of Envoy's own, say `nativeFilter("envoy.filters.http.jwt_authn",
 * "jwt_authn.v3.JwtAuthentication", {…})`.
 */
export function nativeFilter(name: string, type: string, config: Json = {}): Json {
  return { name, typed_config: { "@type": HTTP_FILTERS + type, ...config } };
}

export interface Cluster {
  name: string;
  /** `host:port` of each endpoint, IP addresses only. Empty: a cluster without hosts. */
  endpoints: string[];
  /** Speak HTTP/2 without TLS to it, as gRPC needs. */
  http2?: boolean;
  /** More fields of Envoy's Cluster message. */
  extra?: Json;
}

export function cluster({ name, endpoints, http2, extra }: Cluster): Json {
  const made: Json = { name, type: "STATIC", connect_timeout: "2s" };
  made.load_assignment = {
    cluster_name: name,
    endpoints: [
      { lb_endpoints: endpoints.map((endpoint) => ({ endpoint: { address: address(endpoint) } })) },
    ],
  };
  if (http2) {
    made.typed_extension_protocol_options = {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": `${TYPE}envoy.extensions.upstreams.http.v3.HttpProtocolOptions`,
        explicit_http_config: { http2_protocol_options: {} },
      },
    };
  }
  return { ...made, ...extra };
}

function address(endpoint: string): Json {
  const colon = endpoint.lastIndexOf(":");
  return {
    socket_address: {
      address: endpoint.slice(0, colon),
      port_value: Number(endpoint.slice(colon + 1)),
    },
  };
}

/** Sends every request to `cluster`. */
export function routeTo(cluster: string, extra: Json = {}): Json {
  return { match: { prefix: "/" }, route: { cluster, timeout: "15s" }, ...extra };
}

/** Answers every request inside Envoy: for benchmarks, where no upstream shall take part. */
export function directResponse(status = 200, body = ""): Json {
  const direct: Json = { status };
  if (body) direct.body = { inline_string: body };
  return { match: { prefix: "/" }, direct_response: direct };
}

export interface Listener {
  /** Default `ingress`. */
  name?: string;
  /** Default 0: the kernel chooses, `RunningEnvoy.port(name)` tells. */
  port?: number;
  /** In chain order, made by `wasmFilter` and `nativeFilter`; the router is appended. */
  filters?: Json[];
  /** Route list of the one virtual host; default: everything to the cluster `upstream`. */
  routes?: Json[];
  /**
   * Line format of an access log on standard output, say `%RESPONSE_CODE%
   * %RESPONSE_CODE_DETAILS%\n`.
   */
  accessLog?: string;
  /** Condition (CEL) without which the access log prints nothing. */
  accessLogFilter?: string;
  /**
   * How many proxies before us append to x-forwarded-for: 1 makes the client's address what that
   * header says.
   */
  trustedHops?: number;
  /** More fields of the connection manager. */
  connectionManager?: Json;
}

export function listener(options: Listener): Json {
  const name = options.name ?? "ingress";
  const manager: Json = {
    "@type": `${TYPE}envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: name,
    codec_type: "AUTO",
    use_remote_address: true,
    normalize_path: true,
    merge_slashes: true,
    route_config: {
      name,
      virtual_hosts: [
        { name: "all", domains: ["*"], routes: options.routes ?? [routeTo("upstream")] },
      ],
    },
    http_filters: [
      ...(options.filters ?? []),
      nativeFilter("envoy.filters.http.router", "router.v3.Router"),
    ],
  };
  if (options.trustedHops) manager.xff_num_trusted_hops = options.trustedHops;
  if (options.accessLog) {
    manager.access_log = [standardOutputLog(options.accessLog, options.accessLogFilter)];
  }
  const filter = {
    name: "envoy.filters.network.http_connection_manager",
    typed_config: { ...manager, ...options.connectionManager },
  };
  return {
    name,
    address: address(`127.0.0.1:${options.port ?? 0}`),
    filter_chains: [{ name: "http", filters: [filter] }],
  };
}

function standardOutputLog(format: string, expression?: string): Json {
  const filters = `${TYPE}envoy.extensions.access_loggers.filters.`;
  const condition = {
    name: "envoy.access_loggers.extension_filters.cel",
    typed_config: { "@type": `${filters}cel.v3.ExpressionFilter`, expression },
  };
  return {
    name: "envoy.access_loggers.stdout",
    ...(expression && { filter: { extension_filter: condition } }),
    typed_config: {
      "@type": `${TYPE}envoy.extensions.access_loggers.stream.v3.StdoutAccessLog`,
      log_format: { text_format_source: { inline_string: format } },
    },
  };
}

export interface Bootstrap {
  listeners?: Json[];
  clusters?: Json[];
  /** More top-level fields. */
  extra?: Json;
}

/** A whole bootstrap. Admin on a free loopback port; listeners and clusters as given. */
export function bootstrap({ listeners = [], clusters = [], extra = {} }: Bootstrap): Json {
  return {
    node: { id: "gatehouse", cluster: "gatehouse" },
    admin: { address: address("127.0.0.1:0") },
    static_resources: { listeners, clusters },
    ...extra,
  };
}

/** Where a YAML file's fixed places are moved to, so that several Envoys can run side by side. */
export interface Relocation {
  /** Cluster name → `host:port`, which becomes its only endpoint. */
  clusters?: Record<string, string>;
  /** Wasm filter name → plugin configuration in place of the file's. */
  configs?: Record<string, unknown>;
}

/**
 * Reads `envoy/<name>.yaml`. The file is usable as it is from the repository's root (`envoy -c
 * envoy/<name>.yaml`); here its admin and listeners get free ports and its module paths become
 * absolute. Throws on an unknown cluster or filter name in `relocation`, so that a renamed
 * cluster cannot leave a test pointing at the fixed port.
 */
export function readBootstrap(name: string, relocation: Relocation = {}): Json {
  const read: Json = parse(readFileSync(join(root, "envoy", `${name}.yaml`), "utf8"), {
    merge: true,
  });
  read.admin = { address: address("127.0.0.1:0") };
  for (const each of read.static_resources.listeners) {
    each.address = address("127.0.0.1:0");
  }
  for (const [cluster, endpoint] of Object.entries(relocation.clusters ?? {})) {
    const found = read.static_resources.clusters.find((each: Json) => each.name === cluster);
    if (!found) throw new Error(`envoy/${name}.yaml has no cluster ${cluster}`);
    found.load_assignment.endpoints = [
      { lb_endpoints: [{ endpoint: { address: address(endpoint) } }] },
    ];
  }
  const plugins = wasmPlugins(read);
  for (const plugin of plugins.values()) {
    const local = plugin.vm_config.code.local;
    local.filename = resolve(root, local.filename);
  }
  for (const [filter, config] of Object.entries(relocation.configs ?? {})) {
    const plugin = plugins.get(filter);
    if (!plugin) throw new Error(`envoy/${name}.yaml has no Wasm filter ${filter}`);
    plugin.configuration = stringValue(config);
  }
  return read;
}

/**
 * The plugin messages of a bootstrap or listener by plugin name, to be read or changed in place.
 */
export function wasmPlugins(node: Json, found: Map<string, Json> = new Map()): Map<string, Json> {
  if (node === null || typeof node !== "object") return found;
  if (node["@type"] === `${HTTP_FILTERS}wasm.v3.Wasm`) found.set(node.config.name, node.config);
  for (const child of Object.values(node)) wasmPlugins(child, found);
  return found;
}
