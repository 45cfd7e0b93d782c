// Everywhere that Istio can put a plugin: by selector and by targetRefs, as WasmPlugin and as
// TrafficExtension, at sidecars inbound and outbound, at a waypoint, and between Istio's own
// filters. Where a filter stands is read from Envoy itself.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { until } from "./children.ts";
import { parse, type Resource } from "./cluster.ts";
import { policyFile } from "./gatehouse.ts";
import { underLoad } from "./load.ts";
import { apply, install, removePolicies } from "./policies.ts";
import { Proxy } from "./proxy.ts";
import { ports } from "./stack.ts";
import { EchoService, runPod, send, writeEndpoints } from "./workloads.ts";
import {
  GATEWAY_PORT,
  addresses,
  deployGateway,
  gatewayUrl,
  kustomize,
  root,
  world,
} from "./world.ts";

const { stack, gateway, issuer } = await world();
const { cluster } = stack;
const bearer = () => ({ authorization: `Bearer ${issuer.token()}` });

describe("between Istio's own filters at the gateway", () => {
  const host = { host: "products.example.com" };
  const workload = { selector: { matchLabels: { istio: "ingressgateway" } } };
  /** With the keys that the issuer has now: other files rotate them. */
  const native = (): Resource[] => [
    {
      apiVersion: "security.istio.io/v1",
      kind: "RequestAuthentication",
      metadata: { name: "beside", namespace: "istio-system" },
      spec: {
        ...workload,
        jwtRules: [
          {
            issuer: "https://auth.example.com",
            jwks: JSON.stringify(issuer.jwks),
            forwardOriginalToken: true,
            outputPayloadToHeader: "x-native-payload",
          },
        ],
      },
    },
    {
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      metadata: { name: "beside", namespace: "istio-system" },
      spec: {
        ...workload,
        action: "DENY",
        rules: [{ to: [{ operation: { paths: ["/admin/*"] } }] }],
      },
    },
  ];

  after(async () => {
    for (const { kind, metadata } of native())
      await cluster.delete(kind, metadata.name, metadata.namespace);
    await cluster.delete("EnvoyFilter", "rate-limit", "istio-system");
    await removePolicies(stack, gateway);
  });

  test("ours stand beside RequestAuthentication, AuthorizationPolicy and the EnvoyFilter, in the documented order", async () => {
    await cluster.apply([...native(), ...kustomize(stack, "rate-limit")]);
    await install(stack, policyFile(stack, "gateway/policy.yaml"));
    const wanted = [
      "edge-access-log",
      "edge-jwt-auth",
      "jwt_authn",
      "edge-rate-limit",
      "rbac",
      "edge-canary",
      "local_ratelimit",
      "router",
    ];
    await until(
      "the chain",
      async () =>
        (await gateway.chain(GATEWAY_PORT)).filter((name) => wanted.includes(name)).length ===
        wanted.length,
    );
    const chain = await gateway.chain(GATEWAY_PORT);
    assert.deepEqual(
      chain.filter((name) => wanted.includes(name)),
      wanted,
    );
  });

  test("and a request passes all of them", async () => {
    const headers = { ...host, ...bearer() };
    const answer = await until("an answer", async () => {
      const got = await send(`${gatewayUrl}/api/info`, { headers });
      return got.status === 200 && got;
    });
    assert.ok(answer.echo!.headers["x-jwt-payload"], "our payload");
    assert.equal(
      answer.echo!.headers["x-native-payload"],
      answer.echo!.headers["x-jwt-payload"],
      "and the native one",
    );
    // Refused by Istio's RBAC, which stands behind jwt-auth: without a token it is jwt-auth that
    // answers.
    assert.equal((await send(`${gatewayUrl}/admin/x`, { headers })).status, 403);
    assert.equal((await send(`${gatewayUrl}/admin/x`, { headers: host })).status, 401);
  });
});

