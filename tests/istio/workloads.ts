// What stands behind the proxies: echo services on addresses of their own, and the Kubernetes
// objects that kubelet and the endpoint controllers would have written for them.
import {
  createServer as createHttpServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { createServer, type Server, type Socket } from "node:net";
import type { Cluster, Resource } from "./cluster.ts";

/** What an echo service says about the request it got. */
export interface Echo {
  version: string;
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  /** The echo, if a service answered. */
  echo?: Echo;
}

export interface Pod {
  name: string;
  namespace: string;
  address: string;
  labels: Record<string, string>;
  serviceAccount?: string;
}

/** An HTTP service that answers with what it saw. `fail` makes it answer 500. */
export class EchoService {
  readonly version: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  requests = 0;
  failing = false;

  private constructor(version: string) {
    this.version = version;
    const answer = (incoming: IncomingMessage, response: ServerResponse) =>
      this.#answer(incoming, response);
    const http1 = createHttpServer(answer);
    const http2 = createHttp2Server(answer as never);
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket)).on("error", () => {});
      // An idle connection of Envoy's pool must not keep the run alive.
      socket.unref();
      // `h2UpgradePolicy: UPGRADE` makes proxies speak HTTP/2 without TLS; the first bytes tell
      // (RFC 9113 section 3.4).
      socket.once("data", (first) => {
        socket.pause();
        const target = first.toString("latin1").startsWith("PRI * HTTP/2.0") ? http2 : http1;
        target.emit("connection", socket);
        socket.unshift(first);
        socket.resume();
      });
    }).unref();
  }

  #answer(incoming: IncomingMessage, response: ServerResponse): void {
    this.requests++;
    incoming.resume();
    const { method, url: path } = incoming;
    const headers = Object.fromEntries(Object.entries(incoming.headers));
    response.statusCode = this.failing ? 500 : 200;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ version: this.version, method, path, headers }));
  }

  static async start(version: string, address: string, port = 8080): Promise<EchoService> {
    const service = new EchoService(version);
    await new Promise<void>((done) => service.#server.listen(port, address, done));
    return service;
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

/** One request on a connection of its own. */
export function send(
  url: string,
  options: {
    method?: string;
    headers?: Record<string, string>;
    localAddress?: string;
    millis?: number;
  } = {},
): Promise<Answer> {
  return new Promise((done, fail) => {
    const outgoing = request(
      url,
      {
        method: options.method ?? "GET",
        headers: options.headers,
        localAddress: options.localAddress,
        agent: false,
        timeout: options.millis ?? 10_000,
      },
      (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (data) => (body += data));
        response.on("end", () => {
          const answer: Answer = { status: response.statusCode!, headers: response.headers, body };
          if (body.startsWith('{"version"')) answer.echo = JSON.parse(body);
          done(answer);
        });
        response.on("error", fail);
      },
    );
    outgoing.on("timeout", () => outgoing.destroy(new Error(`${url}: no answer`)));
    outgoing.on("error", fail);
    outgoing.end();
  });
}

/** Writes a running pod: what a node would have reported. */
export async function runPod(cluster: Cluster, pod: Pod): Promise<void> {
  const { name, namespace, labels, address } = pod;
  const resource: Resource = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels },
    spec: {
      serviceAccountName: pod.serviceAccount ?? "default",
      containers: [{ name: "main", image: "none.invalid/none" }],
    },
  };
  await cluster.apply(resource);
  await cluster.applyStatus({
    ...resource,
    status: {
      phase: "Running",
      podIP: address,
      podIPs: [{ ip: address }],
      conditions: [{ type: "Ready", status: "True" }],
    },
  });
}

/** Writes the endpoints of a Service: what the endpoint slice controller would have. */
export async function writeEndpoints(
  cluster: Cluster,
  service: { name: string; namespace: string; ports: Record<string, number> },
  pods: Pod[],
): Promise<void> {
  await cluster.apply({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: `${service.name}-1`,
      namespace: service.namespace,
      labels: { "kubernetes.io/service-name": service.name },
    },
    addressType: "IPv4",
    ports: Object.entries(service.ports).map(([name, port]) => ({ name, port, protocol: "TCP" })),
    endpoints: pods.map((pod) => ({
      addresses: [pod.address],
      conditions: { ready: true },
      targetRef: { kind: "Pod", name: pod.name, namespace: pod.namespace },
    })),
  } as Resource);
}
