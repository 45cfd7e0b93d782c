// The installed npm package, in a folder without the checkout, takes a policy to a cluster: real
// registry, real API server, real gateway.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { parse } from "yaml";
import { commandIn, INSTALLED } from "../support/installed-package.ts";
import { until } from "./children.ts";
import { gatehouse, type Outcome, writePolicy } from "./gatehouse.ts";
import { removePolicies } from "./policies.ts";
import { send } from "./workloads.ts";
import { gatewayUrl, root, world } from "./world.ts";

const { stack, gateway } = await world();
const folder = process.env[INSTALLED]!;
const tool = { command: commandIn(folder), folder };

after(() => removePolicies(stack, gateway));

function installed(...args: string[]): Promise<Outcome> {
  return gatehouse(stack, args, { tool });
}

test("the installed package validates, pushes and applies a policy, and the gateway follows", async () => {
  assert.ok(!existsSync(join(folder, "assembly")), "no checkout is there");
  const text = readFileSync(join(root, "deploy/istio/gatehouse/gateway/policy.yaml"), "utf8");
  const file = writePolicy(stack, parse(text), ({ spec }) => {
    delete spec.canary;
    delete spec.traffic;
  });
  assert.match((await installed("validate", file)).stdout, /0 errors/);
  await installed("push", "-f", file);
  await installed("apply", "-f", file, "--no-wait");
  const ask = () => send(`${gatewayUrl}/api/info`, { headers: { host: "products.example.com" } });
  await until("the gateway asks for a token", async () => (await ask()).status === 401);
  assert.match((await installed("list")).stdout, /istio-system\/edge/);
  assert.match((await installed("diff", "-f", file)).stdout, /no differences/);
  await installed("uninstall", "istio-system/edge", "--yes");
  assert.match((await installed("list")).stdout, /no policies/);
});