describe("a Gateway API gateway, by targetRefs", () => {
  const port = 8001;
  const url = `http://${addresses.gatewayApi}:${port}/api/info`;
  const host = { host: "api.example.com" };
  const labels = { "gateway.networking.k8s.io/gateway-name": "edge-api" };
  const names = ["edge-jwt-auth", "edge-rate-limit", "edge-canary"];
  let proxy: Proxy;
  const file = policyFile(stack, "gateway/policy.yaml", (policy) => {
    policy.spec.placement = { targetRefs: [{ kind: "Gateway", name: "edge-api" }] };
    // The routes are an HTTPRoute's here.
    delete policy.spec.traffic;
    delete policy.spec["access-log"];
    policy.spec.canary.routes[0].match = [{ authority: { exact: host.host } }];
    policy.spec["rate-limit"].limits = [
      {
        name: "all",
        tokenBucket: { maxTokens: 100_000, tokensPerFill: 100_000, fillInterval: "1s" },
      },
    ];
  });

  before(async () => {
    await cluster.apply(gatewayApi(host.host));
    const place = {
      name: "edge-api",
      labels,
      address: addresses.gatewayApi,
      port,
      basePort: 15200,
    };
    proxy = await Proxy.start(stack, await deployGateway(stack, place));
  });

  after(async () => {
    await removePolicies(stack, proxy);
    await proxy.stop();
  });

  test("WasmPlugins reach it and only it", async () => {
    await install(stack, file);
    await until("the plugins", async () => (await send(url, { headers: host })).status === 401);
    const answer = await send(url, { headers: { ...host, ...bearer(), "x-canary": "true" } });
    assert.equal(answer.status, 200);
    assert.equal(answer.echo!.version, "v2", "the HTTPRoute matched the header that canary set");
    assert.deepEqual(
      (await proxy.chain(port)).filter((name) => names.includes(name)),
      names,
    );
    assert.ok(!(await gateway.allFilters()).has("edge-jwt-auth"), "the other gateway has none");
  });

  test("the same settings as TrafficExtension take their place, in the same order, and nobody notices", async () => {
    await underLoad(
      url,
      () => ({ ...host, ...bearer() }),
      async () => {
        const { stdout } = await apply(stack, file, "--api", "TrafficExtension");
        assert.match(stdout, /3 new, .* 3 removed/);
        // Istio names a translated WasmPlugin after itself, and a TrafficExtension by its own name.
        await until(
          "the extensions",
          async () => !(await proxy.admin("/listeners?format=json")).includes("~istio"),
        );
        assert.deepEqual(
          (await proxy.chain(port)).filter((name) => names.includes(name)),
          names,
        );
        assert.equal((await send(url, { headers: host })).status, 401);
      },
    );
  });
});

describe("a sidecar", () => {
  const inbound = 8002;
  const outbound = 80;
  const url = `http://${addresses.sidecar}:${inbound}`;
  let proxy: Proxy;
  let application: EchoService;

  before(async () => {
    application = await EchoService.start("application", "127.0.0.1", 8090);
    const labels = { app: "product-service", version: "v1", placed: "sidecar" };
    const pod = {
      name: "product-service-v1-2",
      namespace: "ecommerce",
      address: addresses.sidecar,
      labels,
    };
    await runPod(cluster, { ...pod, serviceAccount: "product-service" });
    await cluster.apply(sidecar(inbound));
    proxy = await Proxy.start(stack, {
      ...pod,
      account: "product-service",
      type: "sidecar",
      basePort: 15300,
      env: { ISTIO_META_INTERCEPTION_MODE: "NONE" },
    });
  });

  after(async () => {
    await removePolicies(stack, proxy);
    await proxy.stop();
    application.stop();
    await cluster.delete("Sidecar", "placed", "ecommerce");
  });

  test("inbound plugins stand on the inbound listener and on no other", async () => {
    await install(stack, policyFile(stack, "sidecar/policy.yaml"));
    const names = [
      "product-service-access-log",
      "product-service-jwt-auth",
      "product-service-rate-limit",
    ];
    await until(
      "the plugins",
      async () => (await proxy.chain(inbound)).filter((name) => names.includes(name)).length === 3,
    );
    assert.deepEqual(
      (await proxy.chain(inbound)).filter((name) => names.includes(name)),
      names,
    );
    assert.deepEqual(
      (await proxy.chain(outbound)).filter((name) => names.includes(name)),
      [],
    );
  });

  test("a call without a token passes, a good one passes, a bad one does not, and writes are limited", async () => {
    assert.equal((await send(`${url}/api/info`)).status, 200);
    const good = await until("keys", async () => {
      const answer = await send(`${url}/api/info`, { headers: bearer() });
      return answer.status === 200 && answer;
    });
    assert.equal(good.echo!.version, "application");
    assert.ok(good.echo!.headers["x-jwt-payload"]);
    assert.equal(
      (await send(`${url}/`, { headers: { authorization: "Bearer a.b.c" } })).status,
      401,
    );
    const headers = bearer();
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => send(`${url}/api/info`, { method: "POST", headers })),
    );
    const refused = answers.filter(({ status }) => status === 429).length;
    assert.ok(refused > 0 && refused <= 10, `${refused} of 30 were refused, the bucket holds 20`);
  });

  test("access-log writes to the proxy's log there", async () => {
    const from = proxy.agent.output.length;
    application.failing = true;
    await send(`${url}/api/broken`);
    application.failing = false;
    // Errors are never left out by sampling.
    const [line] = await proxy.agent.line(/wasm log .*"path":"\/api\/broken".*/, { from });
    assert.match(line, /"status":(")?500/);
  });

  test("outbound, canary decides where the workload's own requests go", async () => {
    const file = policyFile(stack, "sidecar/callers.yaml", (policy) => {
      policy.spec.placement.sidecar.selector = { placed: "sidecar" };
      policy.spec.canary.routes[0].split = { stable: 0, canary: 100 };
    });
    await install(stack, file);
    await until("the plugin", async () =>
      (await proxy.chain(outbound)).includes("order-service-canary"),
    );
    assert.ok(!(await proxy.chain(inbound)).includes("order-service-canary"));
    const host = "product-service.ecommerce.svc.cluster.local";
    const answer = await until("the decision", async () => {
      const got = await send(`http://127.0.0.1:${outbound}/api/info`, {
        headers: { host, "x-user-id": "7" },
      });
      return got.echo?.headers["x-variant"] !== undefined && got;
    });
    assert.equal(answer.echo!.headers["x-variant"], "canary");
  });
});

