// The model of VirtualService routing against the real thing: istiod turns random VirtualServices
// into Envoy's routes, the ingress gateway runs them, and each request goes where the model says it
// may.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Random } from "../../deploy/compare/random.ts";
import { parse } from "../../deploy/core/source.ts";
import { nativeDecider } from "../../deploy/native/decider.ts";
import { virtualServiceModel } from "../../deploy/native/routing/model.ts";
import type { Decision, NativeRequest } from "../../deploy/native/types.ts";
import { stringify } from "yaml";
import { randomRouteRequest, randomVirtualService, renamed } from "../support/virtual-services.ts";
import { until } from "./children.ts";
import { Refused } from "./cluster.ts";
import type { Resource } from "./cluster.ts";
import { send } from "./workloads.ts";
import type { Answer } from "./workloads.ts";
import { gatewayUrl, world } from "./world.ts";

const { stack } = await world();
const { cluster } = stack;
const count = 120;
const requestsEach = 15;
const gatewayName = "istio-system/native-routes";

const gatewayResource: Resource = {
  apiVersion: "networking.istio.io/v1",
  kind: "Gateway",
  metadata: { name: "native-routes", namespace: "istio-system" },
  spec: {
    selector: { istio: "ingressgateway" },
    servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*.native.test"] }],
  },
};

const names = {
  "istio-system/public": gatewayName,
  v1: "stable",
  v2: "canary",
  v3: "mobile-optimized",
  reviews: "product-service",
  ratings: "product-service",
  // What the proxy's own labels and namespace are.
  web: "istio-ingressgateway",
  shop: "istio-system",
};

/** The echo's version for each subset. */
const versions: Record<string, string> = {
  stable: "v1",
  canary: "v2",
  "mobile-optimized": "v1-mobile",
};

/** A random VirtualService for a host of its own; its destinations are the product service's. */
function service(seed: number): Resource {
  const made = renamed(randomVirtualService(new Random(seed), "native"), names) as Resource;
  made.metadata = { name: `native-${seed}`, namespace: "ecommerce" };
  made.spec.hosts = [`s${seed}.native.test`];
  made.spec.gateways = [gatewayName];
  delete made.spec.exportTo;
  for (const { route = [] } of made.spec.http)
    for (const { destination } of route) {
      destination.subset ??= "stable";
      delete destination.port;
    }
  return made;
}

function requestTo(seed: number, random: Random): NativeRequest {
  return {
    ...randomRouteRequest(random),
    host: `s${seed}.native.test`,
    destination: { address: "10.42.0.10", port: 80 },
    workload: {
      namespace: "istio-system",
      labels: { istio: "ingressgateway", app: "istio-ingressgateway" },
      kind: "gateway",
      gateways: [gatewayName],
    },
  };
}

/** Why an answer is none that the decision allows; empty if it is one. */
function differenceOf(decision: Decision, { status, headers, echo }: Answer): string {
  if (decision.refusal) return status === decision.refusal.status ? "" : `${status}, not 404`;
  if (decision.effects?.answer) {
    const wanted = /"redirect"/.test(decision.effects.answer) ? 301 : 503;
    return status === wanted ? "" : `${status} ${headers.location ?? ""}, not ${wanted}`;
  }
  const allowed = (decision.destinations ?? []).map(({ subset }) => versions[subset ?? "stable"]!);
  return echo && allowed.includes(echo.version) ? "" : `${status} ${echo?.version}, not ${allowed}`;
}

const services: { seed: number; resource: Resource }[] = [];

before(async () => {
  await cluster.apply([gatewayResource]);
  for (let seed = 1; services.length < count; seed++) {
    const resource = service(seed);
    try {
      await cluster.apply([resource]);
    } catch (cause) {
      // The webhook knows rules of its own; what it refuses never becomes a route.
      if (!(cause instanceof Refused)) throw cause;
      continue;
    }
    services.push({ seed, resource });
  }
  const last: Resource = {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "native-last", namespace: "ecommerce" },
    spec: {
      hosts: ["last.native.test"],
      gateways: [gatewayName],
      http: [{ directResponse: { status: 204 } }],
    },
  };
  await cluster.apply([last]);
  await until("the last VirtualService", async () => {
    const { status } = await send(gatewayUrl, { headers: { host: "last.native.test" } });
    return status === 204;
  });
});

after(async () => {
  for (const { resource } of services)
    await cluster.delete("VirtualService", resource.metadata.name, "ecommerce");
  await cluster.delete("VirtualService", "native-last", "ecommerce");
  await cluster.delete("Gateway", "native-routes", "istio-system");
});

test(`${count} random VirtualServices at the gateway route as their model says`, async () => {
  let different = 0;
  for (const { seed, resource } of services) {
    const { manifests } = parse(stringify(resource), "native.yaml");
    assert.deepEqual(virtualServiceModel.gaps?.(manifests), []);
    const native = nativeDecider([virtualServiceModel], manifests);
    const random = new Random(seed + 1000);
    for (let step = 0; step < requestsEach; step++) {
      const request = requestTo(seed, random);
      const answer = await send(gatewayUrl + request.path, {
        method: request.method,
        headers: { ...Object.fromEntries(request.headers), host: request.host },
      });
      const what = differenceOf(native.decide(request), answer);
      if (what === "") continue;
      different++;
      console.error(
        `seed ${seed}: ${what}\n${JSON.stringify(request)}\n${stringify(resource.spec)}`,
      );
    }
  }
  assert.equal(different, 0);
});
