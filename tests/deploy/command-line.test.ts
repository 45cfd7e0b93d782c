// What the command line takes and how it says what is wrong: limits, arguments beside flags, the
// cluster that is meant.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync, appendFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { FakeCluster } from "./fake-cluster.ts";
import { fixtures, gatehouse } from "./helper.ts";
import { workspace } from "./workspace.ts";

const file = workspace();
const root = join(import.meta.dirname, "../..");

/** Runs `use` with a cluster and the path of its kubeconfig. */
async function withCluster(use: (cluster: FakeCluster, kubeconfig: string) => Promise<void>) {
  const cluster = await new FakeCluster().start();
  try {
    await use(cluster, file(`kubeconfig-${cluster.url.split(":").at(-1)}`, cluster.kubeconfig));
  } finally {
    await cluster.stop();
  }
}

test("an API server that stalls while it is asked what it serves ends status with exit 8", async () => {
  await withCluster(async (cluster, kubeconfig) => {
    for (const on of ["GET /api", "GET /apis"]) {
      cluster.refusals = [{ on, answer: "stall" }];
      const args = ["status", "edge/main", "--kubeconfig", kubeconfig, "--timeout", "0.2"];
      const { code, err } = await gatehouse(...args);
      assert.equal(code, 8, err);
      assert.match(err, /http:\/\/127\.0\.0\.1:\d+ gave no answer within 0\.2 s/);
      assert.doesNotMatch(err, /Cannot set property/);
    }
  });
});

test("a time limit that is no number of seconds up to an hour is refused with the range", async () => {
  for (const timeout of ["0", "-1", "x", "3000000", "1e9", "Infinity", ""]) {
    for (const args of [
      ["status", "edge/main", "--kubeconfig", file("unused", "{}")],
      ["push", "--to", "127.0.0.1:1/x"],
    ]) {
      const { code, err } = await gatehouse(...args, "--timeout", timeout);
      assert.equal(code, 2, `${args[0]} ${timeout}: ${err}`);
      assert.match(err, /--timeout .*: not a time limit; allowed: 0\.001 to 3600 seconds/);
    }
  }
});

test("an --ignore before the files leaves the files to validate", async () => {
  const path = file(
    "foreign.yaml",
    "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: a}\n",
  );
  const other = file(
    "other.yaml",
    "apiVersion: example.org/v1\nkind: Thing\nmetadata: {name: a}\n",
  );
  const { code, out, err } = await gatehouse("validate", "--ignore", "example.com", path);
  assert.equal(code, 0, err);
  assert.match(out, /1 documents/);
  const both = ["--ignore", "example.com", "--ignore", "example.org"];
  assert.equal((await gatehouse("validate", ...both, path, other)).code, 0);
  const list = await gatehouse("validate", "--ignore=example.com,example.org", path, other);
  assert.equal(list.code, 0, list.err);
});

test("a filter after the settings file of push is a filter, not another settings file", async () => {
  const settings = join(fixtures, "policies/edge.yaml");
  const { code, out, err } = await gatehouse("push", "-f", settings, "jwt-auth", "--dry-run");
  assert.equal(code, 0, err);
  assert.equal(out.trim().split("\n").length, 1);
  assert.match(out, /jwt-auth/);
  const wrong = await gatehouse("push", "-f", settings, settings, "--dry-run");
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /no such module; .*write -f before each settings file/);
});

test("an --istiod before the policy leaves the policy to status", async () => {
  await withCluster(async (_cluster, kubeconfig) => {
    const args = ["--kubeconfig", kubeconfig, "--istiod", "http://127.0.0.1:1", "edge/none"];
    const { code, err } = await gatehouse("status", ...args);
    assert.equal(code, 2);
    assert.match(err, /there is no policy edge\/none/);
  });
});

