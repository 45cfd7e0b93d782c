// The chart by the real Helm on the real API server; list and uninstall beside it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parse, stringify } from "yaml";
import { assembleChart, chartFolder } from "../../tools/chart.ts";
import { until } from "./children.ts";
import { gatehouse, render, writePolicy } from "./gatehouse.ts";
import { apply, removePolicies, withoutPlugins } from "./policies.ts";
import { send } from "./workloads.ts";
import { gatewayUrl, root, world } from "./world.ts";

const { stack, gateway } = await world();
const { cluster } = stack;

/** The gateway's settings without the canary: its routes belong to the guide. */
function settings(): { file: string; policy: object } {
  const text = readFileSync(join(root, "deploy/istio/gatehouse/gateway/policy.yaml"), "utf8");
  const policy = parse(text);
  const file = writePolicy(stack, policy, ({ spec }) => {
    delete spec.canary;
    delete spec.traffic;
  });
  return { file, policy };
}

function helm(...args: string[]): string {
  return execFileSync(stack.tools.program("helm"), args, {
    encoding: "utf8",
    env: {
      PATH: process.env.PATH,
      HOME: stack.folder,
      KUBECONFIG: stack.cluster.kubeconfig,
    },
  });
}

describe("chart", () => {
  before(() => assembleChart());
  after(() => removePolicies(stack, gateway));

  test("what helm installs is what render gives, decides at the gateway, and goes again", async () => {
    const { file, policy } = settings();
    await gatehouse(stack, ["push", "-f", file]);
    const values = join(stack.folder, "values.yaml");
    writeFileSync(values, stringify({ policies: [policy] }));
    helm("install", "edge", chartFolder, "-f", values, "-n", "istio-system");
    for (const wanted of await render(stack, file)) {
      const { kind, metadata } = wanted;
      const live = await cluster.get(kind, metadata.name, metadata.namespace);
      assert.deepEqual(live.spec, wanted.spec, `${kind} ${metadata.name}`);
      assert.equal(live.metadata.labels?.["app.kubernetes.io/managed-by"], "Helm");
    }
    const ask = () => send(`${gatewayUrl}/api/info`, { headers: { host: "products.example.com" } });
    await until("the gateway asks for a token", async () => (await ask()).status === 401);
    const { stdout } = await gatehouse(stack, ["list"]);
    assert.match(stdout, /no policies/, "what Helm owns is not the tool's");
    helm("uninstall", "edge", "-n", "istio-system");
    await withoutPlugins(gateway);
    assert.deepEqual(await cluster.list("WasmPlugin"), []);
  });

  test("list shows what apply brought in, and uninstall removes all of it and no more", async () => {
    const { file } = settings();
    await apply(stack, file);
    const listed = await gatehouse(stack, ["list", "-o", "json"]);
    const [policy] = JSON.parse(listed.stdout).policies;
    assert.equal(policy.policy, "istio-system/edge");
    assert.equal(policy.state, "applied");
    const refused = await gatehouse(stack, ["uninstall", "istio-system/edge"], { expected: 2 });
    assert.match(refused.stderr, /confirm with --yes/);
    const others = (await cluster.list("VirtualService")).length;
    await gatehouse(stack, ["uninstall", "istio-system/edge", "--yes"]);
    assert.deepEqual(await cluster.list("WasmPlugin"), []);
    assert.equal((await cluster.list("VirtualService")).length, others);
    assert.match((await gatehouse(stack, ["list"])).stdout, /no policies/);
    await withoutPlugins(gateway);
  });
});
