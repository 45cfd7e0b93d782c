// An istiod of its own beside the suite's: resources come from a file, so that a thousand are there
// at once, and proxies that exist only as names ask it for their listeners.
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { connect } from "node:http2";
import type { ClientHttp2Session } from "node:http2";
import { join } from "node:path";
import { Child, until } from "./children.ts";
import { logFolder } from "./stack.ts";
import type { Stack } from "./stack.ts";
import { bytesAt, message, struct, textAt } from "./wire.ts";

const ports = { http: 16080, xds: 16010, monitoring: 16014, webhook: 16017 };
/** Proxies that ask at once. */
const askingMax = 24;

const types = {
  listener: "type.googleapis.com/envoy.config.listener.v3.Listener",
  extension: "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
};

/** What istiod knows a proxy by. */
export interface Node {
  type: "sidecar" | "router";
  name: string;
  namespace: string;
  labels: Readonly<Record<string, string>>;
}

export class Discovery {
  readonly child: Child;
  readonly #folder: string;
  readonly #session: ClientHttp2Session;

  private constructor(child: Child, folder: string) {
    this.child = child;
    this.#folder = folder;
    this.#session = connect(`http://127.0.0.1:${ports.xds}`);
    this.#session.on("error", () => {});
    this.#session.unref();
  }

  static async start(stack: Stack, meshConfig: object): Promise<Discovery> {
    const folder = join(stack.folder, "discovery");
    for (const name of ["", "resources", "work"])
      mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, "mesh"), JSON.stringify(meshConfig));
    const options = [
      `--kubeconfig=${stack.cluster.kubeconfig}`,
      `--configDir=${join(folder, "resources")}`,
      `--meshConfig=${join(folder, "mesh")}`,
      `--httpAddr=127.0.0.1:${ports.http}`,
      `--httpsAddr=127.0.0.1:${ports.webhook}`,
      `--grpcAddr=127.0.0.1:${ports.xds}`,
      "--secureGRPCAddr=",
      `--monitoringAddr=127.0.0.1:${ports.monitoring}`,
      "--ctrlz_port=0",
    ];
    const child = new Child(
      "discovery",
      stack.tools.program("pilot-discovery"),
      ["discovery", ...options],
      {
        logs: logFolder,
        cwd: join(folder, "work"),
        env: {
          POD_NAMESPACE: "istio-system",
          POD_NAME: "discovery-1",
          REVISION: "discovery",
          CLUSTER_ID: "Kubernetes",
          ENABLE_CA_SERVER: "false",
          PILOT_ENABLE_METADATA_EXCHANGE: "false",
          PILOT_ENABLE_ALPN_FILTER: "false",
          PILOT_MAX_REQUESTS_PER_SECOND: "100000",
          PILOT_ENABLE_GATEWAY_API_DEPLOYMENT_CONTROLLER: "false",
        },
      },
    );
    const ready = async () => (await fetch(`http://127.0.0.1:${ports.http}/ready`)).ok;
    await until("the istiod of the models", ready, { child });
    return new Discovery(child, folder);
  }

  /** Makes these all that there is, and waits until `isThere` says so. */
  async replace(resources: readonly object[], isThere: () => Promise<boolean>): Promise<void> {
    // As JSON: istiod reads YAML 1.1, where a bare `n` is false.
    const text = resources.map((resource) => JSON.stringify(resource)).join("\n---\n");
    // Written elsewhere and moved: istiod never reads half a file.
    const draft = join(this.#folder, "resources.yaml");
    writeFileSync(draft, text);
    renameSync(draft, join(this.#folder, "resources", "resources.yaml"));
    await until("istiod to know the resources", isThere, { child: this.child });
  }

  /** The listeners of each proxy, in the order of asking. */
  async listeners(nodes: readonly Node[]): Promise<Buffer[][]> {
    const found: Buffer[][] = [];
    let next = 0;
    const worker = async () => {
      for (let at = next++; at < nodes.length; at = next++)
        found[at] = await this.#ask(nodes[at]!, types.listener, []);
    };
    await Promise.all(Array.from({ length: askingMax }, worker));
    return found;
  }

  /** Configurations that a listener of the proxy's names and does not hold (ECDS). */
  extensions(node: Node, names: readonly string[]): Promise<Buffer[]> {
    return this.#ask(node, types.extension, names);
  }

  /** One stream, one question, one answer: envoy.service.discovery.v3. */
  #ask(node: Node, type: string, names: readonly string[]): Promise<Buffer[]> {
    const stream = this.#session.request({
      ":method": "POST",
      ":path": "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources",
      "content-type": "application/grpc",
      te: "trailers",
    });
    const request = message(
      [2, nodeMessage(node)],
      ...names.map((name): [number, string] => [3, name]),
      [4, type],
    );
    const head = Buffer.alloc(5);
    head.writeUInt32BE(request.length, 1);
    stream.write(Buffer.concat([head, request]));
    return new Promise((done, fail) => {
      let got = Buffer.alloc(0);
      stream.on("data", (data: Buffer) => {
        got = Buffer.concat([got, data]);
        if (got.length < 5 || got.length < 5 + got.readUInt32BE(1)) return;
        stream.close();
        const answer = got.subarray(5, 5 + got.readUInt32BE(1));
        done(bytesAt(answer, 2).map((resource) => bytesAt(resource, 2)[0]!));
      });
      stream.on("error", fail);
      stream.on("close", () => fail(new Error(`istiod told ${node.name} nothing`)));
    });
  }

  async stop(): Promise<void> {
    this.#session.destroy();
    await this.child.stop();
  }
}

function nodeMessage({ type, name, namespace, labels }: Node): Buffer {
  const id = `${type}~10.42.8.1~${name}.${namespace}~${namespace}.svc.cluster.local`;
  const metadata = {
    NAMESPACE: namespace,
    NAME: name,
    CLUSTER_ID: "Kubernetes",
    ISTIO_VERSION: "1.31.0",
    LABELS: labels,
  };
  return message([1, id], [2, name], [3, struct(metadata)]);
}

/**
 * The HTTP filters of a proxy's listener, each a message HttpFilter: those of what serves plain
 * requests.
 */
export function httpFilters(listeners: readonly Buffer[], name: string): Buffer[] {
  const listener = listeners.find((each) => textAt(each, 1) === name);
  if (!listener)
    throw new Error(`no listener ${name} among ${listeners.map((each) => textAt(each, 1))}`);
  for (const chain of [...bytesAt(listener, 3), ...bytesAt(listener, 25)])
    for (const filter of bytesAt(chain, 3)) {
      const [config] = bytesAt(filter, 4);
      if (!config || !textAt(config, 1).endsWith("v3.HttpConnectionManager")) continue;
      return bytesAt(bytesAt(config, 2)[0]!, 5);
    }
  throw new Error(`listener ${name} serves no HTTP`);
}
