// One proxy as a pod has it: pilot-agent in front of a stock Envoy. Knows the agent's switches;
// asks Envoy's admin for facts.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Child, until } from "./children.ts";
import { logFolder, ports, type Stack } from "./stack.ts";

export interface ProxyOptions {
  name: string;
  namespace: string;
  /** The pod's address; one of those added to `lo`. */
  address: string;
  labels: Record<string, string>;
  /** Its service account. */
  account: string;
  type?: "router" | "sidecar" | "waypoint";
  /** Five ports from here on: admin, status, readiness, Prometheus, and one unused. */
  basePort: number;
  concurrency?: number;
  env?: Record<string, string>;
}

export interface LoadedPlugin {
  module?: string;
  settings?: any;
}

/**
 * `…/istio-system.edge-canary~istio-translated-wasmplugin` → `edge-canary`;
 * `envoy.filters.http.router` → `router`.
 */
function shortName(filter: string): string {
  const plugin =
    /^extensions\.istio\.io\/(?:wasmplugin|trafficextension)\/[^.]+\.(.+?)(?:~istio-translated-wasmplugin)?$/;
  return plugin.exec(filter)?.[1] ?? filter.replace(/^envoy\.filters\.http\./, "");
}

export class Proxy {
  readonly options: ProxyOptions;
  readonly agent: Child;

  private constructor(stack: Stack, options: ProxyOptions, folder: string) {
    this.options = options;
    const proxyConfig = {
      discoveryAddress: `localhost:${ports.xds}`,
      binaryPath: stack.envoy,
      proxyAdminPort: options.basePort,
      statusPort: options.basePort + 1,
      concurrency: options.concurrency ?? 1,
      terminationDrainDuration: "0s",
      proxyMetadata: options.env ?? {},
    };
    const args = [
      "proxy",
      options.type ?? "router",
      `--domain=${options.namespace}.svc.cluster.local`,
      `--templateFile=${join(folder, "bootstrap.json")}`,
      "--proxyLogLevel=warning",
      "--proxyComponentLogLevel=wasm:info",
    ];
    this.agent = new Child(options.name, stack.tools.program("pilot-agent"), args, {
      cwd: folder,
      logs: logFolder,
      env: {
        POD_NAME: options.name,
        POD_NAMESPACE: options.namespace,
        INSTANCE_IP: options.address,
        SERVICE_ACCOUNT: options.account,
        ISTIO_META_CLUSTER_ID: "Kubernetes",
        ISTIO_METAJSON_LABELS: JSON.stringify(options.labels),
        PROXY_CONFIG: JSON.stringify(proxyConfig),
        WASM_INSECURE_REGISTRIES: "*",
        ENVOY_STATUS_PORT: String(options.basePort + 2),
        ENVOY_PROMETHEUS_PORT: String(options.basePort + 3),
        ISTIO_ENVOY_SKIP_DEPRECATED_LOGS: "true",
        EXIT_ON_ZERO_ACTIVE_CONNECTIONS: "true",
        MINIMUM_DRAIN_DURATION: "0s",
        ...options.env,
      },
    });
  }

  /** Starts it without waiting: a proxy that must not come up is a case, too. */
  static async launch(stack: Stack, options: ProxyOptions): Promise<Proxy> {
    // The agent's sockets, what kubelet would have mounted, and Envoy's bootstrap are relative to
    // its folder.
    const folder = join(stack.folder, options.name);
    const mounted = join(folder, "var/run/secrets");
    for (const name of ["istio", "tokens"]) mkdirSync(join(mounted, name), { recursive: true });
    const { namespace, account } = options;
    const root = await until("istiod's root certificate", async () => {
      return (await stack.cluster.find("ConfigMap", "istio-ca-root-cert", namespace))?.data[
        "root-cert.pem"
      ];
    });
    writeFileSync(join(mounted, "istio/root-cert.pem"), root);
    // A stock Envoy has no `istio.workload`, which waypoints would get.
    const template = readFileSync(stack.tools.file("envoy_bootstrap.json"), "utf8");
    writeFileSync(
      join(folder, "bootstrap.json"),
      template.replaceAll("if .metadata_discovery", "if false"),
    );
    writeFileSync(
      join(mounted, "tokens/istio-token"),
      await stack.cluster.token(namespace, account, "istio-ca"),
    );
    return new Proxy(stack, options, folder);
  }

