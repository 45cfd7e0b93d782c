// The control plane: etcd, API server, CRDs, istiod with its webhook, registry. Knows how they
// start; refuses to know what is tested with them. Runs only inside the namespace of
// namespace.ts.
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse as parseYaml } from "yaml";
import { pinnedEnvoy } from "../../envoy/find.ts";
import { Child, until } from "./children.ts";
import { Cluster, parse, type Resource } from "./cluster.ts";
import { installedTools, type Tools } from "./setup.ts";

/** Where each process's output stays after a run. */
export const logFolder = join(import.meta.dirname, "../../build/istio-logs");

const ADMIN_TOKEN = "admin-of-the-test-stack";

/** Ports on loopback; the network is ours alone, so they may be fixed. */
export const ports = {
  etcd: 2379,
  etcdPeer: 2380,
  api: 6443,
  istiodHttp: 15080,
  webhook: 15017,
  xds: 15012,
  monitoring: 15014,
  registry: 5000,
};

export interface Stack {
  folder: string;
  tools: Tools;
  envoy: string;
  cluster: Cluster;
  istiod: Child;
  registry: Child;
  /** `127.0.0.1:5000` */
  registryHost: string;
  /** Ends istiod and starts it again, as after a node's failure. */
  restartIstiod(): Promise<void>;
  startIstiod(): Promise<void>;
  startRegistry(): Promise<void>;
}

/**
 * The mesh of deploy/istio/install, less what one machine cannot have: the agents' DNS servers
 * would want one port, and the Kubernetes service of the discovery address does not resolve here.
 */
function meshConfig(): string {
  const values = join(import.meta.dirname, "../../deploy/istio/install/helm/istiod.yaml");
  const { meshConfig } = parseYaml(readFileSync(values, "utf8"));
  const { proxyMetadata: _, ...defaultConfig } = meshConfig.defaultConfig;
  // Istio's statistics filter is not in a stock Envoy.
  const defaultProviders = { metrics: [] };
  return JSON.stringify({
    ...meshConfig,
    defaultProviders,
    defaultConfig: { ...defaultConfig, discoveryAddress: `localhost:${ports.xds}` },
  });
}

/** Brings everything up. Throws with the last lines of whatever did not come up. */
export async function startStack(folder: string): Promise<Stack> {
  const tools = installedTools();
  rmSync(logFolder, { recursive: true, force: true });
  mkdirSync(logFolder, { recursive: true });
  for (const name of ["etcd", "api", "istiod", "registry"])
    mkdirSync(join(folder, name), { recursive: true });
  const registry = startRegistry(tools, folder);
  const kubeconfig = await startApi(tools, folder);
  const cluster = new Cluster(kubeconfig);
  await installKinds(cluster, tools);
  await cluster.apply(["istio-system", "ecommerce", "observability"].map(namespace));
  await cluster.apply(gatewayCertificate(folder));
  const stack: Stack = {
    folder,
    tools,
    envoy: (await pinnedEnvoy("newest")).binary,
    cluster,
    istiod: await startIstiod(tools, folder, kubeconfig),
    registry,
    registryHost: `127.0.0.1:${ports.registry}`,
    async restartIstiod() {
      await this.istiod.stop();
      await this.startIstiod();
    },
    async startIstiod() {
      this.istiod = await startIstiod(tools, folder, kubeconfig);
    },
    async startRegistry() {
      this.registry = startRegistry(tools, folder);
      await registryReady(this.registry);
    },
  };
  await Promise.all([installWebhook(cluster), registryReady(registry)]);
  return stack;
}

/** etcd and the API server; gives the path of an administrator's kubeconfig. */
async function startApi(tools: Tools, folder: string): Promise<string> {
  const etcdUrl = `http://127.0.0.1:${ports.etcd}`;
  const peerUrl = `http://127.0.0.1:${ports.etcdPeer}`;
  new Child(
    "etcd",
    tools.program("etcd"),
    [
      `--data-dir=${folder}/etcd`,
      "--unsafe-no-fsync",
      `--listen-client-urls=${etcdUrl}`,
      `--advertise-client-urls=${etcdUrl}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
      "--log-level=warn",
    ],
    { logs: logFolder },
  );
  const certificates = join(folder, "api");
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  writeFileSync(join(certificates, "sa.key"), privateKey.export({ type: "pkcs8", format: "pem" }));
  writeFileSync(join(certificates, "sa.pub"), publicKey.export({ type: "spki", format: "pem" }));
  writeFileSync(join(certificates, "tokens.csv"), `${ADMIN_TOKEN},admin,admin,system:masters\n`);
  const api = new Child(
    "kube-apiserver",
    tools.program("kube-apiserver"),
    [
      `--etcd-servers=${etcdUrl}`,
      "--bind-address=127.0.0.1",
      `--secure-port=${ports.api}`,
      `--cert-dir=${certificates}`,
      `--token-auth-file=${certificates}/tokens.csv`,
      "--authorization-mode=RBAC",
      "--service-account-issuer=https://kubernetes.default.svc",
      `--service-account-key-file=${certificates}/sa.pub`,
      `--service-account-signing-key-file=${certificates}/sa.key`,
      "--service-cluster-ip-range=10.96.0.0/16",
      "--disable-admission-plugins=ServiceAccount",
      "--endpoint-reconciler-type=none",
      "--allow-privileged=true",
      "--profiling=false",
      "--advertise-address=10.42.0.1",
    ],
    { logs: logFolder },
  );
  const kubeconfig = join(folder, "kubeconfig");
  writeFileSync(kubeconfig, kubeconfigText(join(certificates, "apiserver.crt")));
  await until(
    "the API server's certificate",
    async () => readFileSync(join(certificates, "apiserver.crt")),
    {
      child: api,
    },
  );
  const cluster = new Cluster(kubeconfig);
  // The default namespaces are the last thing it writes by itself before it is of use.
  await until("the API server", () => cluster.find("Namespace", "default"), { child: api });
  return kubeconfig;
}

function kubeconfigText(ca: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "stack",
    contexts: [{ name: "stack", context: { cluster: "stack", user: "admin" } }],
    clusters: [
      {
        name: "stack",
        cluster: { server: `https://127.0.0.1:${ports.api}`, "certificate-authority": ca },
      },
    ],
    users: [{ name: "admin", user: { token: ADMIN_TOKEN } }],
  });
}

