// apply, diff, status and rollback where something goes wrong: the words, the exit codes, and
// what was done by then.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { FakeCluster, fieldConflict, status } from "./fake-cluster.ts";
import { gatehouse } from "./helper.ts";
import type { Ran } from "./helper.ts";

const folder = mkdtempSync(join(tmpdir(), "gatehouse-apply-"));
after(() => rmSync(folder, { recursive: true }));

const digests = `digests: { jwt-auth: sha256:${"1".repeat(64)}, rate-limit: sha256:${"2".repeat(64)} }`;

/** A policy that renders to ServiceEntry, DestinationRule, and two plugins. */
function policy(name: string, tokens = 10, extra = ""): string {
  return `apiVersion: gatehouse.dev/v1
kind: Policy
metadata: { name: ${name}, namespace: edge }
spec:
  placement: { gateway: { selector: { istio: ingressgateway } } }
  image: { repository: registry.example.com/gatehouse, ${digests} }
  jwt-auth:
    providers:
      - { name: main, issuer: "https://idp.example.com", jwksUri: "https://idp.example.com/keys" }
  rate-limit:
    limits: [{ name: all, tokenBucket: { maxTokens: ${tokens}, fillInterval: 1s } }]
${extra}`;
}

interface Bench {
  cluster: FakeCluster;
  /** Runs a verb on the cluster. */
  run(...args: string[]): Promise<Ran>;
  /** Writes settings and gives the file's path. */
  file(text: string): string;
}

let count = 0;

async function withCluster(
  use: (bench: Bench) => Promise<void>,
  ...missing: string[]
): Promise<void> {
  const cluster = await new FakeCluster(...missing).start();
  const kubeconfig = join(folder, `kubeconfig-${count++}`);
  writeFileSync(kubeconfig, cluster.kubeconfig);
  const file = (text: string) => {
    const path = join(folder, `policy-${count++}.yaml`);
    writeFileSync(path, text);
    return path;
  };
  const run = (...args: string[]) => gatehouse(...args, "--kubeconfig", kubeconfig);
  try {
    await use({ cluster, run, file });
  } finally {
    await cluster.stop();
  }
}

test("apply, again, change, status, diff, rollback: each says what it did", async () => {
  await withCluster(async ({ cluster, run, file }) => {
    const first = file(policy("main"));
    const applied = await run("apply", "-f", first, "--no-wait");
    assert.equal(applied.code, 0, applied.err);
    assert.match(applied.out, /edge\/main: revision 1, 4 new, 0 changed, 0 unchanged, 0 removed/);
    assert.deepEqual(cluster.names("wasmplugins"), ["main-jwt-auth", "main-rate-limit"]);

    const again = await run("apply", "-f", first, "--no-wait");
    assert.match(again.out, /revision 1, 0 new, 0 changed, 4 unchanged/);
    assert.equal((await run("diff", "-f", first)).code, 0);

    const second = file(policy("main", 20));
    const differs = await run("diff", "-f", second);
    assert.equal(differs.code, 1);
    assert.match(differs.out, /^--- live WasmPlugin edge\/main-rate-limit$/m);
    assert.match(differs.out, /^- +- maxTokens: 10|^- +maxTokens: 10$/m);
    assert.match(
      (await run("apply", "-f", second, "--no-wait")).out,
      /revision 2, 0 new, 1 changed, 3 unchanged/,
    );

    const state = await run("status", "edge/main");
    assert.equal(state.code, 0, state.out);
    assert.match(state.out, /edge\/main: revision 2 of .* \(apply\)/);
    assert.match(
      state.out,
      /WasmPlugin edge\/main-rate-limit +as applied  rate-limit @222222222222/,
    );

    const back = await run("rollback", "edge/main", "--no-wait");
    assert.equal(back.code, 0, back.err);
    assert.match(back.out, /revision 3 \(rollback to 1\), 0 new, 1 changed/);
    assert.equal((await run("diff", "-f", first)).code, 0);
    assert.match(
      (await run("rollback", "edge/main", "--to", "9")).err,
      /has no revision 9; write one of 1, 2, 3/,
    );
  });
});

test("what a policy no longer renders is removed, and rollback brings it back", async () => {
  await withCluster(async ({ cluster, run, file }) => {
    await run("apply", "-f", file(policy("main")), "--no-wait");
    const less = file(policy("main").replace(/ {2}jwt-auth:[\s\S]*?(?= {2}rate-limit)/, ""));
    const { out, err } = await run("apply", "-f", less, "--no-wait");
    assert.match(out, /0 new, 0 changed, 1 unchanged, 3 removed/);
    assert.match(err, /removed WasmPlugin edge\/main-jwt-auth/);
    assert.deepEqual(cluster.names("wasmplugins"), ["main-rate-limit"]);
    assert.match((await run("rollback", "edge/main", "--no-wait")).out, /3 new/);
    assert.deepEqual(cluster.names("wasmplugins").sort(), ["main-jwt-auth", "main-rate-limit"]);
  });
});