  /** Starts a proxy and waits until the agent calls it ready. */
  static async start(stack: Stack, options: ProxyOptions): Promise<Proxy> {
    const proxy = await Proxy.launch(stack, options);
    await proxy.ready();
    return proxy;
  }

  async ready(millis = 20_000): Promise<void> {
    await until(`${this.options.name} ready`, () => this.isReady(), { millis, child: this.agent });
  }

  async isReady(): Promise<boolean> {
    const response = await fetch(`http://127.0.0.1:${this.options.basePort + 1}/healthz/ready`);
    await response.arrayBuffer();
    return response.ok;
  }

  async admin(path: string): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.options.basePort}${path}`)).text();
  }

  /** Envoy's whole configuration as it runs. */
  async configDump(): Promise<any> {
    return JSON.parse(await this.admin("/config_dump"));
  }

  /**
   * The HTTP filters of every listener that takes connections, in the order in which requests
   * pass them.
   */
  async #filters(): Promise<{ port: number; names: string[] }[]> {
    const dump = await this.configDump();
    // A listener that was replaced drains for a while beside its successor.
    const active = dump.configs
      .flatMap((config: any) => config.dynamic_listeners ?? [])
      .flatMap(({ active_state: state }: any) => state?.listener ?? []);
    return active.flatMap((listener: any) => {
      const chains = [...(listener.filter_chains ?? []), listener.default_filter_chain].filter(
        Boolean,
      );
      const managers = chains
        .flatMap(({ filters }: any) => filters)
        .map(({ typed_config: config }: any) => config);
      const port = listener.address?.socket_address?.port_value;
      const isHttp = ({ http_filters: filters }: any) => filters !== undefined;
      return managers.filter(isHttp).map(({ http_filters: filters }: any) => ({
        port,
        names: filters.map(({ name }: any) => shortName(name)),
      }));
    });
  }

  /**
   * The filters of the listener on `port`, plugins by their own names, Envoy's without
   * `envoy.filters.http.`.
   */
  async chain(port: number): Promise<string[]> {
    const found = (await this.#filters()).find((listener) => listener.port === port);
    if (!found) throw new Error(`${this.options.name} has no HTTP listener on ${port}`);
    return found.names;
  }

  /** Every filter that stands on any listener. */
  async allFilters(): Promise<Set<string>> {
    return new Set((await this.#filters()).flatMap(({ names }) => names));
  }

  /**
   * What is loaded for each plugin: its name → the file that the agent keeps the module in, and
   * the settings.
   */
  async plugins(): Promise<Record<string, LoadedPlugin>> {
    const dump = await this.configDump();
    const filters = dump.configs.flatMap((config: any) => config.ecds_filters ?? []);
    return Object.fromEntries(
      filters.map(({ ecds_filter: filter }: any) => {
        const { config } = filter.typed_config;
        const value = config?.configuration?.value;
        return [
          shortName(filter.name),
          {
            module: config?.vm_config?.code?.local?.filename,
            settings: value ? JSON.parse(value) : undefined,
          },
        ];
      }),
    );
  }

  /** Envoy's counters and gauges whose name holds `filter`. */
  async stats(filter: string): Promise<Record<string, number>> {
    const text = await this.admin(`/stats?filter=${encodeURIComponent(filter)}`);
    const lines = text.split("\n").map((line) => line.split(": "));
    return Object.fromEntries(
      lines
        .filter(([, value]) => /^\d+$/.test(value ?? ""))
        .map(([name, value]) => [name, Number(value)]),
    );
  }

  stop(): Promise<void> {
    return this.agent.stop();
  }
}
