// The real Flagger, on deploy/istio/progressive/flagger-ab, with the canary plugin deciding who
// is in the canary. Played by the test: the deployment controller (status, endpoints), Prometheus
// (from what the services really answered), and the load tester's webhooks.
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { after, before, describe, test } from "node:test";
import { Child, until } from "./children.ts";
import type { Resource } from "./cluster.ts";
import { gatehouse, render, writePolicy } from "./gatehouse.ts";
import { logFolder } from "./stack.ts";
import { EchoService, runPod, send, writeEndpoints, type Pod } from "./workloads.ts";
import { addresses, gatewayUrl, kustomize, world } from "./world.ts";

const NAMESPACE = "shop";
const HOST = "shop.example.com";
const PROMETHEUS_PORT = 9090;
const ITERATIONS = 2;

const { stack } = await world();
const { cluster } = stack;

describe("Flagger and the canary plugin", () => {
  const services: Record<string, EchoService> = {};
  const webhooks: string[] = [];
  const servers: Server[] = [];
  let flagger: Child;
  let controller: NodeJS.Timeout;
  let intervalSeconds = 10;

  before(async () => {
    services.primary = await EchoService.start("primary", addresses.shopPrimary);
    services.canary = await EchoService.start("canary", addresses.shopCanary);
    servers.push(await listen(addresses.loadTester, 80, (url) => (webhooks.push(url), "{}")));
    servers.push(
      await listen("127.0.0.1", PROMETHEUS_PORT, (url) => answerQuery(url, services.canary!)),
    );
    await installPlugin();
    await cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } });
    await cluster.apply(kustomize(stack, "progressive/flagger-ab").flatMap(moved));
    controller = setInterval(() => void control().catch(() => {}), 100);
    controller.unref();
    flagger = new Child("flagger", stack.tools.program("flagger"), flags(), { logs: logFolder });
  });

  after(async () => {
    clearInterval(controller);
    await flagger?.stop();
    for (const server of servers) server.close();
    for (const service of Object.values(services)) service.stop();
    for (const plugin of await cluster.list("WasmPlugin", "istio-system")) {
      await cluster.delete("WasmPlugin", plugin.metadata.name, "istio-system");
    }
  });

  test("it takes the deployment over: a primary, its Services, its routes", async () => {
    await phase("Initialized");
    const service = await cluster.get("VirtualService", "product-service", NAMESPACE);
    assert.ok(service.spec.hosts.includes(HOST));
    await until("the first answer", async () => (await ask()).echo?.version === "primary");
  });

  test("a new version is analysed on those whom the plugin chose, and promoted", async () => {
    await deploy("good");
    await phase("Progressing");
    await until(
      "the header's route",
      async () => (await ask({ "x-canary": "true" })).echo?.version === "canary",
    );
    // Everyone else stays, and nobody gets in by writing the header himself.
    assert.equal((await ask()).echo!.version, "primary");
    assert.equal((await ask({ "x-variant": "canary" })).echo!.version, "primary");
    await phase("Succeeded", () => ask({ "x-canary": "true" }));
    const { spec } = await cluster.get("Deployment", "product-service-primary", NAMESPACE);
    assert.equal(spec.template.metadata.annotations.release, "good");
    assert.ok(webhooks.length >= 2, "acceptance and load test were called");
  });

  test("a version that fails is rolled back, and only the chosen ones met it", async () => {
    await deploy("bad");
    await phase("Progressing");
    services.canary!.failing = true;
    await until(
      "the header's route",
      async () => (await ask({ "x-canary": "true" })).status === 500,
    );
    assert.equal((await ask()).echo!.version, "primary");
    await phase("Failed", () => ask({ "x-canary": "true" }));
    await until(
      "nobody on the canary",
      async () => (await ask({ "x-canary": "true" })).echo?.version === "primary",
    );
    const { spec } = await cluster.get("Deployment", "product-service-primary", NAMESPACE);
    assert.equal(spec.template.metadata.annotations.release, "good");
  });

  const ask = (headers: Record<string, string> = {}) =>
    send(`${gatewayUrl}/`, { headers: { host: HOST, ...headers } });

  async function installPlugin(): Promise<void> {
    const file = writePolicy(stack, {
      apiVersion: "gatehouse.dev/v1",
      kind: "Policy",
      metadata: { name: "shop", namespace: "istio-system" },
      spec: {
        placement: { gateway: { selector: { istio: "ingressgateway" } } },
        canary: {
          routes: [
            {
              name: "shop",
              match: [{ authority: { exact: HOST } }],
              variants: [
                { name: "canary", match: [{ headers: { "x-canary": { exact: "true" } } }] },
                { name: "primary" },
              ],
              base: "primary",
              split: { primary: 100, canary: 0 },
            },
          ],
        },
      },
    });
    await gatehouse(stack, ["push", "-f", file]);
    await cluster.apply(await render(stack, file));
    await cluster.apply(shopGateway());
  }

  function flags(): string[] {
    return [
      `-kubeconfig=${cluster.kubeconfig}`,
      `-namespace=${NAMESPACE}`,
      "-mesh-provider=istio",
      `-metrics-server=http://127.0.0.1:${PROMETHEUS_PORT}`,
      "-control-loop-interval=500ms",
      "-port=18080",
      "-log-level=info",
    ];
  }

  /**
   * What Kubernetes' controllers would do: run what the deployments ask for, and write the
   * endpoints.
   */
  async function control(): Promise<void> {
    for (const deployment of await cluster.list("Deployment", NAMESPACE))
      await reportRunning(deployment);
    for (const { metadata, spec } of await cluster.list("Service", NAMESPACE)) {
      if (!metadata.name.startsWith("product-service")) continue;
      const pod = podOf(spec.selector.app === "product-service-primary" ? "primary" : "canary");
      await writeEndpoints(
        cluster,
        { name: metadata.name, namespace: NAMESPACE, ports: { [spec.ports[0].name]: 8080 } },
        [pod],
      );
      await runPod(cluster, pod);
    }
  }

  async function reportRunning({ metadata, spec }: Resource): Promise<void> {
    const replicas = spec.replicas ?? 1;
    await cluster.applyStatus({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: metadata.name, namespace: NAMESPACE },
      status: {
        observedGeneration: metadata.generation,
        replicas,
        updatedReplicas: replicas,
        readyReplicas: replicas,
        availableReplicas: replicas,
      },
    });
  }

  /** A new version, as CI would roll one out. */
  async function deploy(release: string): Promise<void> {
    const [deployment] = kustomize(stack, "progressive/flagger-ab")
      .flatMap(moved)
      .filter(({ kind, metadata }) => kind === "Deployment" && metadata.name === "product-service");
    deployment!.spec.template.metadata.annotations = { release };
    await cluster.apply(deployment!);
  }

  /**
   * Waits for a phase, asking meanwhile, and hurries Flagger: it looks at a canary at once when
   * its interval changes.
   */
  async function phase(
    wanted: string,
    meanwhile: () => Promise<unknown> = async () => {},
  ): Promise<void> {
    let hurried = 0;
    await until(
      `phase ${wanted}`,
      async () => {
        await meanwhile();
        if (Date.now() - hurried > 1_500) {
          hurried = Date.now();
          intervalSeconds = intervalSeconds === 10 ? 11 : 10;
          await cluster.apply(canaryResource(`${intervalSeconds}s`));
        }
        const { status } = await cluster.get("Canary", "product-service", NAMESPACE);
        return status?.phase === wanted;
      },
      { millis: 90_000, child: flagger },
    );
  }
});