test("a dry run changes nothing", async () => {
  await withCluster(async ({ cluster, run, file }) => {
    const { code, out } = await run("apply", "-f", file(policy("main")), "--dry-run");
    assert.equal(code, 0);
    assert.match(out, /a dry run: nothing was changed\nedge\/main: 4 new/);
    assert.deepEqual(cluster.writes, []);
  });
});

test("fields of other managers: all of them are named, nothing is applied, --force takes them over", async () => {
  await withCluster(async ({ cluster, run, file }) => {
    cluster.refusals = [
      {
        on: "main-jwt-auth?dryRun=All&fieldManager=gatehouse&force=false",
        answer: fieldConflict("helm", ".spec.phase"),
      },
      {
        on: "main-rate-limit?dryRun=All&fieldManager=gatehouse&force=false",
        answer: fieldConflict(
          "kubectl-client-side-apply",
          ".spec.priority",
          ".spec.pluginConfig.limits",
        ),
      },
    ];
    const path = file(policy("main"));
    const { code, err } = await run("apply", "-f", path, "--no-wait");
    assert.equal(code, 6);
    assert.match(err, /nothing was applied/);
    assert.match(err, /WasmPlugin edge\/main-jwt-auth \.spec\.phase is owned by helm/);
    assert.match(
      err,
      /main-rate-limit \.spec\.pluginConfig\.limits is owned by kubectl-client-side-apply/,
    );
    assert.deepEqual(cluster.writes, []);
    assert.equal((await run("apply", "-f", path, "--no-wait", "--force")).code, 0);
  });
});

test("a resource of another policy is not taken over by its name alone", async () => {
  await withCluster(async ({ cluster, run, file }) => {
    await run("apply", "-f", file(policy("main")), "--no-wait");
    const entry = [...cluster.stored].find(([path]) => path.endsWith("/main-jwt-auth"))![1];
    entry.metadata.labels["gatehouse.dev/policy"] = "older";
    const { code, err } = await run("apply", "-f", file(policy("main", 11)), "--no-wait");
    assert.equal(code, 6);
    assert.match(err, /WasmPlugin edge\/main-jwt-auth belongs to policy edge\/older/);
  });
});

test("a cluster that goes away in the middle: what was applied, what was not, and the next run goes on", async () => {
  await withCluster(async ({ cluster, run, file }) => {
    const path = file(policy("main"));
    cluster.refusals = [{ on: "main-jwt-auth?fieldManager=gatehouse", answer: "cut" }];
    const { code, err } = await run("apply", "-f", path, "--no-wait");
    assert.equal(code, 7);
    assert.match(
      err,
      /applied: ServiceEntry edge\/main-idp-example-com, DestinationRule edge\/main-idp-example-com; not applied: WasmPlugin edge\/main-jwt-auth, WasmPlugin edge\/main-rate-limit, the history of edge\/main; run the same command again/,
    );
    const halfway = await run("status", "edge/main");
    assert.equal(halfway.code, 1);
    assert.match(halfway.out, /revision 1 .*which broke off: apply again, or roll back/);
    assert.match(halfway.out, /WasmPlugin edge\/main-jwt-auth +missing/);
    cluster.refusals = [];
    assert.match(
      (await run("apply", "-f", path, "--no-wait")).out,
      /revision 1, 2 new, 0 changed, 2 unchanged/,
    );
    assert.equal((await run("status", "edge/main")).code, 0);
  });
});

test("a broken change can be rolled back to what was before it", async () => {
  await withCluster(async ({ cluster, run, file }) => {
    await run("apply", "-f", file(policy("main")), "--no-wait");
    cluster.refusals = [{ on: "main-rate-limit?fieldManager=gatehouse", answer: "cut" }];
    assert.equal((await run("apply", "-f", file(policy("main", 20)), "--no-wait")).code, 7);
    cluster.refusals = [];
    assert.match(
      (await run("rollback", "edge/main", "--no-wait")).out,
      /revision 2 \(rollback to 1\)/,
    );
  });
});

