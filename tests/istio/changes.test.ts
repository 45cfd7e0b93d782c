// Day two, when all goes well: settings, modules and control planes change under load, and no
// request fails for it.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { until } from "./children.ts";
import type { Resource } from "./cluster.ts";
import { gatehouse, render } from "./gatehouse.ts";
import { underLoad } from "./load.ts";
import { pushModule, variation } from "./modules.ts";
import { apply, markedSettings, removePolicies, rollback } from "./policies.ts";
import { send } from "./workloads.ts";
import { gatewayUrl, world } from "./world.ts";

const { stack, gateway, issuer } = await world();
const { cluster } = stack;
const url = `${gatewayUrl}/api/info`;
const host = { host: "products.example.com" };

const CHANGES = 20;
/**
 * A change has to be in effect within a second; half of them, so that a busy machine's hiccup is
 * not the decision.
 */
const MEDIAN_MILLIS_MAX = 1_000;

describe("changes under load", () => {
  let bearer = "";
  let files = 0;
  const ask = () => send(url, { headers: { ...host, authorization: `Bearer ${bearer}` } });
  const load = (change: () => Promise<unknown>) =>
    underLoad(url, () => ({ ...host, authorization: `Bearer ${bearer}` }), change);
  const settings = (mark: string, change?: (spec: any) => void) =>
    markedSettings(stack, mark, change);
  const inEffect = (mark: string) =>
    until(`the settings ${mark}`, async () => (await ask()).headers["x-settings"] === mark);

  before(() => {
    bearer = issuer.token();
  });
  after(() => removePolicies(stack, gateway));

  test("routes that somebody else wrote are taken over only by force, and until then nothing is changed", async () => {
    const file = settings("first");
    await gatehouse(stack, ["push", "-f", file]);
    const refused = await gatehouse(stack, ["apply", "-f", file], { expected: 6 });
    assert.match(
      refused.stderr,
      /VirtualService ecommerce\/product-service .*istio-suite/s,
      "whose they are is said",
    );
    assert.deepEqual(await cluster.list("WasmPlugin"), []);
    await apply(stack, file);
    await inEffect("first");
  });

  test(`${CHANGES} changes of settings: each is in effect soon, and no request fails`, async () => {
    const plugin = (await render(stack, settings("first"))).find(
      ({ metadata }) => metadata.name === "edge-rate-limit",
    )!;
    const millis: number[] = [];
    await load(async () => {
      for (let change = 0; change < CHANGES; change++) {
        plugin.spec.pluginConfig.responseHeadersAlways = [
          { name: "x-settings", value: `change-${change}` },
        ];
        const started = performance.now();
        await cluster.apply(plugin);
        await inEffect(`change-${change}`);
        millis.push(performance.now() - started);
      }
    });
    const median = millis.sort((a, b) => a - b)[CHANGES / 2]!;
    console.log(
      `istio: a change of settings is in effect after ${Math.round(median)} ms (median of ${CHANGES})`,
    );
    assert.ok(median <= MEDIAN_MILLIS_MAX, `median ${median} ms`);
  });

  test("the tool changes settings, shows the difference, and rolls back", async () => {
    const file = settings("second");
    await load(async () => {
      const { stdout } = await gatehouse(stack, ["diff", "-f", file], { expected: 1 });
      assert.match(stdout, /second/);
      await apply(stack, file);
      await inEffect("second");
      await gatehouse(stack, ["diff", "-f", file]);
      await rollback(stack, "istio-system/edge");
      await inEffect("first");
    });
    const status = await gatehouse(stack, ["status", "istio-system/edge"]);
    assert.match(status.stdout, /revision 3 .*rollback to 1/);
  });

  test("a module is upgraded by its digest, and no request fails", async () => {
    const digest = await pushModule(stack, "jwt-auth", variation("jwt-auth", `upgrade ${files++}`));
    const before = await gateway.plugins();
    await load(async () => {
      await apply(
        stack,
        settings("upgraded", (spec) => (spec.image.digests = { "jwt-auth": digest })),
      );
      await inEffect("upgraded");
      const loaded = await until("the new module", async () => {
        const now = await gateway.plugins();
        return now["edge-jwt-auth"]!.module !== before["edge-jwt-auth"]!.module && now;
      });
      assert.equal(
        loaded["edge-canary"]!.module,
        before["edge-canary"]!.module,
        "the others stay as they are",
      );
      // The new VMs have fetched their own keys, and hold.
      await pause(300);
    });
    assert.equal((await send(url, { headers: host })).status, 401);
  });

  test("the other form of image, the artifact of two layers, runs as well", async () => {
    const before = await gateway.plugins();
    const file = settings("artifact", (spec) => (spec.image.form = "artifact"));
    await gatehouse(stack, ["push", "-f", file]);
    await load(async () => {
      await apply(stack, file);
      await inEffect("artifact");
    });
    const loaded = await until("the artifact's modules", async () => {
      const now = await gateway.plugins();
      return Object.keys(before).every((name) => now[name]?.module !== before[name]!.module) && now;
    });
    assert.equal(Object.keys(loaded).length, Object.keys(before).length);
    assert.equal((await send(url, { headers: host })).status, 401);
  });

  test("the issuer's keys come through the ServiceEntry's cluster, once for the proxy, also when they rotate", async () => {
    const clusters = await gateway.stats("cluster.outbound|443||auth.example.com");
    assert.ok(
      Object.keys(clusters).length > 0 ||
        (await gateway.admin("/clusters")).includes("auth.example.com"),
    );
    const before = issuer.fetches;
    await load(async () => {
      issuer.rotate("second");
      bearer = issuer.token();
      // An unknown kid is worth a fetch; until it is there the request waits.
      assert.equal((await ask()).status, 200);
    });
    assert.equal(issuer.fetches - before, 1);
  });

  test("istiod goes away and comes back: requests never notice, and settings are taken again", async () => {
    await load(async () => {
      await stack.istiod.stop();
      assert.equal((await ask()).status, 200);
      await stack.startIstiod();
      await gatehouse(stack, [
        "apply",
        "-f",
        settings("after-restart"),
        "--force",
        "--timeout",
        "60",
      ]);
      await inEffect("after-restart");
    });
  });

  test("a plugin that is deleted is gone, and the others work on", async () => {
    await load(async () => {
      await cluster.delete("WasmPlugin", "edge-jwt-auth", "istio-system");
      await until("no plugin", async () => (await send(url, { headers: host })).status === 200);
    });
    const { stdout } = await gatehouse(stack, ["status", "istio-system/edge"], { expected: 1 });
    assert.match(stdout, /WasmPlugin istio-system\/edge-jwt-auth +missing/);
    // The settings bring it back.
    await apply(stack, settings("again"));
    await until("the plugin", async () => (await send(url, { headers: host })).status === 401);
  });

  test("settings that lose a filter take its plugin away", async () => {
    const file = settings("less", (spec) => delete spec["jwt-auth"]);
    await apply(stack, file);
    await inEffect("less");
    assert.equal((await send(url, { headers: host })).status, 200);
    assert.ok(!(await gateway.allFilters()).has("edge-jwt-auth"));
    const owned: Resource[] = await cluster.list("ServiceEntry", "istio-system");
    assert.deepEqual(
      owned.map(({ metadata }) => metadata.name),
      [],
      "and the issuer's host with it",
    );
  });
});
