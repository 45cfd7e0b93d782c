// Every manifest of deploy/istio, checked by what owns its kind: the API server with the CRDs and
// istiod's webhook, istioctl, the charts, the IstioOperator's own reader.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { stringify } from "yaml";
import { parse, Refused, type Resource } from "./cluster.ts";
import { render } from "./gatehouse.ts";
import { kustomize, root, world } from "./world.ts";

const { stack } = await world();

const folders = globSync("**/kustomization.yaml", { cwd: join(root, "deploy/istio") })
  .map(dirname)
  .sort();

/** Kinds whose owners are operators that do not run here; the README of each folder says so. */
const elsewhere = ["kiali.io/v1alpha1", "argoproj.io/v1alpha1", "monitoring.coreos.com/v1"];

const checked = new Set<string>();

for (const folder of folders) {
  test(`${folder}: the API server and istiod's webhook accept it`, async () => {
    const resources = kustomize(stack, folder);
    assert.ok(resources.length > 0);
    for (const resource of resources) {
      checked.add(`${resource.apiVersion}/${resource.kind}`);
      if (elsewhere.includes(resource.apiVersion)) continue;
      // Strict field validation: what is not in the schema is refused, not dropped.
      await stack.cluster.apply(resource, { dryRun: true });
    }
  });

  test(`${folder}: istioctl validate has nothing to say`, () => {
    const { status, output } = istioctl(["validate", "-f", asFile(kustomize(stack, folder))]);
    const complaints = output.split("\n").filter((line) => line && !line.endsWith("is valid"));
    // An EnvoyFilter always carries this one; there is no other API for it.
    const unavoidable = /has warnings: *$|EnvoyFilter exposes internal implementation details/;
    assert.deepEqual(
      complaints.filter((line) => !unavoidable.test(line)),
      [],
    );
    assert.equal(status, 0);
  });
}

/** Settings are the tool's own kind: checked is what it renders. */
const policies = globSync("gatehouse/*/*.yaml", { cwd: join(root, "deploy/istio") })
  .filter((file) => /^kind: Policy$/m.test(readFileSync(join(root, "deploy/istio", file), "utf8")))
  .sort();

for (const file of policies) {
  test(`${file}: what it renders to is accepted, and istioctl has nothing to say`, async () => {
    const resources = await render(stack, join(root, "deploy/istio", file));
    for (const resource of resources) await stack.cluster.apply(resource, { dryRun: true });
    const { status, output } = istioctl(["validate", "-f", asFile(resources)]);
    assert.deepEqual(
      output.split("\n").filter((line) => line && !line.endsWith("is valid")),
      [],
    );
    assert.equal(status, 0);
  });
}

after(() => {
  for (const kind of [
    "networking.istio.io/v1/VirtualService",
    "flagger.app/v1beta1/Canary",
    "apps/v1/Deployment",
  ]) {
    assert.ok(checked.has(kind), `${kind} was checked`);
  }
});

test("the webhook is really asked: a rule that the schema admits and istiod does not is refused", async () => {
  const [broken] = kustomize(stack, "traffic/base").filter(({ kind }) => kind === "VirtualService");
  broken!.spec.http[2].route[0].weight = -5;
  await assert.rejects(
    stack.cluster.apply(broken!, { dryRun: true }),
    (error) => error instanceof Refused && /weight/.test(error.message),
  );
});

const together: Record<string, string[]> = {
  "the native mesh": [
    "install",
    "traffic/base",
    "security/base",
    "rate-limit",
    "observability/base",
    "best-practices",
  ],
  "strict mTLS": ["install", "traffic/base", "security/overlays/strict"],
  "fault injection": ["install", "traffic/overlays/fault-injection"],
  "the revision's namespace": ["install/revision", "traffic/base"],
};

for (const [what, parts] of Object.entries(together)) {
  test(`istioctl analyze finds nothing in ${what}`, () => {
    const file = asFile(parts.flatMap((part) => kustomize(stack, part)));
    const { status, output } = istioctl(["analyze", "--use-kube=false", "-A", file]);
    assert.match(output, /No validation issues found/);
    assert.equal(status, 0);
  });
}

test("istioctl generates the control plane from the IstioOperator, with the guide's figures", async () => {
  const file = join(root, "deploy/istio/install/istio-operator.yaml");
  const { status, output } = istioctl(["manifest", "generate", "-f", file]);
  assert.equal(status, 0, output);
  const resources = parse(output);
  assert.deepEqual(replicas(resources), {
    istiod: [2, 5],
    "istio-ingressgateway": [2, 10],
    "istio-egressgateway": [2, 5],
  });
  const pilot = container(resources, "istiod", "discovery");
  assert.deepEqual(pilot.resources, {
    requests: { cpu: "500m", memory: "2Gi" },
    limits: { cpu: "2000m", memory: "4Gi" },
  });
  const mesh = resources.find(
    ({ kind, metadata }) => kind === "ConfigMap" && metadata.name === "istio",
  )!;
  assert.match(mesh.data.mesh, /accessLogFile: \/dev\/stdout/);
  assert.match(mesh.data.mesh, /ISTIO_META_DNS_CAPTURE/);
  const ingress = resources.find(
    ({ kind, metadata }) => kind === "Service" && metadata.name === "istio-ingressgateway",
  )!;
  assert.deepEqual(
    ingress.spec.ports.map(({ port, targetPort }: any) => [port, targetPort]),
    [
      [15021, 15021],
      [80, 8080],
      [443, 8443],
    ],
  );
});