test("of several policies, a refusal of one on trial stops all of them", async () => {
  await withCluster(async ({ cluster, run, file }) => {
    const denied = {
      code: 403,
      body: status(403, "Forbidden", 'wasmplugins is forbidden: User "dev" cannot patch'),
    };
    cluster.refusals = [{ on: "second-rate-limit?dryRun", answer: denied }];
    const { code, err } = await run(
      "apply",
      "-f",
      file(`${policy("first")}---\n${policy("second")}`),
      "--no-wait",
    );
    assert.equal(code, 5);
    assert.match(
      err,
      /cannot apply WasmPlugin edge\/second-rate-limit: the API server answered 403: .*ask for a role/,
    );
    assert.doesNotMatch(err, /Headers|HTTP-Code/);
    assert.deepEqual(cluster.writes, []);
  });
});

test("the same policy twice, and two policies that render one resource", async () => {
  await withCluster(async ({ cluster, run, file }) => {
    const same = await run(
      "apply",
      "-f",
      file(policy("main")),
      file(policy("main", 20)),
      "--no-wait",
    );
    assert.equal(same.code, 1);
    assert.match(
      same.err,
      /policy edge\/main is there twice; the first is at .*policy-\d+\.yaml:3/,
    );
    const canary = (name: string) => `apiVersion: gatehouse.dev/v1
kind: Policy
metadata: { name: ${name}, namespace: edge }
spec:
  placement: { gateway: { selector: { istio: ingressgateway } } }
  image: { repository: registry.example.com/gatehouse, digests: { canary: sha256:${"3".repeat(64)} } }
  canary: { routes: [{ name: shop, split: { stable: 90, next: 10 } }] }
  traffic: [{ route: shop, hosts: [shop.example.com], variants: { stable: { subset: a }, next: { subset: b } } }]
`;
    const shared = await run(
      "apply",
      "-f",
      file(`${canary("one")}---\n${canary("two")}`),
      "--no-wait",
    );
    assert.equal(shared.code, 6);
    assert.match(
      shared.err,
      /policies edge\/one and edge\/two both render VirtualService edge\/shop/,
    );
    assert.deepEqual(cluster.writes, []);
  });
});

test("an istiod webhook that denies is quoted", async () => {
  await withCluster(async ({ cluster, run, file }) => {
    const message =
      'admission webhook "rev.validation.istio.io" denied the request: configuration is invalid: url field must be set';
    cluster.refusals = [
      {
        on: "main-jwt-auth?dryRun",
        answer: { code: 400, body: status(400, "BadRequest", message) },
      },
    ];
    const { code, err } = await run("apply", "-f", file(policy("main")), "--no-wait");
    assert.equal(code, 5);
    assert.match(
      err,
      /answered 400: admission webhook "rev\.validation\.istio\.io" denied the request/,
    );
  });
});

