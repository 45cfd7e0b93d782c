// The whole path, as a user walks it: the settings file of deploy/istio/gatehouse/gateway through
// `push`, the registry, `apply`, the API server, istiod and its webhook, and the agent into
// Envoy; then requests through all four filters.
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { until } from "./children.ts";
import { gatehouse, policyFile, render } from "./gatehouse.ts";
import { install, removePolicies } from "./policies.ts";
import { issuerName } from "./issuer.ts";
import { send, type Answer } from "./workloads.ts";
import { GATEWAY_PORT, gatewayUrl, telemetry, world } from "./world.ts";

const { stack, gateway, issuer, startedAt } = await world();
const { cluster } = stack;

/** The order of DESIGN: plugins by phase and priority, between what Istio itself puts there. */
const order = ["edge-access-log", "edge-jwt-auth", "edge-rate-limit", "edge-canary"];
const BURST = 5;

describe("the four filters at the ingress gateway", () => {
  // Small enough that a test can exhaust it, slow enough that nothing comes back meanwhile.
  const file = policyFile(stack, "gateway/policy.yaml", ({ spec }) => {
    const perUser = spec["rate-limit"].limits.find(
      ({ name }: { name: string }) => name === "per-user",
    );
    perUser.tokenBucket = { maxTokens: BURST, tokensPerFill: 1, fillInterval: "10m" };
    spec["access-log"].when = [{ not: { match: [{ uri: { prefix: "/api/unlogged" } }] } }];
  });
  let users = 0;

  /** Each user has a bucket, so each test has users of its own. */
  const token = (claims: object = {}) => issuer.token({ sub: `user-${users++}`, ...claims });
  const ask = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
    send(`${gatewayUrl}${path}`, { headers: { host: "products.example.com", ...headers } });
  const askAs = (bearer: string, headers: Record<string, string> = {}, path = "/api/info") =>
    ask(path, { authorization: `Bearer ${bearer}`, ...headers });

  after(async () => {
    await cluster.delete("Telemetry", "gateway-access-log", "istio-system");
    await removePolicies(stack, gateway);
  });

  test("settings come from a file to the first answer", async () => {
    await cluster.apply(telemetry());
    await install(stack, file);
    const first = await until("the first request with a token", async () => {
      // The routes are there before the plugins; until these are, everybody passes.
      const answer = await askAs(token());
      return answer.echo?.headers["x-jwt-payload"] !== undefined && answer;
    });
    console.log(
      `istio: first answer through the plugins ${((Date.now() - startedAt) / 1000).toFixed(1)} s after the start`,
    );
    const payload = JSON.parse(
      Buffer.from(String(first.echo!.headers["x-jwt-payload"]), "base64url").toString(),
    );
    assert.equal(payload.iss, issuerName);
  });

  test("they stand in the documented order, before Envoy's router", async () => {
    const chain = await until("all four", async () => {
      const names = await gateway.chain(GATEWAY_PORT);
      return order.every((name) => names.includes(name)) && names;
    });
    assert.deepEqual(
      chain.filter((name) => order.includes(name)),
      order,
    );
    assert.equal(chain.at(-1), "router");
  });

  test("each module is the one that was pinned, and the settings are those of the file", async () => {
    const loaded = await gateway.plugins();
    for (const resource of await render(stack, file)) {
      if (resource.kind !== "WasmPlugin") continue;
      const plugin = loaded[resource.metadata.name];
      assert.ok(plugin, `${resource.metadata.name} is loaded`);
      assert.deepEqual(plugin.settings, resource.spec.pluginConfig);
      assert.match(resource.spec.url, new RegExp(`@sha256:${resource.spec.sha256}$`));
    }
  });

  test("jwt-auth: no token and a bad one are refused with a challenge, health checks pass", async () => {
    const missing = await ask("/api/info");
    assert.equal(missing.status, 401);
    assert.match(String(missing.headers["www-authenticate"]), /^Bearer realm=/);
    const bad = await askAs(`${token().slice(0, -8)}AAAAAAAA`);
    assert.equal(bad.status, 401);
    assert.match(String(bad.headers["www-authenticate"]), /invalid_token/);
    assert.equal((await askAs(token({ aud: "another-api" }))).status, 403);
    assert.equal((await ask("/health")).status, 200);
  });

  test("rate-limit: a user's burst passes, the next request does not, another user's does", async () => {
    const eve = token();
    for (let sent = 0; sent < BURST; sent++) assert.equal((await askAs(eve)).status, 200);
    const refused = await askAs(eve);
    assert.equal(refused.status, 429);
    assert.equal(refused.headers["x-rate-limit-limit"], "1000");
    assert.ok(Number(refused.headers["retry-after"]) > 0);
    assert.equal((await askAs(token())).status, 200);
  });

  test("canary: the VirtualService matches the header that the filter sets, and only that one", async () => {
    assert.equal((await askAs(token(), { "x-canary": "true" })).echo!.version, "v2");
    assert.equal(
      (await askAs(token(), { "user-agent": "Mozilla/5.0 Mobile" })).echo!.version,
      "v1-mobile",
    );
    const first = await askAs(token());
    const cookie = String(first.headers["set-cookie"]).split(";")[0]!;
    assert.match(cookie, /^product-variant=/);
    const other = first.echo!.version === "v2" ? "stable" : "canary";
    const again = await askAs(token(), { cookie, "x-variant": other });
    assert.equal(
      again.echo!.version,
      first.echo!.version,
      "a client that writes the header itself gains nothing",
    );
  });

  test("access-log: one bare line for each request, also for a refused one", async () => {
    const before = gateway.agent.output.length;
    await askAs(token(), {}, "/api/seen?api_key=planted");
    await ask("/api/refused");
    const line = async (path: string) => {
      const [text] = await gateway.agent.line(new RegExp(`^\\{.*"path":"${path}.*\\}$`, "m"), {
        from: before,
      });
      return JSON.parse(text);
    };
    const seen = await line("/api/seen");
    assert.equal(Number(seen.status), 200);
    assert.match(seen.upstream, /^10\.42\.1\.\d:8080$/);
    assert.equal(seen.method, "GET");
    assert.ok(Number(seen.duration) >= 0);
    assert.ok(!JSON.stringify(seen).includes("planted"));
    assert.equal(Number((await line("/api/refused")).status), 401);
  });

  test("access-log: a request that no condition holds for leaves no line, not even `-`", async () => {
    const before = gateway.agent.output.length;
    await ask("/api/unlogged");
    await ask("/api/logged");
    await gateway.agent.line(/^\{.*"path":"\/api\/logged.*\}$/m, { from: before });
    const printed = gateway.agent.output.slice(before).split("\n");
    assert.deepEqual(
      printed.filter((line) => line === "-" || line.includes("/api/unlogged")),
      [],
    );
  });

  test("status says that everything is as applied, from the cluster alone", async () => {
    const { stdout } = await gatehouse(stack, ["status", "istio-system/edge"]);
    for (const name of order)
      assert.match(
        stdout,
        new RegExp(`WasmPlugin istio-system/${name} +as applied.* @[0-9a-f]{12}`),
      );
    assert.match(stdout, /revision 1 /);
  });
});
