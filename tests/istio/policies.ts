// Settings in the stack: brought in by the tool as a user would, and taken away again so that
// each test file starts from the bare mesh.
import { until } from "./children.ts";
import { gatehouse, policyFile, type Outcome } from "./gatehouse.ts";
import type { Proxy } from "./proxy.ts";
import type { Stack } from "./stack.ts";
import { kustomize } from "./world.ts";

const ownKinds = [
  "WasmPlugin",
  "TrafficExtension",
  "VirtualService",
  "DestinationRule",
  "ServiceEntry",
];

/**
 * The settings of deploy/istio/gatehouse/gateway with room for a load, and with `mark` in every
 * answer's `x-settings`, so that a test sees which settings made it.
 */
export function markedSettings(
  stack: Stack,
  mark: string,
  change: (spec: any) => void = () => {},
): string {
  return policyFile(stack, "gateway/policy.yaml", ({ spec }) => {
    const plenty = { maxTokens: 1_000_000, tokensPerFill: 1_000_000, fillInterval: "1s" };
    for (const limit of spec["rate-limit"].limits) limit.tokenBucket = plenty;
    spec["rate-limit"].responseHeadersAlways = [{ name: "x-settings", value: mark }];
    change(spec);
  });
}

/** `push`, then `apply`, of one settings file. */
export async function install(stack: Stack, file: string): Promise<Outcome> {
  await gatehouse(stack, ["push", "-f", file]);
  return apply(stack, file);
}

/**
 * `apply` without its wait for a status that istiod does not write; `--force`, since the
 * VirtualService of traffic/ becomes the tool's.
 */
export function apply(stack: Stack, file: string, ...flags: string[]): Promise<Outcome> {
  return gatehouse(stack, ["apply", "-f", file, "--force", "--no-wait", ...flags]);
}

/** `rollback` to the revision before. */
export function rollback(stack: Stack, policy: string): Promise<Outcome> {
  return gatehouse(stack, ["rollback", policy, "--no-wait"]);
}

/**
 * Everything that policies brought into the cluster, gone; the guide's own routes, back; every
 * gateway without plugins.
 */
export async function removePolicies(stack: Stack, ...proxies: Proxy[]): Promise<void> {
  const { cluster } = stack;
  for (const kind of ownKinds) {
    for (const { metadata } of await cluster.list(kind)) {
      if (metadata.labels?.["app.kubernetes.io/managed-by"] !== "gatehouse") continue;
      await cluster.delete(kind, metadata.name, metadata.namespace);
    }
  }
  for (const { metadata } of await cluster.list("ConfigMap")) {
    if (!metadata.name.startsWith("gatehouse-")) continue;
    await cluster.delete("ConfigMap", metadata.name, metadata.namespace);
  }
  await restoreRoutes(stack);
  for (const proxy of proxies) await withoutPlugins(proxy);
}

async function restoreRoutes(stack: Stack): Promise<void> {
  const routes = kustomize(stack, "traffic/base").filter(({ kind }) => kind === "VirtualService");
  await stack.cluster.apply(routes);
}

/** Waits until no listener of the proxy names a plugin. */
export async function withoutPlugins(proxy: Proxy): Promise<void> {
  await until(`${proxy.options.name} without plugins`, async () => {
    return [...(await proxy.allFilters())].every(
      (name) => !/-(access-log|jwt-auth|rate-limit|canary)$/.test(name),
    );
  });
}