test("a server that stalls, one that is not there, one without Istio's kinds", async () => {
  await withCluster(async ({ cluster, run, file }) => {
    const path = file(policy("main"));
    cluster.refusals = [{ on: "PATCH", answer: "stall" }];
    const stalled = await run("apply", "-f", path, "--no-wait", "--timeout", "0.2");
    assert.equal(stalled.code, 8);
    assert.match(stalled.err, /gave no answer within 0\.2 s/);
    await cluster.stop();
    const gone = await run("apply", "-f", path, "--no-wait");
    assert.equal(gone.code, 5);
    assert.match(gone.err, /cannot be reached: .*ECONNREFUSED/);
  });
  await withCluster(async ({ run, file }) => {
    const { code, err } = await run("apply", "-f", file(policy("main")), "--no-wait");
    assert.equal(code, 5);
    assert.match(err, /WasmPlugin .*the cluster does not know this kind; install Istio's CRDs/);
    const older = ["--api", "TrafficExtension", "--no-wait"];
    const { err: said } = await run("apply", "-f", file(policy("main")), ...older);
    assert.match(said, /TrafficExtension came with Istio 1\.30: use --api WasmPlugin/);
  }, "extensions.istio.io/v1alpha1");
});

test("two who apply at once: the later one is told, and loses no history", async () => {
  await withCluster(async ({ cluster, run, file }) => {
    await run("apply", "-f", file(policy("main")), "--no-wait");
    const conflict = { code: 409, body: status(409, "Conflict", "the object has been modified") };
    cluster.refusals = [{ on: "configmaps/gatehouse-main?fieldManager", answer: conflict }];
    const { code, err } = await run("apply", "-f", file(policy("main", 20)), "--no-wait");
    assert.equal(code, 6);
    assert.match(
      err,
      /ConfigMap edge\/gatehouse-main was changed by another client at the same moment; run the command/,
    );
    assert.match(err, /because: the object has been modified$/m);
    assert.doesNotMatch(err, /Headers|HTTP-Code/);
  });
});

test("the wait: istiod's refusal, its silence with and without a webhook, and a status that stays old", async () => {
  await withCluster(async ({ cluster, run, file }) => {
    const path = file(policy("main"));
    const silent = await run("apply", "-f", path);
    assert.equal(silent.code, 0);
    assert.match(silent.out, /they were not checked: no webhook of istiod/);
    cluster.stored.set(
      "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/istio",
      {
        webhooks: [{ failurePolicy: "Fail", rules: [{ apiGroups: ["extensions.istio.io"] }] }],
        metadata: {},
      },
    );
    assert.match((await run("apply", "-f", path)).out, /istiod's webhook admitted them/);
  });
  await withCluster(async ({ cluster, run, file }) => {
    const path = file(policy("main"));
    await run("apply", "-f", path, "--no-wait");
    const plugins = [...cluster.stored].filter(([key]) => key.includes("/wasmplugins/"));
    for (const [key, plugin] of plugins) {
      const conditions = [
        {
          type: "WaypointAccepted",
          status: "False",
          message: "no such Gateway",
          observedGeneration: 1,
        },
      ];
      const live = { ...plugin, status: { conditions } };
      cluster.refusals.push({ on: `GET ${key}`, answer: { code: 200, body: live } });
    }
    const refused = await run("apply", "-f", path);
    assert.equal(refused.code, 1);
    assert.match(refused.out, /istiod refused WasmPlugin edge\/main-jwt-auth \(no such Gateway\)/);
    for (const { answer } of cluster.refusals) (answer as any).body.metadata.generation = 2;
    const stale = await run("apply", "-f", path, "--timeout", "0.5");
    assert.equal(stale.code, 8);
    assert.match(stale.err, /everything was applied, but istiod has not accepted/);
  });
});

test("a policy, a kubeconfig or a context that is not there", async () => {
  await withCluster(async ({ run, file }) => {
    assert.match(
      (await run("status", "edge/none")).err,
      /there is no policy edge\/none in this cluster/,
    );
    assert.equal((await run("rollback", "edge/none")).code, 2);
    assert.match((await run("status", "a/b/c")).err, /not a policy; write namespace\/name/);
    assert.match(
      (await run("apply", "-f", file(policy("main")), "--context", "x")).err,
      /there is no context "x"/,
    );
  });
  const missing = await gatehouse("status", "edge/main", "--kubeconfig", join(folder, "none"));
  assert.equal(missing.code, 2);
  assert.match(missing.err, /the kubeconfig cannot be used/);
});

test("migrate reads a live cluster, and says when it has nothing or refuses", async () => {
  await withCluster(async ({ cluster, run }) => {
    const empty = await run("migrate", "--cluster");
    assert.equal(empty.code, 5);
    assert.match(empty.err, /the cluster has nothing of what migrate reads/);
    cluster.stored.set("/apis/security.istio.io/v1/requestauthentications/r", {
      metadata: { name: "r", namespace: "shop", resourceVersion: "7", managedFields: [] },
      spec: {
        jwtRules: [{ issuer: "https://i.example.com", jwksUri: "https://i.example.com/keys" }],
      },
    });
    const { code, out, err } = await run("migrate", "--cluster");
    assert.equal(code, 0, err);
    assert.match(out, /jwksUri: https:\/\/i\.example\.com\/keys/);
    assert.match(
      err,
      /the cluster:\d+: RequestAuthentication shop\/r spec\.jwtRules\[0\]\.issuer; carried over/,
    );
    cluster.refusals = [
      { on: "authorizationpolicies", answer: { code: 403, body: status(403, "Forbidden", "no") } },
    ];
    const denied = await run("migrate", "--cluster");
    assert.equal(denied.code, 5);
    assert.match(denied.err, /cannot list AuthorizationPolicy: the API server answered 403/);
  });
});

test("settings that do not pass validate do not reach the cluster", async () => {
  await withCluster(async ({ cluster, run, file }) => {
    const { code, err } = await run(
      "apply",
      "-f",
      file(policy("main").replace("fillInterval: 1s", "fillInterval: soon")),
    );
    assert.equal(code, 1);
    assert.match(err, /policy-\d+\.yaml:\d+: .*fillInterval/);
    assert.deepEqual(cluster.seen, []);
  });
});

test("--json: one object with resources, revision and acceptance", async () => {
  await withCluster(async ({ run, file }) => {
    const { out, err } = await run("apply", "-f", file(policy("main")), "--no-wait", "--json");
    assert.equal(err, "");
    const { ok, policies } = JSON.parse(out);
    assert.equal(ok, true);
    assert.equal(policies[0].revision, 1);
    assert.deepEqual(policies[0].resources[0], {
      resource: "ServiceEntry edge/main-idp-example-com",
      was: "new",
    });
  });
});