describe("a waypoint", () => {
  const labels = {
    "gateway.networking.k8s.io/gateway-name": "waypoint",
    "istio.io/waypoint-for": "service",
  };
  const pod = { name: "waypoint-1", namespace: "ecommerce", address: addresses.waypoint, labels };
  let proxy: Proxy;

  before(async () => {
    await cluster.apply([
      ...waypoint(labels),
      ...parse(readFileSync(join(root, waypointFile), "utf8")),
    ]);
    await runPod(cluster, { ...pod, serviceAccount: "waypoint" });
    await writeEndpoints(
      cluster,
      { name: "waypoint", namespace: "ecommerce", ports: { mesh: 15_008 } },
      [pod],
    );
    proxy = await Proxy.launch(stack, {
      ...pod,
      account: "waypoint",
      type: "waypoint",
      basePort: 15500,
    });
  });

  after(async () => {
    await removePolicies(stack);
    await proxy.stop();
    await cluster.delete("gateway.networking.k8s.io/v1/Gateway", "waypoint", "ecommerce");
    await cluster.apply({
      ...productService,
      metadata: { ...productService.metadata, labels: {} },
    });
  });

  // A stock Envoy has none of the Istio-only filters around them and refuses the listeners, so
  // this is as far as it goes: what istiod has sent to a proxy that says it is a waypoint.
  test("istiod gives it the plugins, in front of the service that uses it and of no other", async () => {
    await install(stack, policyFile(stack, "waypoint/policy.yaml"));
    const chains = await until("the plugins", async () => {
      const sent = await chainsSentTo("waypoint-1.ecommerce");
      return (
        Object.values(sent).some((names) => names.some((name) => name.includes("jwt-auth"))) && sent
      );
    });
    const ours = (names: string[] = []) =>
      names.flatMap(
        (name) => /\/ecommerce\.(product-service-waypoint-[a-z-]+)~/.exec(name)?.[1] ?? [],
      );
    const service = "inbound-vip|80|http|product-service.ecommerce.svc.cluster.local";
    const wanted = ["product-service-waypoint-jwt-auth", "product-service-waypoint-rate-limit"];
    assert.deepEqual(ours(chains[service]), wanted);
    delete chains[service];
    assert.deepEqual(Object.values(chains).flatMap(ours), []);
  });

  test("and their settings, with the keys inline, since a waypoint may have no cluster of the issuer", async () => {
    const { pluginConfig } = (
      await cluster.get("WasmPlugin", "product-service-waypoint-jwt-auth", "ecommerce")
    ).spec;
    assert.ok(pluginConfig.providers.every(({ jwks }: any) => jwks !== undefined));
  });
});