test("the revision's IstioOperator adds a second istiod and touches no gateway", () => {
  const install = join(root, "deploy/istio/install");
  const files = ["istio-operator.yaml", "revision/istio-operator.yaml"].flatMap((name) => [
    "-f",
    join(install, name),
  ]);
  const { status, output } = istioctl(["manifest", "generate", ...files]);
  assert.equal(status, 0, output);
  const deployments = parse(output).filter(({ kind }) => kind === "Deployment");
  assert.deepEqual(
    deployments.map(({ metadata }) => metadata.name),
    ["istiod-1-31-0"],
  );
});

test("the charts take the Helm values, and make of them what the guide asks for", () => {
  const istiod = chart("istio-control/istio-discovery", "istiod", "istiod.yaml");
  const pilot = container(istiod, "istiod", "discovery");
  assert.deepEqual(pilot.resources.requests, { cpu: "500m", memory: "512Mi" });
  assert.ok(istiod.some(({ kind }) => kind === "PodDisruptionBudget"));
  const ingress = chart("gateway", "istio-ingressgateway", "gateway.yaml");
  const egress = chart("gateway", "istio-egressgateway", "egress-gateway.yaml");
  assert.deepEqual(replicas([...istiod, ...ingress, ...egress]), {
    istiod: [2, 5],
    "istio-ingressgateway": [2, 10],
    "istio-egressgateway": [2, 5],
  });
  const service = ingress.find(({ kind }) => kind === "Service")!;
  assert.equal(service.spec.type, "LoadBalancer");
  assert.deepEqual(service.spec.selector.istio, "ingressgateway");
  assert.ok(
    ingress.some(
      ({ kind, metadata }) => kind === "ServiceAccount" && metadata.name === "istio-ingressgateway",
    ),
  );
});

test("a revision gets its own istiod, and the tag its own webhook", () => {
  const first = chart(
    "istio-control/istio-discovery",
    "istiod-1-31-0",
    "istiod.yaml",
    "../revision/istiod.yaml",
  );
  assert.ok(
    first.some(({ kind, metadata }) => kind === "Deployment" && metadata.name === "istiod-1-31-0"),
  );
  const tagged = chart(
    "istio-control/istio-discovery",
    "istiod-1-31-0",
    "istiod.yaml",
    "../revision/tag.yaml",
  );
  const webhooks = tagged.filter(({ kind }) => kind === "MutatingWebhookConfiguration");
  assert.ok(webhooks.some(({ metadata }) => metadata.labels?.["istio.io/tag"] === "prod-stable"));
});

function chart(path: string, release: string, ...values: string[]): Resource[] {
  const folder = join(root, "deploy/istio/install/helm");
  const flags = values.flatMap((name) => ["-f", join(folder, name)]);
  const program = stack.tools.program("helm");
  const args = [
    "template",
    release,
    join(stack.tools.file("charts"), path),
    "-n",
    "istio-system",
    ...flags,
  ];
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
  assert.equal(status, 0, stderr);
  return parse(stdout);
}

function replicas(resources: Resource[]): Record<string, [number, number]> {
  const scalers = resources.filter(({ kind }) => kind === "HorizontalPodAutoscaler");
  return Object.fromEntries(
    scalers.map(({ spec }) => [spec.scaleTargetRef.name, [spec.minReplicas, spec.maxReplicas]]),
  );
}

function container(resources: Resource[], deployment: string, name: string): any {
  const found = resources.find(
    ({ kind, metadata }) => kind === "Deployment" && metadata.name === deployment,
  )!;
  return found.spec.template.spec.containers.find((container: any) => container.name === name);
}

function istioctl(args: string[]): { status: number | null; output: string } {
  const options = {
    encoding: "utf8",
    maxBuffer: 64 << 20,
    env: { ...process.env, HOME: stack.folder },
  } as const;
  const { status, stdout, stderr } = spawnSync(stack.tools.program("istioctl"), args, options);
  if (args[0] !== "manifest" || status !== 0) return { status, output: stdout + stderr };
  // Its log lines come before the manifests, on the same stream.
  return { status, output: stdout.slice(stdout.search(/^(---|apiVersion:)/m)) };
}

let written = 0;

function asFile(resources: Resource[]): string {
  const file = join(stack.folder, `manifests-${written++}.yaml`);
  writeFileSync(file, resources.map((resource) => stringify(resource)).join("---\n"));
  return file;
}