function canaryResource(interval: string): Resource {
  const [canary] = kustomized()
    .flatMap(moved)
    .filter(({ kind }) => kind === "Canary");
  canary!.spec.analysis.interval = interval;
  return canary!;
}

let cached: Resource[] | undefined;

function kustomized(): Resource[] {
  return structuredClone((cached ??= kustomize(stack, "progressive/flagger-ab")));
}

/**
 * The manifest in a namespace of its own, for a host of its own, and with fewer iterations;
 * nothing else is changed.
 */
function moved(resource: Resource): Resource[] {
  if (resource.kind === "Gateway") return [];
  const result = structuredClone(resource);
  result.metadata.namespace = NAMESPACE;
  if (resource.kind === "Canary") {
    result.spec.service.hosts = [HOST];
    result.spec.service.gateways = ["istio-system/shop"];
    result.spec.analysis = {
      ...result.spec.analysis,
      iterations: ITERATIONS,
      threshold: 2,
      interval: "10s",
    };
  }
  return [result];
}

function shopGateway(): Resource {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "Gateway",
    metadata: { name: "shop", namespace: "istio-system" },
    spec: {
      selector: { istio: "ingressgateway" },
      servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: [HOST] }],
    },
  };
}

function podOf(which: "primary" | "canary"): Pod {
  const app = which === "primary" ? "product-service-primary" : "product-service";
  const address = which === "primary" ? addresses.shopPrimary : addresses.shopCanary;
  return { name: `${app}-1`, namespace: NAMESPACE, address, labels: { app } };
}

/**
 * The two metrics of the Canary, from what the service does; everything else Flagger asks is
 * whether we are there.
 */
function answerQuery(url: string, canary: EchoService): string {
  const query = new URL(url, "http://x").searchParams.get("query") ?? "";
  let value = "1";
  if (query.includes("istio_requests_total")) value = canary.failing ? "0" : "100";
  if (query.includes("istio_request_duration")) value = "5";
  const result = [{ metric: {}, value: [Date.now() / 1000, value] }];
  return JSON.stringify({ status: "success", data: { resultType: "vector", result } });
}

async function listen(
  address: string,
  port: number,
  answer: (url: string) => string,
): Promise<Server> {
  const server = createServer((incoming, response) => {
    incoming.resume();
    response.setHeader("content-type", "application/json");
    response.end(answer(incoming.url!));
  });
  server.on("connection", (socket) => socket.unref());
  await new Promise<void>((done) => server.listen(port, address, done));
  server.unref();
  return server;
}
