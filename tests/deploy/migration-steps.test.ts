// Native resources go step by step: after each write into the cluster no request passes that did
// not pass before, on the way there and on the way back, and where a run breaks off.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { compareMeshes } from "../../deploy/compare/meshes.ts";
import { shown } from "../../deploy/compare/shown.ts";
import { parse } from "../../deploy/core/source.ts";
import type { Manifest } from "../../deploy/core/source.ts";
import { yamlText } from "../../deploy/core/yaml-text.ts";
import { FakeCluster, fieldConflict } from "./fake-cluster.ts";
import { gatehouse } from "./helper.ts";
import type { Ran } from "./helper.ts";

const folder = mkdtempSync(join(tmpdir(), "gatehouse-steps-"));
after(() => rmSync(folder, { recursive: true }));

const secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ";
const jwks = `'{"keys":[{"kty":"oct","alg":"HS256","kid":"k","k":"${secret}"}]}'`;

function authentication(more = ""): string {
  return `---
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: r, namespace: shop }
spec:
  selector: { matchLabels: { app: api } }
  jwtRules: [{ issuer: https://a.example.com, jwks: ${jwks}${more} }]
`;
}

function policy(name: string, spec: string): string {
  return `---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: ${name}, namespace: shop }
spec: ${spec}
`;
}

const forApi = "selector: { matchLabels: { app: api } }";
const allowAdmins = policy(
  "admins",
  `{ ${forApi}, rules: [{ when: [{ key: "request.auth.claims[role]", values: [admin] }] }] }`,
);
/** Opens where no token is seen. */
const denyGuests = policy(
  "guests",
  `{ ${forApi}, action: DENY, rules: [{ when: [{ key: "request.auth.claims[role]", values: [guest] }] }] }`,
);
/** For more workloads than have the token: it stays, with a copy beside it. */
const wide = policy(
  "wide",
  `{ action: DENY, rules: [{ when: [{ key: "request.auth.claims[role]", values: [dev] }] }] }`,
);

interface Bench {
  cluster: FakeCluster;
  native: Manifest[];
  run(...args: string[]): Promise<Ran>;
  /** What `migrate` writes, as a file. */
  file: string;
  /** Each write, with what it left: the titles of rows that are weaker or stricter. */
  moments: { write: string; weaker: string[]; stricter: string[]; different: string[] }[];
}

let count = 0;