test("a claim with nested maps and lists reaches the token as it was written", async () => {
  const words = `realm_access={"roles": ["admin"], "deep": {"a": {"b": 1}}} sub2="x}}y" subject=bob`;
  const settings = file(
    "claims.yaml",
    `apiVersion: gatehouse.dev/v1
kind: Policy
metadata: { name: main }
spec:
  placement: { sidecar: {} }
  image: { repository: registry.example.com/gatehouse }
  jwt-auth:
    providers:
      - name: main
        issuer: https://idp.example.com
        jwksUri: https://idp.example.com/keys
        outputPayloadToHeader: x-payload
    rules: [{ requires: { provider: main } }]
`,
  );
  const ran = await gatehouse("try", "-f", settings, "--token", words, "--json");
  assert.equal(ran.code, 0, ran.out);
  const { observed } = JSON.parse(ran.out).requests[0];
  assert.equal(observed.status, 200, ran.out);
  const header = new Map<string, string>(observed.upstreamHeaders).get("x-payload")!;
  const claims = JSON.parse(Buffer.from(header, "base64url").toString());
  assert.deepEqual(claims.realm_access, { roles: ["admin"], deep: { a: { b: 1 } } });
  assert.equal(claims.sub2, "x}}y");
  assert.equal(claims.sub, "bob");
  const open = await gatehouse("try", "-f", settings, "--token", `a={"b":1`);
  assert.equal(open.code, 1);
  assert.match(open.err, /\{\{token … has no end; close every brace, bracket and quote/);
});

test("of several kubeconfig files the first one's context counts, as for kubectl", async () => {
  await withCluster(async (first, firstFile) => {
    await withCluster(async (second, secondFile) => {
      const renamed = file("second", second.kubeconfig.replaceAll('"fake"', '"second"'));
      const before = process.env.KUBECONFIG;
      try {
        for (const [list, meant, context] of [
          [[firstFile, renamed], first, "fake"],
          [[renamed, firstFile], second, "second"],
          // Files that are not there are left out, and of two entries with one name the first
          // counts.
          [[join(root, "none"), firstFile, secondFile], first, "fake"],
        ] as const) {
          process.env.KUBECONFIG = list.join(":");
          const seen = meant.seen.length;
          const { code, out } = await gatehouse("status", "edge/main", "--json");
          assert.equal(code, 2, out);
          assert.ok(meant.seen.length > seen, context);
          assert.deepEqual(JSON.parse(out).cluster, { context, server: meant.url });
        }
        process.env.KUBECONFIG = join(root, "none");
        const none = await gatehouse("status", "edge/main");
        assert.equal(none.code, 2);
        assert.match(none.err, /no cluster; name a kubeconfig/);
      } finally {
        if (before === undefined) delete process.env.KUBECONFIG;
        else process.env.KUBECONFIG = before;
      }
    });
  });
});

test("every verb that talks to a cluster names the context and the server first", async () => {
  await withCluster(async (cluster, kubeconfig) => {
    const settings = file(
      "edge.yaml",
      `apiVersion: gatehouse.dev/v1
kind: Policy
metadata: { name: main, namespace: edge }
spec:
  placement: { sidecar: {} }
  image: { repository: registry.example.com/gatehouse }
  rate-limit:
    limits: [{ name: all, tokenBucket: { maxTokens: 1, fillInterval: 1s } }]
`,
    );
    for (const args of [
      ["diff", "-f", settings],
      ["apply", "-f", settings, "--no-wait"],
      ["status", "edge/main"],
      ["rollback", "edge/main"],
      ["migrate", "--cluster"],
    ]) {
      const text = await gatehouse(...args, "--kubeconfig", kubeconfig);
      assert.match(
        text.err,
        new RegExp(`^cluster: context fake, server ${cluster.url}\\n`),
        args[0],
      );
      const json = await gatehouse(...args, "--kubeconfig", kubeconfig, "--json");
      assert.deepEqual(JSON.parse(json.out).cluster, { context: "fake", server: cluster.url });
    }
  });
});

test("a change in a filter's sources is built before the next verb that runs the filter", () => {
  const copy = mkdtempSync(join(tmpdir(), "gatehouse-stale-"));
  after(() => rmSync(copy, { recursive: true, force: true }));
  for (const part of ["assembly", "build", "deploy", "envoy", "tools"])
    cpSync(join(root, part), join(copy, part), { recursive: true });
  for (const part of ["package.json", "package-lock.json", "asconfig.json"])
    cpSync(join(root, part), join(copy, part));
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  const settings = join(copy, "edge.yaml");
  const policy = "apiVersion: gatehouse.dev/v1\nkind: Policy\nmetadata: {name: a}\nspec:\n";
  const place = "  placement: {sidecar: {}}\n  image: {repository: a}\n";
  writeFileSync(settings, `${policy}${place}  canary: {routes: [{name: r, split: {a: 100}}]}\n`);
  const run = () =>
    spawnSync(process.execPath, [join(copy, "deploy/cli/gatehouse.js"), "validate", settings], {
      encoding: "utf8",
    });
  const fresh = run();
  assert.equal(fresh.status, 0, fresh.stderr);
  assert.doesNotMatch(fresh.stderr, /building/);
  appendFileSync(join(copy, "assembly/filters/canary/config.ts"), "\nthis does not compile\n");
  const broken = run();
  assert.equal(broken.status, 3);
  assert.match(broken.stderr, /canary, edge: sources changed; building/);
  assert.match(broken.stderr, /cannot be built/);
});

test("a reader that closes early, as `| head`, ends the tool without a word", async () => {
  const tool = spawn(process.execPath, [join(root, "deploy/cli/gatehouse.js"), "--help"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  tool.stdout.destroy();
  let err = "";
  tool.stderr.on("data", (data: Buffer) => (err += data));
  const [code] = (await once(tool, "close")) as [number];
  assert.equal(err, "");
  assert.equal(code, 0);
});