/**
 * The CRDs of Istio, the Gateway API and Flagger, from the very modules that the binaries were
 * built from.
 */
async function installKinds(cluster: Cluster, tools: Tools): Promise<void> {
  const gatewayApi = tools.file("standard");
  const files = [
    tools.file("crd-all.gen.yaml"),
    tools.file("crd.yaml"),
    ...readdirSync(gatewayApi)
      .filter((name) => name.startsWith("gateway.networking") && !name.includes("vap"))
      .map((name) => join(gatewayApi, name)),
  ];
  // Flagger's file indents the second line of a quoted text less than its key, which YAML
  // forbids: join those lines.
  const joined = (text: string) =>
    text.replace(/: '[^']*'/g, (quoted) => quoted.replace(/\n\s*/g, " "));
  const definitions = files.flatMap((file) => parse(joined(readFileSync(file, "utf8"))));
  await cluster.applyAll(definitions);
  await cluster.established(definitions.map(({ metadata }) => metadata.name));
}

async function startIstiod(tools: Tools, folder: string, kubeconfig: string): Promise<Child> {
  const mesh = join(folder, "istiod", "mesh");
  writeFileSync(mesh, meshConfig());
  const istiod = new Child(
    "istiod",
    tools.program("pilot-discovery"),
    [
      "discovery",
      `--kubeconfig=${kubeconfig}`,
      `--meshConfig=${mesh}`,
      `--httpAddr=127.0.0.1:${ports.istiodHttp}`,
      `--httpsAddr=127.0.0.1:${ports.webhook}`,
      "--grpcAddr=",
      `--secureGRPCAddr=127.0.0.1:${ports.xds}`,
      `--monitoringAddr=127.0.0.1:${ports.monitoring}`,
      "--ctrlz_port=0",
      "--domain=cluster.local",
    ],
    {
      logs: logFolder,
      cwd: join(folder, "istiod"),
      env: {
        POD_NAMESPACE: "istio-system",
        POD_NAME: "istiod-1",
        REVISION: "default",
        ISTIOD_CUSTOM_HOST: "localhost",
        CLUSTER_ID: "Kubernetes",
        PILOT_ENABLE_METADATA_EXCHANGE: "false",
        PILOT_ENABLE_ALPN_FILTER: "false",
        // Waypoints, too.
        PILOT_ENABLE_AMBIENT: "true",
        // No controllers run here that would deploy gateways.
        PILOT_ENABLE_GATEWAY_API_DEPLOYMENT_CONTROLLER: "false",
      },
    },
  );
  const ready = async () => (await fetch(`http://127.0.0.1:${ports.istiodHttp}/ready`)).ok;
  await until("istiod", ready, { child: istiod });
  return istiod;
}

/**
 * istiod's own webhook; it fills in the CA and turns it fail-closed, and only then is the stack
 * as a cluster is.
 */
async function installWebhook(cluster: Cluster): Promise<void> {
  const name = "istio-validator-istio-system";
  const webhook = {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: { name, labels: { app: "istiod", istio: "istiod", "istio.io/rev": "default" } },
    webhooks: [
      {
        name: "rev.validation.istio.io",
        clientConfig: { url: `https://localhost:${ports.webhook}/validate` },
        rules: [
          {
            operations: ["CREATE", "UPDATE"],
            apiGroups: [
              "security.istio.io",
              "networking.istio.io",
              "telemetry.istio.io",
              "extensions.istio.io",
            ],
            apiVersions: ["*"],
            resources: ["*"],
          },
        ],
        failurePolicy: "Ignore",
        sideEffects: "None",
        admissionReviewVersions: ["v1"],
      },
    ],
  };
  // Created, not applied: istiod must own the two fields that it fills in.
  await cluster.create(webhook);
  await until("istiod's webhook", async () => {
    const [hook] = (await cluster.get("ValidatingWebhookConfiguration", name)).webhooks;
    return hook.failurePolicy === "Fail" && hook.clientConfig.caBundle;
  });
}

/** The gateway's TLS secret: any pair does, so the one that the API server made for itself. */
function gatewayCertificate(folder: string): Resource {
  const file = (name: string) => readFileSync(join(folder, "api", name)).toString("base64");
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "products-example-com", namespace: "istio-system" },
    type: "kubernetes.io/tls",
    data: { "tls.crt": file("apiserver.crt"), "tls.key": file("apiserver.key") },
  };
}

function startRegistry(tools: Tools, folder: string): Child {
  const address = `127.0.0.1:${ports.registry}`;
  return new Child(
    "registry",
    tools.program("crane"),
    ["registry", "serve", `--address=${address}`, `--disk=${folder}/registry`],
    {
      logs: logFolder,
    },
  );
}

async function registryReady(child: Child): Promise<void> {
  await until(
    "the registry",
    async () => (await fetch(`http://127.0.0.1:${ports.registry}/v2/`)).ok,
    { child },
  );
}

function namespace(name: string): Resource {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name } };
}