async function withNative(text: string, use: (bench: Bench) => Promise<void>): Promise<void> {
  const cluster = await new FakeCluster().start();
  cluster.accepts = true;
  const native = parse(text, "native.yaml").manifests;
  for (const { value } of native) cluster.put(structuredClone(value));
  const at = (name: string) => join(folder, `${name}-${count++}.yaml`);
  const [kubeconfig, source, file] = [at("kubeconfig"), at("native"), at("migrated")];
  writeFileSync(kubeconfig, cluster.kubeconfig);
  writeFileSync(source, text);
  const migrated = await gatehouse("migrate", source);
  assert.equal(migrated.code, 0, migrated.err);
  writeFileSync(file, migrated.out);
  const moments: Bench["moments"] = [];
  cluster.onWrite = (write) => {
    if (write.includes("/configmaps/")) return;
    const live = [...cluster.stored]
      .filter(([path]) => !path.includes("/configmaps/"))
      .map(([, value]) => ({ value }));
    const now = parse(yamlText(live), "cluster").manifests;
    const { rows } = compareMeshes(native, now, { max: 250, rowsMax: 3 });
    const of = (outcome: string) => rows.filter((row) => row.outcome === outcome).map(shown);
    moments.push({
      write: write.replace(/\/apis\/.*\/namespaces\//, ""),
      weaker: of("weaker"),
      stricter: of("stricter"),
      different: of("different"),
    });
  };
  const run = (verb: string, ...args: string[]) =>
    gatehouse(verb, ...args, "--kubeconfig", kubeconfig);
  const withPause = (verb: string, ...args: string[]) =>
    verb === "apply" || verb === "rollback"
      ? run(verb, ...args, "--pause", "0")
      : run(verb, ...args);
  try {
    await use({ cluster, native, run: withPause, file, moments });
  } finally {
    await cluster.stop();
  }
}

const writes = ({ moments }: Bench) => moments.map(({ write }) => write);

function assertNeverOpen({ moments }: Bench): void {
  for (const { write, weaker, stricter } of moments) {
    assert.deepEqual(weaker, [], `weaker after ${write}`);
    assert.deepEqual(stricter, [], `stricter after ${write}`);
  }
}

const all = authentication() + allowAdmins + denyGuests + wide;

test("apply moves a RequestAuthentication in steps after which no request is decided otherwise", async () => {
  await withNative(all, async (bench) => {
    const { code, err, out } = await bench.run("apply", "-f", bench.file);
    assert.equal(code, 0, err + out);
    assert.deepEqual(writes(bench), [
      "apply shop/wasmplugins/api-jwt-auth",
      "apply shop/authorizationpolicies/admins",
      "apply shop/authorizationpolicies/guests",
      "apply shop/authorizationpolicies/wide-jwt",
      "apply shop/wasmplugins/api-jwt-auth",
      "delete shop/requestauthentications/r",
    ]);
    assertNeverOpen(bench);
    assert.deepEqual(bench.moments.at(-1)!.different, [], "in the end nothing differs");
    assert.match(
      err,
      /steps:\n {2}1\. apply WasmPlugin shop\/api-jwt-auth \(beside the native JWT/,
    );
    assert.match(err, / 9\. delete RequestAuthentication shop\/r\n {2}10\. wait/);
    assert.equal((await bench.run("diff", "-f", bench.file)).code, 0, "nothing is left to do");
  });
});

test("rollback --to native brings everything back in the reverse order", async () => {
  await withNative(all, async (bench) => {
    await bench.run("apply", "-f", bench.file);
    bench.moments.length = 0;
    const { code, err, out } = await bench.run("rollback", "shop/api", "--to", "native");
    assert.equal(code, 0, err + out);
    assert.deepEqual(writes(bench), [
      "apply shop/wasmplugins/api-jwt-auth",
      "apply shop/requestauthentications/r",
      "apply shop/authorizationpolicies/admins",
      "apply shop/authorizationpolicies/guests",
      "delete shop/authorizationpolicies/wide-jwt",
      "delete shop/wasmplugins/api-jwt-auth",
    ]);
    assertNeverOpen(bench);
    const specs = bench.native.map(({ name, value }) => [name, value.spec]);
    const live = [...bench.cluster.stored.values()].filter(({ kind }) => kind !== "ConfigMap");
    assert.deepEqual(
      Object.fromEntries(live.map(({ metadata, spec }) => [metadata.name, spec])),
      Object.fromEntries(specs),
    );
    const again = await bench.run("apply", "-f", bench.file);
    assert.equal(again.code, 0, again.err);
    assertNeverOpen(bench);
  });
});

test("a run that breaks off after any step leaves nothing open, and the same command goes on", async () => {
  await withNative(all, async (bench) => {
    const { cluster } = bench;
    for (const on of [
      "PATCH /apis/security.istio.io/v1/namespaces/shop/authorizationpolicies/admins?fieldManager",
      "PATCH /apis/security.istio.io/v1/namespaces/shop/authorizationpolicies/wide-jwt?fieldManager",
      "DELETE /apis/security.istio.io/v1/namespaces/shop/requestauthentications/r",
    ]) {
      cluster.refusals = [{ on, answer: "cut" }];
      const { code, err } = await bench.run("apply", "-f", bench.file);
      assert.equal(code, 7, err);
      assert.match(err, /not applied: .*; run the same command again/);
    }
    cluster.refusals = [];
    const { code, err } = await bench.run("apply", "-f", bench.file);
    assert.equal(code, 0, err);
    assertNeverOpen(bench);
    assert.deepEqual(cluster.names("requestauthentications"), []);
    bench.moments.length = 0;
    for (const on of ["requestauthentications/r?", "authorizationpolicies/guests?field"]) {
      cluster.refusals = [{ on: `${on}`, answer: "cut", after: 1 }];
      await bench.run("rollback", "shop/api", "--to", "native");
    }
    cluster.refusals = [];
    const back = await bench.run("rollback", "shop/api", "--to", "native");
    assert.equal(back.code, 0, back.err);
    assertNeverOpen(bench);
    assert.deepEqual(cluster.names("authorizationpolicies").sort(), ["admins", "guests", "wide"]);
    assert.deepEqual(cluster.names("wasmplugins"), []);
  });
});

test("a run that breaks off on the way there can go back at once", async () => {
  await withNative(all, async (bench) => {
    const { cluster } = bench;
    cluster.refusals = [{ on: "DELETE", answer: "cut" }];
    assert.equal((await bench.run("apply", "-f", bench.file)).code, 7);
    cluster.refusals = [];
    const { code, err } = await bench.run("rollback", "shop/api", "--to", "native");
    assert.equal(code, 0, err);
    assertNeverOpen(bench);
    assert.deepEqual(cluster.names("authorizationpolicies").sort(), ["admins", "guests", "wide"]);
  });
});

test("where the native filter writes headers it goes before the plugin takes the token away", async () => {
  const text = authentication(`, outputPayloadToHeader: x-payload`) + denyGuests;
  await withNative(text, async (bench) => {
    assert.equal((await bench.run("apply", "-f", bench.file)).code, 0);
    assert.deepEqual(writes(bench).slice(-2), [
      "delete shop/requestauthentications/r",
      "apply shop/wasmplugins/api-jwt-auth",
    ]);
    assertNeverOpen(bench);
  });
});

test("--report adds plugins that only watch, and changes nothing native", async () => {
  await withNative(all, async (bench) => {
    const { cluster } = bench;
    const { code, err } = await bench.run("apply", "-f", bench.file, "--report");
    assert.equal(code, 0, err);
    assert.deepEqual(writes(bench), ["apply shop/wasmplugins/api-jwt-auth"]);
    const [, plugin] = [...cluster.stored].find(([path]) => path.endsWith("/api-jwt-auth"))!;
    assert.equal(plugin.spec.pluginConfig.mode, "report");
    assert.equal((await bench.run("apply", "-f", bench.file)).code, 0);
    assertNeverOpen(bench);
    const back = await bench.run("rollback", "shop/api");
    assert.equal(back.code, 2, "the revision before let everything pass");
    assert.match(back.err, /revision 1 of shop\/api is from before .* --to native/);
    const late = await bench.run("apply", "-f", bench.file, "--report");
    assert.equal(late.code, 6);
    assert.match(late.err, /api-jwt-auth enforces, and in mode: report every request would pass/);
  });
});

test("what the cluster has and migrate has not read stops it before anything is changed", async () => {
  await withNative(all, async (bench) => {
    const { cluster } = bench;
    const changed = policy("admins", `{ ${forApi}, rules: [{}] }`);
    cluster.put(parse(changed, "x").manifests[0]!.value);
    const drifted = await bench.run("apply", "-f", bench.file);
    assert.equal(drifted.code, 6);
    assert.match(
      drifted.err,
      /AuthorizationPolicy shop\/admins in the cluster is not what migrate/,
    );
    cluster.put(parse(allowAdmins, "x").manifests[0]!.value);
    cluster.put(parse(denyGuests.replace("guests", "late"), "x").manifests[0]!.value);
    const stranger = await bench.run("apply", "-f", bench.file);
    assert.equal(stranger.code, 6);
    assert.match(stranger.err, /AuthorizationPolicy shop\/late reads tokens, and migrate has not/);
    assert.deepEqual(cluster.writes, []);
  });
});

test("a settings file without the policies rewritten beside it is refused with their names", async () => {
  await withNative(all, async (bench) => {
    const alone = join(folder, "alone.yaml");
    const documents = parse((await gatehouse("migrate", await nativeFile(all))).out, "x").manifests;
    writeFileSync(alone, yamlText(documents.slice(0, 1).map(({ value }) => ({ value }))));
    const { code, err } = await bench.run("apply", "-f", alone);
    assert.equal(code, 1);
    assert.match(
      err,
      /needs AuthorizationPolicy\/shop\/admins, .*add what migrate wrote beside it/,
    );
    assert.deepEqual(bench.cluster.writes, []);
  });
});

async function nativeFile(text: string): Promise<string> {
  const path = join(folder, `source-${count++}.yaml`);
  writeFileSync(path, text);
  return path;
}

test("a plugin that istiod refuses leaves the native resources as they are", async () => {
  await withNative(all, async (bench) => {
    const { cluster } = bench;
    cluster.accepts = false;
    const { code, err } = await bench.run("apply", "-f", bench.file);
    assert.equal(code, 7);
    assert.match(err, /nobody has checked the plugins: .*; the native resources stay as they are/);
    assert.deepEqual(cluster.names("requestauthentications"), ["r"]);
    assert.deepEqual(writes(bench), ["apply shop/wasmplugins/api-jwt-auth"]);
  });
});

test("other documents of the files are named as left alone", async () => {
  await withNative(all, async (bench) => {
    const extra = await nativeFile(policy("other", `{ rules: [{}] }`));
    const { code, err } = await bench.run("apply", "-f", bench.file, extra);
    assert.equal(code, 0, err);
    assert.match(err, /not part of a policy, and left alone: AuthorizationPolicy shop\/other/);
  });
});

test("render prints the rewritten policies last, and --beside the plugins for the time before", async () => {
  await withNative(all, async (bench) => {
    const { code, out, err } = await gatehouse("render", "-f", bench.file);
    assert.equal(code, 0, err);
    const kinds = parse(out, "out").manifests.map(({ kind }) => kind);
    assert.deepEqual(kinds, ["WasmPlugin", ...Array<string>(3).fill("AuthorizationPolicy")]);
    assert.match(
      err,
      / {2}3\. delete RequestAuthentication\/shop\/r\n {2}4\. apply what render prints/,
    );
    const beside = parse((await gatehouse("render", "-f", bench.file, "--beside")).out, "out");
    const [plugin, ...rest] = beside.manifests;
    assert.deepEqual(rest, []);
    const [provider] = plugin!.value.spec.pluginConfig.providers;
    assert.equal(provider.forwardOriginalToken, true);
  });
});

test("a route that migrate has read is written over without --force, and comes back", async () => {
  const route = `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop, namespace: shop }
spec:
  hosts: [shop]
  http:
    - route:
        - { destination: { host: shop, subset: v1 }, weight: 90 }
        - { destination: { host: shop, subset: v2 }, weight: 10 }
`;
  await withNative(route, async (bench) => {
    const { cluster } = bench;
    const owned = fieldConflict("kubectl", ".spec.http");
    cluster.refusals = [
      { on: "virtualservices/shop?fieldManager=gatehouse&force=false", answer: owned },
    ];
    const { code, err, out } = await bench.run("apply", "-f", bench.file);
    assert.equal(code, 0, err + out);
    assert.deepEqual(writes(bench), [
      "apply shop/wasmplugins/shop-callers-canary",
      "apply shop/virtualservices/shop",
    ]);
    const back = await bench.run("rollback", "shop/shop-callers", "--to", "native");
    assert.equal(back.code, 0, back.err);
    const [, live] = [...cluster.stored].find(([path]) => path.endsWith("/virtualservices/shop"))!;
    assert.deepEqual(live.spec, bench.native[0]!.value.spec);
    assert.deepEqual(cluster.names("wasmplugins"), []);
  });
});

const limiter = `---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: limit, namespace: shop }
spec:
  workloadSelector: { labels: { app: api } }
  configPatches:
    - applyTo: HTTP_FILTER
      match: { context: SIDECAR_INBOUND, listener: { filterChain: { filter: { name: envoy.filters.network.http_connection_manager } } } }
      patch:
        operation: INSERT_BEFORE
        value:
          name: envoy.filters.http.local_ratelimit
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
            stat_prefix: limit
            token_bucket: { max_tokens: 5, tokens_per_fill: 5, fill_interval: 60s }
            filter_enabled: { default_value: { numerator: 100, denominator: HUNDRED } }
            filter_enforced: { default_value: { numerator: 100, denominator: HUNDRED } }
`;

test("an EnvoyFilter goes after its plugin, and stays while the plugin only watches", async () => {
  await withNative(limiter, async (bench) => {
    const settings = readFileSync(bench.file, "utf8");
    writeFileSync(
      bench.file,
      settings.replace("  rate-limit:\n", "  rate-limit:\n    mode: report\n"),
    );
    assert.equal((await bench.run("apply", "-f", bench.file)).code, 0);
    assert.deepEqual(bench.cluster.names("envoyfilters"), ["limit"]);
    writeFileSync(bench.file, settings);
    const { code, err } = await bench.run("apply", "-f", bench.file);
    assert.equal(code, 0, err);
    assert.deepEqual(writes(bench).slice(-2), [
      "apply shop/wasmplugins/api-rate-limit",
      "delete shop/envoyfilters/limit",
    ]);
    const back = await bench.run("rollback", "shop/api", "--to", "native");
    assert.equal(back.code, 0, back.err);
    assert.deepEqual(writes(bench).slice(-2), [
      "apply shop/envoyfilters/limit",
      "delete shop/wasmplugins/api-rate-limit",
    ]);
  });
});

test("settings of which one filter only watches replace nothing, and say why", async () => {
  await withNative(all, async (bench) => {
    const limit = "{ name: a, tokenBucket: { maxTokens: 1, fillInterval: 1s } }";
    const settings = readFileSync(bench.file, "utf8");
    const mixed = `  rate-limit: { mode: report, limits: [${limit}] }\n  jwt-auth:\n`;
    writeFileSync(bench.file, settings.replace("  jwt-auth:\n", mixed));
    const { code, err } = await bench.run("apply", "-f", bench.file);
    assert.equal(code, 1, err);
    assert.match(err, /only some of its filters are in mode: report; set it for all of them/);
    assert.deepEqual(bench.cluster.writes, []);
  });
});
