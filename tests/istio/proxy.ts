// One proxy as a pod has it: pilot-agent in front of a stock Envoy. Knows the agent's switches; asks Envoy's admin for facts.
import { mkdirSync, writeFileSync } from "node:fs";
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
  type?: "router" | "sidecar";
  /** Five ports from here on: admin, status, readiness, Prometheus, and one unused. */
  basePort: number;
  concurrency?: number;
  env?: Record<string, string>;
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
      `--templateFile=${stack.tools.file("envoy_bootstrap.json")}`,
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
    // The agent's sockets, what kubelet would have mounted, and Envoy's bootstrap are relative to its folder.
    const folder = join(stack.folder, options.name);
    const mounted = join(folder, "var/run/secrets");
    for (const name of ["istio", "tokens"]) mkdirSync(join(mounted, name), { recursive: true });
    const { namespace, account } = options;
    const root = await until("istiod's root certificate", async () => {
      return (await stack.cluster.find("ConfigMap", "istio-ca-root-cert", namespace))?.data["root-cert.pem"];
    });
    writeFileSync(join(mounted, "istio/root-cert.pem"), root);
    writeFileSync(join(mounted, "tokens/istio-token"), await stack.cluster.token(namespace, account, "istio-ca"));
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
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  async configDump(): Promise<any> {
    return JSON.parse(await this.admin("/config_dump"));
  }

  /** The HTTP filters of the listener on `port`, in the order in which requests pass them. */
  async filterOrder(port: number): Promise<string[]> {
    const dump = await this.configDump();
    const listeners = dump.configs.flatMap((config: any) => config.dynamic_listeners ?? []);
    for (const { active_state: state } of listeners) {
      if (state?.listener?.address?.socket_address?.port_value !== port) continue;
      const chains = [...(state.listener.filter_chains ?? []), state.listener.default_filter_chain].filter(Boolean);
      for (const chain of chains) {
        for (const filter of chain.filters) {
          if (filter.typed_config?.http_filters) return filter.typed_config.http_filters.map(({ name }: any) => name);
        }
      }
    }
    throw new Error(`${this.options.name} has no HTTP listener on ${port}`);
  }

  /** Envoy's counters and gauges whose name holds `filter`. */
  async stats(filter: string): Promise<Record<string, number>> {
    const text = await this.admin(`/stats?filter=${encodeURIComponent(filter)}`);
    const lines = text.split("\n").map((line) => line.split(": "));
    return Object.fromEntries(
      lines.filter(([, value]) => /^\d+$/.test(value ?? "")).map(([name, value]) => [name, Number(value)]),
    );
  }

  stop(): Promise<void> {
    return this.agent.stop();
  }
}
