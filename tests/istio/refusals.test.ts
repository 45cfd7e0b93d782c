// Bad settings are stopped at the first place that can know: `validate` before anything happens,
// istiod's webhook before anything is stored, Envoy before anything is replaced; and `gatehouse
// status` tells which. A gateway whose very first settings are bad serves nobody. The way out of
// each is in deploy/istio/gatehouse/RUNBOOK.md.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import { until } from "./children.ts";
import type { Resource } from "./cluster.ts";
import { gatehouse, policyFile, render } from "./gatehouse.ts";
import { underLoad } from "./load.ts";
import { apply, install, markedSettings, removePolicies, rollback } from "./policies.ts";
import { Proxy } from "./proxy.ts";
import { ports } from "./stack.ts";
import { send } from "./workloads.ts";
import { addresses, deployGateway, gatewayUrl, world } from "./world.ts";

const { stack, gateway, issuer } = await world();
const { cluster } = stack;
const url = `${gatewayUrl}/api/info`;
const host = { host: "products.example.com" };
/**
 * What `kubectl port-forward -n istio-system deploy/istiod 15014` gives in a cluster with nodes.
 */
const istiod = ["--istiod", `http://127.0.0.1:${ports.monitoring}`];

describe("bad settings for a gateway that runs", () => {
  const bearer = issuer.token();
  const ask = () => send(url, { headers: { ...host, authorization: `Bearer ${bearer}` } });
  const load = (change: () => Promise<unknown>) =>
    underLoad(url, () => ({ ...host, authorization: `Bearer ${bearer}` }), change);
  const good = markedSettings(stack, "good");
  const stillGood = async () => {
    const answer = await ask();
    assert.equal(answer.status, 200);
    assert.equal(answer.headers["x-settings"], "good");
    assert.equal((await send(url, { headers: host })).status, 401);
  };

  before(async () => {
    await install(stack, good);
    await until("the settings", async () => (await ask()).headers["x-settings"] === "good");
  });
  after(() => removePolicies(stack, gateway));

  test("a typo is found by validate, at its line, and apply changes nothing", async () => {
    const file = markedSettings(stack, "typo");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace("tokensPerFill:", "tokenPerFill:"));
    const line = text.split("\n").findIndex((one) => one.includes("tokensPerFill:")) + 1;
    const found = await gatehouse(stack, ["validate", file], { expected: 1 });
    assert.match(found.stdout + found.stderr, new RegExp(`${file}:${line}`));
    assert.match(found.stdout + found.stderr, /tokenPerFill/);
    const refused = await gatehouse(stack, ["apply", "-f", file, "--force"], { expected: 1 });
    assert.match(refused.stdout + refused.stderr, /tokenPerFill/);
    const { stdout } = await gatehouse(stack, ["status", "istio-system/edge", ...istiod]);
    assert.match(stdout, /revision 1 /);
    await stillGood();
  });

  test("what istiod's webhook would refuse is found by validate, and apply does not even ask it", async () => {
    const file = markedSettings(stack, "refused", ({ traffic }) => {
      traffic[0].http.retries.retryOn = "no-such-condition";
    });
    const found = await gatehouse(stack, ["validate", file], { expected: 1 });
    assert.match(found.stderr, /no-such-condition/);
    const refused = await gatehouse(stack, ["apply", "-f", file, "--force"], { expected: 1 });
    assert.match(refused.stderr, /VirtualService/);
    assert.match(refused.stderr, /no-such-condition/);
    const { stdout } = await gatehouse(stack, ["status", "istio-system/edge", ...istiod]);
    assert.match(stdout, /revision 1 /);
    await stillGood();
  });

  test("what only the proxy knows is refused by Envoy, which keeps the old settings; status says so", async () => {
    // The secret is to come from the proxy's environment, and this proxy has none of that name.
    const file = markedSettings(stack, "refused", (spec) => {
      const shared = {
        name: "partner",
        issuer: "partner",
        secretFromEnv: "PARTNER_SECRET",
        algorithms: ["HS256"],
      };
      spec["jwt-auth"].providers.push(shared);
      spec["jwt-auth"].rules.at(-1).requires = {
        anyOf: [{ provider: "main" }, { provider: "partner" }],
      };
    });
    await load(async () => {
      const from = gateway.agent.output.length;
      await apply(stack, file);
      const [line] = await gateway.agent.line(/jwt-auth: .*\/providers\/1\/secretFromEnv: .*/, {
        from,
      });
      assert.match(line, /vmConfig.env/);
      const told = await until("the proxy's refusal", async () => {
        const outcome = await gatehouse(stack, ["status", "istio-system/edge", ...istiod], {
          expected: 1,
        });
        return outcome;
      });
      assert.match(
        told.stdout,
        /WasmPlugin istio-system\/edge-jwt-auth .*refused by .*istio-ingressgateway/,
      );
    });
    assert.equal((await ask()).status, 200);
    await rollback(stack, "istio-system/edge");
    await until("the settings", async () => (await ask()).headers["x-settings"] === "good");
    await until("a clean status", async () =>
      gatehouse(stack, ["status", "istio-system/edge", ...istiod]),
    );
    await stillGood();
  });

  test("settings that came past the tool are named by status as another client's", async () => {
    const plugin = (await render(stack, good)).find(
      ({ metadata }) => metadata.name === "edge-rate-limit",
    )!;
    plugin.spec.pluginConfig.limits[0].tokenBuckets =
      plugin.spec.pluginConfig.limits[0].tokenBucket;
    const from = gateway.agent.output.length;
    await cluster.apply(plugin);
    await gateway.agent.line(/rate-limit: .*tokenBuckets/, { from });
    const { stdout } = await gatehouse(stack, ["status", "istio-system/edge"], { expected: 1 });
    assert.match(stdout, /WasmPlugin istio-system\/edge-rate-limit .*changed by another client/);
    await stillGood();
    await apply(stack, good);
    await until("a clean status", async () =>
      gatehouse(stack, ["status", "istio-system/edge", ...istiod]),
    );
  });
});