/** Every HTTP filter chain that istiod has for a connected proxy: its name → its filters. */
async function chainsSentTo(proxy: string): Promise<Record<string, string[]>> {
  const dump: any = await (
    await fetch(`http://127.0.0.1:${ports.monitoring}/debug/config_dump?proxyID=${proxy}`)
  ).json();
  const listeners = dump.configs.flatMap((config: any) => config.dynamicListeners ?? []);
  const chains = listeners.flatMap(({ activeState: { listener } }: any) =>
    [...(listener.filterChains ?? []), listener.defaultFilterChain].filter(Boolean),
  );
  return Object.fromEntries(
    chains.flatMap(({ name, filters }: any) =>
      filters
        .filter(({ typedConfig }: any) => typedConfig?.httpFilters)
        .map(({ typedConfig }: any) => [
          name,
          typedConfig.httpFilters.map((filter: any) => filter.name),
        ]),
    ),
  );
}

const waypointFile = "deploy/istio/gatehouse/waypoint/waypoint.yaml";

const productService: Resource = {
  apiVersion: "v1",
  kind: "Service",
  metadata: {
    name: "product-service",
    namespace: "ecommerce",
    labels: { "istio.io/use-waypoint": "waypoint" },
  },
  spec: {
    selector: { app: "product-service" },
    ports: [{ name: "http", port: 80, targetPort: 8080 }],
  },
};

/**
 * The class, the account and the Service that istiod's deployment controller would have made for
 * the waypoint.
 */
function waypoint(labels: Record<string, string>): Resource[] {
  const metadata = { name: "waypoint", namespace: "ecommerce" };
  return [
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "GatewayClass",
      metadata: { name: "istio-waypoint" },
      spec: { controllerName: "istio.io/mesh-controller" },
    },
    { apiVersion: "v1", kind: "ServiceAccount", metadata },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { ...metadata, labels },
      spec: { selector: labels, ports: [{ name: "mesh", port: 15_008 }] },
    },
    productService,
  ];
}

/** A class, a Gateway that is served by a Service of ours, and a route that matches the variant. */
function gatewayApi(hostname: string): Resource[] {
  const apiVersion = "gateway.networking.k8s.io/v1";
  const backend = (variant: string) => [{ name: `product-service-${variant}`, port: 80 }];
  const service = (variant: string, version: string): Resource => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: `product-service-${variant}`, namespace: "ecommerce" },
    spec: {
      selector: { app: "product-service", version },
      ports: [{ name: "http", port: 80, targetPort: 8080 }],
    },
  });
  return [
    service("stable", "v1"),
    service("canary", "v2"),
    endpoints("product-service-stable", addresses.stable),
    endpoints("product-service-canary", addresses.canary),
    {
      apiVersion,
      kind: "GatewayClass",
      metadata: { name: "istio" },
      spec: { controllerName: "istio.io/gateway-controller" },
    },
    {
      apiVersion,
      kind: "Gateway",
      metadata: { name: "edge-api", namespace: "istio-system" },
      spec: {
        gatewayClassName: "istio",
        addresses: [{ type: "Hostname", value: "edge-api.istio-system.svc.cluster.local" }],
        listeners: [
          {
            name: "http",
            hostname,
            port: 80,
            protocol: "HTTP",
            allowedRoutes: { namespaces: { from: "All" } },
          },
        ],
      },
    },
    {
      apiVersion,
      kind: "HTTPRoute",
      metadata: { name: "product-service", namespace: "ecommerce" },
      spec: {
        parentRefs: [{ name: "edge-api", namespace: "istio-system" }],
        hostnames: [hostname],
        rules: [
          {
            matches: [{ headers: [{ name: "x-variant", value: "canary" }] }],
            backendRefs: backend("canary"),
          },
          { backendRefs: backend("stable") },
        ],
      },
    },
  ] as Resource[];
}

function endpoints(service: string, address: string): Resource {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: `${service}-1`,
      namespace: "ecommerce",
      labels: { "kubernetes.io/service-name": service },
    },
    addressType: "IPv4",
    ports: [{ name: "http", port: 8080, protocol: "TCP" }],
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
  } as Resource;
}

/** No iptables here: listeners are bound where requests are sent to. */
function sidecar(port: number): Resource {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "Sidecar",
    metadata: { name: "placed", namespace: "ecommerce" },
    spec: {
      workloadSelector: { labels: { placed: "sidecar" } },
      ingress: [
        {
          port: { number: port, protocol: "HTTP", name: "http" },
          bind: addresses.sidecar,
          captureMode: "NONE",
          defaultEndpoint: "127.0.0.1:8090",
        },
      ],
      egress: [{ hosts: ["./*"] }],
    },
  };
}
