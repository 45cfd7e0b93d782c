// A real Envoy with Wasm filters in front of an echo server: what most tests against Envoy begin
// with.
import {
  type Json,
  type WasmFilter,
  bootstrap,
  cluster,
  listener,
  routeTo,
  wasmFilter,
} from "../../envoy/bootstrap.ts";
import { pinnedEnvoy } from "../../envoy/find.ts";
import {
  type LaunchOptions,
  ListenerFile,
  type RunningEnvoy,
  type Update,
  launchEnvoy,
} from "../../envoy/launch.ts";
import { type Got, type Sent, send } from "./client.ts";
import { type Handler, type Upstream, startUpstream } from "./upstream.ts";

export interface ChainOptions extends Omit<LaunchOptions, "envoy"> {
  /** Filters in chain order: Wasm by its settings, or any HTTP filter as Envoy's own JSON. */
  filters: (WasmFilter | { typed_config: Json; name: string })[];
  /** `newest` (default), `oldest` or a version. */
  version?: string;
  /** More clusters: name → endpoint, or the whole cluster made by `cluster()`. */
  clusters?: Record<string, string | Json>;
  /** Default: everything to the cluster `upstream`, the echo server. */
  routes?: Json[];
  handler?: Handler;
  accessLog?: string;
  accessLogFilter?: string;
  /** 1: the client's address is what the last x-forwarded-for value says. */
  trustedHops?: number;
  connectionManager?: Json;
  /** Node metadata and the like, merged into the bootstrap. */
  extra?: Json;
  /** Makes the filters replaceable by `update` while Envoy runs. */
  updatable?: boolean;
}

export class Chain {
  readonly envoy: RunningEnvoy;
  readonly upstream: Upstream;
  private readonly options: ChainOptions;
  private readonly file?: ListenerFile;

  constructor(envoy: RunningEnvoy, upstream: Upstream, options: ChainOptions, file?: ListenerFile) {
    this.envoy = envoy;
    this.upstream = upstream;
    this.options = options;
    this.file = file;
  }

  send(options?: Sent): Promise<Got> {
    return send(this.envoy.port(), options);
  }

  /**
   * Replaces the filters of the running Envoy (`updatable` chains). Use `fresh` connections to be
   * sure to meet them.
   */
  update(filters: ChainOptions["filters"]): Promise<Update> {
    if (!this.file) throw new Error("start the chain with updatable: true");
    return this.file.update(this.envoy, [listenerOf({ ...this.options, filters })]);
  }

  async stop(): Promise<void> {
    await this.envoy.stop();
    await this.upstream.close();
    this.file?.close();
  }
}

const composed = ["access-log", "jwt-auth", "rate-limit", "canary"];

/** With GATEHOUSE_EDGE set, a filter of ours runs as the one section of `edge`. */
export function formOf(filter: WasmFilter): WasmFilter {
  if (!process.env.GATEHOUSE_EDGE || filter.wasm || !composed.includes(filter.name)) return filter;
  return { ...filter, name: "edge", config: { [filter.name]: filter.config ?? {} } };
}

function listenerOf(options: ChainOptions): Parameters<typeof listener>[0] {
  const { accessLog, accessLogFilter, trustedHops, connectionManager } = options;
  const { routes = [routeTo("upstream")] } = options;
  const filters = options.filters.map((filter) =>
    "typed_config" in filter ? filter : wasmFilter(formOf(filter as WasmFilter)),
  );
  return { filters, routes, accessLog, accessLogFilter, trustedHops, connectionManager };
}

/** Starts the chain; stop it with `chain.stop()`. */
export async function startChain(options: ChainOptions): Promise<Chain> {
  const upstream = await startUpstream(options.handler);
  const clusters = Object.entries(options.clusters ?? {}).map(([name, value]) =>
    typeof value === "string" ? cluster({ name, endpoints: [value] }) : { ...value, name },
  );
  clusters.push(cluster({ name: "upstream", endpoints: [upstream.endpoint] }));
  const file = options.updatable ? new ListenerFile([listenerOf(options)]) : undefined;
  const listeners = file ? [] : [listener(listenerOf(options))];
  const extra = { ...file?.dynamicResources, ...options.extra };
  try {
    const envoy = await launchEnvoy(bootstrap({ listeners, clusters, extra }), {
      ...options,
      envoy: await pinnedEnvoy(options.version),
      awaitListeners: file ? ["ingress"] : [],
    });
    return new Chain(envoy, upstream, options, file);
  } catch (cause) {
    await upstream.close();
    file?.close();
    throw cause;
  }
}