describe("bad settings for a gateway that is new", () => {
  const port = 8004;
  const labels = { istio: "fresh" };
  const fresh = { host: "fresh.example.com" };
  const url = `http://${addresses.fresh}:${port}/api/info`;
  const file = policyFile(stack, "gateway/policy.yaml", (policy) => {
    policy.metadata.name = "fresh";
    policy.spec.placement = { gateway: { selector: labels } };
    for (const filter of ["access-log", "rate-limit", "canary", "traffic"])
      delete policy.spec[filter];
  });
  let proxy: Proxy;

  before(async () => {
    await cluster.apply(freshRoutes(labels, fresh.host));
    await gatehouse(stack, ["push", "-f", file]);
  });
  after(async () => {
    await removePolicies(stack);
    await proxy?.stop();
    for (const { kind, metadata } of freshRoutes(labels, fresh.host))
      await cluster.delete(kind, metadata.name, metadata.namespace);
  });

  test("it answers 500 to everybody, and its log says why", async () => {
    const resources = await render(stack, file);
    const plugin = resources.find(({ kind }) => kind === "WasmPlugin")!;
    plugin.spec.pluginConfig.providers[0].isuer = plugin.spec.pluginConfig.providers[0].issuer;
    await cluster.apply(resources);
    const place = { name: "istio-fresh", labels, address: addresses.fresh, port, basePort: 15400 };
    proxy = await Proxy.launch(stack, await deployGateway(stack, place));
    const [line] = await proxy.agent.line(/jwt-auth: .*\/providers\/0\/isuer: .*/, {
      millis: 30_000,
    });
    assert.match(
      line,
      /expected one of: .*issuer/,
      "the log says which setting, and what would be right",
    );
    // Envoy holds a listener back while it waits for a plugin, but not after the plugin was
    // refused: from then on there is a filter without settings in the chain, and every request
    // ends at it.
    await until("the listener", () => isListening(addresses.fresh, port));
    for (const headers of [fresh, { ...fresh, authorization: `Bearer ${issuer.token()}` }]) {
      const answer = await send(url, { headers });
      assert.equal(answer.status, 500);
      assert.equal(answer.echo, undefined);
    }
  });

  test("the right settings bring it to work, without a restart, and closed to those without a token", async () => {
    await apply(stack, file);
    await proxy.ready(60_000);
    await until("an answer", async () => (await send(url, { headers: fresh })).status === 401);
    const answer = await until("keys", async () => {
      const got = await send(url, {
        headers: { ...fresh, authorization: `Bearer ${issuer.token()}` },
      });
      return got.status === 200 && got;
    });
    assert.equal(answer.echo!.path, "/api/info");
  });
});

function freshRoutes(labels: Record<string, string>, hostname: string): Resource[] {
  const apiVersion = "networking.istio.io/v1";
  const metadata = { name: "fresh", namespace: "istio-system" };
  const destination = { host: "product-service.ecommerce.svc.cluster.local", subset: "stable" };
  const server = { port: { number: 80, name: "http", protocol: "HTTP" }, hosts: [hostname] };
  return [
    { apiVersion, kind: "Gateway", metadata, spec: { selector: labels, servers: [server] } },
    {
      apiVersion,
      kind: "VirtualService",
      metadata,
      spec: { hosts: [hostname], gateways: ["fresh"], http: [{ route: [{ destination }] }] },
    },
  ];
}

function isListening(address: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, address);
    socket.on("connect", () => (socket.destroy(), done(true))).on("error", () => done(false));
  });
}
