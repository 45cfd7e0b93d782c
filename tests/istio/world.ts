// What every test file finds: the stack, the services of the guide with echo pods behind them,
// one ingress gateway. Addresses and ports are fixed: the network belongs to the suite.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, type Resource } from "./cluster.ts";
import { selfSigned } from "../support/certificate.ts";
import { Issuer } from "./issuer.ts";
import { addAddresses, addHosts, enter, trustOnly } from "./namespace.ts";
import { Proxy, type ProxyOptions } from "./proxy.ts";
import { startStack, type Stack } from "./stack.ts";
import { EchoService, runPod, writeEndpoints, type Pod } from "./workloads.ts";

export const root = join(import.meta.dirname, "../..");

export const addresses = {
  api: "10.42.0.1",
  gateway: "10.42.0.10",
  gatewayApi: "10.42.0.11",
  sidecar: "10.42.0.12",
  fresh: "10.42.0.13",
  stable: "10.42.1.1",
  canary: "10.42.1.2",
  mobile: "10.42.1.3",
  issuer: "10.42.2.1",
  loadTester: "10.42.2.2",
  shopPrimary: "10.42.3.1",
  shopCanary: "10.42.3.2",
  client: "10.42.9.1",
  waypoint: "10.42.0.14",
};

/**
 * The gateway's HTTP listener, port 80 of the Gateway resource. Not 8080: it binds all addresses,
 * the services' too.
 */
export const GATEWAY_PORT = 8000;
/** A gateway's HTTPS port lies so far above its HTTP port. */
const HTTPS_OFFSET = 443;
export const gatewayUrl = `http://${addresses.gateway}:${GATEWAY_PORT}`;

export interface World {
  /** When the first process was started, milliseconds since 1970. */
  startedAt: number;
  stack: Stack;
  services: Record<"stable" | "canary" | "mobile", EchoService>;
  gateway: Proxy;
  issuer: Issuer;
}

let promised: Promise<World> | undefined;

/** The one world of this run; the first call builds it. */
export function world(): Promise<World> {
  return (promised ??= build());
}

async function build(): Promise<World> {
  const startedAt = Date.now();
  const folder = enter();
  addAddresses(...Object.values(addresses));
  addHosts(folder, {
    "auth.example.com": addresses.issuer,
    "flagger-loadtester.ecommerce": addresses.loadTester,
  });
  const certificate = selfSigned("auth.example.com");
  trustOnly(folder, certificate.certificate);
  const issuer = await Issuer.start(addresses.issuer, certificate);
  const stack = await startStack(folder);
  const services = {
    stable: await EchoService.start("v1", addresses.stable),
    canary: await EchoService.start("v2", addresses.canary),
    mobile: await EchoService.start("v1-mobile", addresses.mobile),
  };
  await runTraffic(stack);
  const ingress = await deployGateway(stack, {
    name: "istio-ingressgateway",
    labels: { istio: "ingressgateway", app: "istio-ingressgateway" },
    address: addresses.gateway,
    port: GATEWAY_PORT,
    basePort: 15100,
  });
  const gateway = await Proxy.start(stack, { ...ingress, concurrency: 2 });
  return { startedAt, stack, services, gateway, issuer };
}

/** What `kustomize build` makes of a folder of deploy/istio. */
export function kustomize(stack: Stack, folder: string): Resource[] {
  const program = stack.tools.program("kustomize");
  return parse(
    execFileSync(program, ["build", join(root, "deploy/istio", folder)], { encoding: "utf8" }),
  );
}

/** deploy/istio/gatehouse/gateway/telemetry.yaml: the gateway prints the plugin's line. */
export function telemetry(): Resource[] {
  return parse(readFileSync(join(root, "deploy/istio/gatehouse/gateway/telemetry.yaml"), "utf8"));
}

/** deploy/istio/traffic as it is, plus what nodes and controllers would have written. */
async function runTraffic(stack: Stack): Promise<void> {
  const { cluster } = stack;
  const product = (name: string, address: string, version: string): Pod => ({
    name,
    namespace: "ecommerce",
    address,
    labels: { app: "product-service", version },
    serviceAccount: "product-service",
  });
  const pods = [
    product("product-service-v1-1", addresses.stable, "v1"),
    product("product-service-v2-1", addresses.canary, "v2"),
    product("product-service-v1-mobile-1", addresses.mobile, "v1-mobile"),
  ];
  await cluster.apply(kustomize(stack, "traffic/base"));
  await Promise.all(pods.map((pod) => runPod(cluster, pod)));
  await writeEndpoints(
    cluster,
    { name: "product-service", namespace: "ecommerce", ports: { http: 8080 } },
    pods,
  );
}

export interface GatewayPod {
  name: string;
  labels: Record<string, string>;
  address: string;
  /**
   * Where it serves what its resources call port 80; all addresses of the network, so no two
   * gateways the same.
   */
  port: number;
  basePort: number;
}

/**
 * What a gateway's chart, its controllers and kubelet would have written; gives how to start its
 * proxy.
 */
export async function deployGateway(
  { cluster }: Stack,
  gateway: GatewayPod,
): Promise<ProxyOptions> {
  const { name, labels, address, port, basePort } = gateway;
  const pod = {
    name: `${name}-1`,
    namespace: "istio-system",
    address,
    labels,
    serviceAccount: name,
  };
  await cluster.apply([...gatewayAccount(name), gatewayService(name, labels, port)]);
  await runPod(cluster, pod);
  const ports = { http2: port, https: port + HTTPS_OFFSET };
  await writeEndpoints(cluster, { name, namespace: "istio-system", ports }, [pod]);
  return { ...pod, account: name, basePort };
}

/**
 * A gateway's account and its right to the TLS secrets beside it, as the gateway chart writes
 * them.
 */
function gatewayAccount(name: string): Resource[] {
  const metadata = { name, namespace: "istio-system" };
  const apiVersion = "rbac.authorization.k8s.io/v1";
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata },
    {
      apiVersion,
      kind: "Role",
      metadata,
      rules: [{ apiGroups: [""], resources: ["secrets"], verbs: ["get", "watch", "list"] }],
    },
    {
      apiVersion,
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
      subjects: [{ kind: "ServiceAccount", name, namespace: "istio-system" }],
    },
  ];
}

/**
 * The Service that the gateway chart would have written, but for the ports that others bind here.
 */
function gatewayService(
  name: string,
  selector: Record<string, string>,
  targetPort: number,
): Resource {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "istio-system" },
    spec: {
      selector,
      ports: [
        { name: "http2", port: 80, targetPort },
        { name: "https", port: 443, targetPort: targetPort + HTTPS_OFFSET },
      ],
    },
  };
}
