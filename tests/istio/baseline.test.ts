// The stack itself, before any plugin: the guide's traffic rules as Istio alone applies them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { send } from "./workloads.ts";
import { gatewayUrl, world } from "./world.ts";
import { until } from "./children.ts";

const host = { host: "products.example.com" };

test("the gateway serves the guide's routes: header, user agent, split", async () => {
  await world();
  const first = await until("the first route", async () => {
    const answer = await send(`${gatewayUrl}/api/info`, { headers: host });
    return answer.status === 200 && answer;
  });
  assert.match(first.echo!.version, /^v[12]$/);
  const canary = await send(`${gatewayUrl}/`, { headers: { ...host, "x-canary": "true" } });
  assert.equal(canary.echo!.version, "v2");
  const mobile = await send(`${gatewayUrl}/`, {
    headers: { ...host, "user-agent": "Mozilla/5.0 Mobile" },
  });
  assert.equal(mobile.echo!.version, "v1-mobile");
});
