// Day two, when something breaks: modules that cannot be had, a registry or an issuer that is
// away, a VM that dies. What a plugin guards stays guarded, and the way back is the one of
// deploy/istio/gatehouse/RUNBOOK.md.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { until } from "./children.ts";
import { render } from "./gatehouse.ts";
import { underLoad } from "./load.ts";
import { pushModule, trapping, variation } from "./modules.ts";
import { apply, install, markedSettings, removePolicies, rollback } from "./policies.ts";
import { send } from "./workloads.ts";
import { gatewayUrl, world } from "./world.ts";

const { stack, gateway, issuer } = await world();
const { cluster } = stack;
const url = `${gatewayUrl}/api/info`;
const host = { host: "products.example.com" };

/**
 * What the agent puts in the place of a plugin that it cannot fetch: an RBAC filter that admits
 * nobody.
 */
const CLOSED = 403;
const BURST = 5;

describe("failures", () => {
  let bearer = "";
  const ask = (token = bearer, headers: Record<string, string> = {}) =>
    send(url, { headers: { ...host, authorization: `Bearer ${token}`, ...headers } });
  const load = (change: () => Promise<unknown>) =>
    underLoad(url, () => ({ ...host, authorization: `Bearer ${bearer}` }), change);
  const settings = (mark: string, change?: (spec: any) => void) =>
    markedSettings(stack, mark, change);
  const status = (wanted: number) =>
    until(`${wanted}`, async () => (await ask()).status === wanted);
  /** Open to those with a token, closed to all others. */
  const healthy = async () => {
    await status(200);
    await until(
      "401 without a token",
      async () => (await send(url, { headers: host })).status === 401,
    );
  };

  before(async () => {
    bearer = issuer.token();
    await install(stack, settings("good"));
    await healthy();
  });
  after(() => removePolicies(stack, gateway));

  test("a digest that was never pushed closes the gateway, and rollback opens it again", async () => {
    const file = settings(
      "missing",
      ({ image }) => (image.digests = { "jwt-auth": `sha256:${"0".repeat(64)}` }),
    );
    const from = gateway.agent.output.length;
    await apply(stack, file);
    await status(CLOSED);
    assert.equal(
      (await send(url, { headers: host })).status,
      CLOSED,
      "nobody passes without a token either",
    );
    // Where it can be seen: the API server knows nothing of it.
    await gateway.agent.line(/error in converting the wasm config to local/, { from });
    const metrics = await (
      await fetch(`http://127.0.0.1:${gateway.options.basePort + 1}/stats/prometheus`)
    ).text();
    assert.match(metrics, /^istio_agent_wasm_remote_fetch_count\{result="(?!success)\w+"\} [1-9]/m);
    await rollback(stack, "istio-system/edge");
    await healthy();
  });

  for (const [what, reference, sha256] of [
    ["a tag that is not there", "canary:no-such-tag", undefined],
    ["a module that is not the one of the digest", "canary:0.1.0", "f".repeat(64)],
  ] as const) {
    test(`${what} closes the gateway, until the settings are applied again`, async () => {
      const good = settings("good");
      const plugin = (await render(stack, good)).find(
        ({ metadata }) => metadata.name === "edge-canary",
      )!;
      plugin.spec.url = `oci://${stack.registryHost}/gatehouse/${reference}`;
      if (sha256) plugin.spec.sha256 = sha256;
      else delete plugin.spec.sha256;
      await cluster.delete("WasmPlugin", "edge-canary", "istio-system");
      await cluster.apply(plugin);
      await status(CLOSED);
      await apply(stack, good);
      await healthy();
    });
  }

  test("the registry is away: what runs goes on, and settings change, since modules are kept", async () => {
    const file = settings("without-registry");
    await load(async () => {
      await stack.registry.stop();
      await apply(stack, file);
      await until(
        "the settings",
        async () => (await ask()).headers["x-settings"] === "without-registry",
      );
    });
    await stack.startRegistry();
  });

  test("a new module while the registry is away closes the gateway, until it is applied anew", async () => {
    const module = variation("canary", "away");
    const digest = await pushModule(stack, "canary", module);
    const file = settings("away", ({ image }) => (image.digests = { canary: digest }));
    await stack.registry.stop();
    await apply(stack, file);
    await status(CLOSED);
    await stack.startRegistry();
    // This registry keeps manifests in memory only.
    await pushModule(stack, "canary", module);
    // The agent asks again with the next change of the plugin; going back needs no registry at all.
    await rollback(stack, "istio-system/edge");
    await healthy();
    await apply(stack, file);
    await until("the new module", async () => (await ask()).headers["x-settings"] === "away");
    await healthy();
  });

  test("the issuer is away: tokens of known keys pass on", async () => {
    issuer.failing = true;
    await load(async () => {
      await ask(issuer.token({ sub: "somebody-else" }));
      issuer.failing = false;
    });
  });

  test("a VM that traps is loaded again, and the buckets are as they were", async () => {
    const digest = await pushModule(stack, "rate-limit", await trapping());
    const file = settings("trapping", (spec) => {
      spec.image.digests = { "rate-limit": digest };
      const perUser = spec["rate-limit"].limits.find(
        ({ name }: { name: string }) => name === "per-user",
      );
      perUser.tokenBucket = { maxTokens: BURST, tokensPerFill: 1, fillInterval: "10m" };
    });
    await apply(stack, file);
    await until("the settings", async () => (await ask()).headers["x-settings"] === "trapping");
    const mallory = issuer.token({ sub: "mallory" });
    for (let sent = 0; sent < BURST - 2; sent++) assert.equal((await ask(mallory)).status, 200);
    const from = gateway.agent.output.length;
    const trapped = await ask(mallory, { "x-trap": "now" });
    assert.ok(trapped.status >= 500, `${trapped.status}`);
    await gateway.agent.line(/unreachable/, { from });
    const statuses: number[] = [];
    await until("the bucket's end", async () => {
      statuses.push((await ask(mallory)).status);
      return statuses.at(-1) === 429;
    });
    assert.equal(statuses.filter((one) => one === 200).length, 2, `${statuses}`);
    // Both workers serve again.
    const carol = issuer.token({ sub: "carol" });
    await until("calm", async () => {
      const answers = await Promise.all(Array.from({ length: 4 }, () => ask(carol)));
      return answers.every((answer) => answer.status === 200 || answer.status === 429);
    });
  });
});
