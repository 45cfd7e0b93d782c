// list and uninstall, and the forms and colours of what is printed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { run as runTool } from "../../deploy/cli/main.ts";
import { FakeCluster } from "./fake-cluster.ts";
import { gatehouse } from "./helper.ts";
import { workspace } from "./workspace.ts";

const file = workspace();

function policy(name: string, namespace: string): string {
  const digest = `sha256:${"1".repeat(64)}`;
  return `apiVersion: gatehouse.dev/v1
kind: Policy
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  placement: { gateway: { selector: { istio: ingressgateway } } }
  image: { repository: registry.example.com/gatehouse, digests: { jwt-auth: "${digest}" } }
  jwt-auth:
    providers:
      - { name: main, issuer: "https://idp.example.com", jwksUri: "https://idp.example.com/keys" }
`;
}

/** A cluster with edge/main and shop/other, and the flags that lead to it. */
async function withPolicies(
  use: (cluster: FakeCluster, flags: string[]) => Promise<void>,
): Promise<void> {
  const cluster = await new FakeCluster().start();
  try {
    const flags = ["--kubeconfig", file("kubeconfig", cluster.kubeconfig)];
    for (const [name, namespace] of [
      ["main", "edge"],
      ["other", "shop"],
    ] as const) {
      const path = file(`${name}.yaml`, policy(name, namespace));
      const { code, err } = await gatehouse("apply", "-f", path, "--no-wait", ...flags);
      assert.equal(code, 0, err);
    }
    await use(cluster, flags);
  } finally {
    await cluster.stop();
  }
}

test("list shows every policy with its revision, and those of a namespace with -n", async () => {
  await withPolicies(async (_cluster, flags) => {
    const { out, err } = await gatehouse("list", ...flags);
    assert.match(err, /^cluster: context fake, server http/);
    assert.match(
      out,
      /^POLICY +REVISION +SINCE +STATE\nedge\/main +1 +20.*applied\nshop\/other +1 /,
    );
    const some = await gatehouse("list", "-n", "shop", ...flags);
    assert.doesNotMatch(some.out, /edge\/main/);
    const none = await gatehouse("list", "-n", "empty", ...flags);
    assert.equal(none.code, 0);
    assert.match(none.out, /no policies in namespace empty/);
  });
});

test("a list comes wide, as JSON and as YAML", async () => {
  await withPolicies(async (_cluster, flags) => {
    const wide = await gatehouse("list", "-o", "wide", ...flags);
    assert.match(wide.out, /MODULES\nedge\/main .* 3 +apply +jwt-auth@1{12}\n/);
    const json = await gatehouse("list", "-o", "json", ...flags);
    const yaml = await gatehouse("list", "-o", "yaml", ...flags);
    assert.equal(json.err + yaml.err, "");
    const { policies, cluster } = JSON.parse(json.out);
    assert.deepEqual(parse(yaml.out).policies, policies);
    assert.equal(cluster.context, "fake");
    assert.equal(policies[1].policy, "shop/other");
    const status = parse((await gatehouse("status", "edge/main", "-o", "yaml", ...flags)).out);
    assert.equal(status.revision, 1);
  });
});

test("uninstall without a terminal and without --yes removes nothing", async () => {
  await withPolicies(async (cluster, flags) => {
    const before = [...cluster.stored.keys()];
    const { code, err } = await gatehouse("uninstall", "edge/main", ...flags);
    assert.equal(code, 2);
    assert.match(err, /^cluster: context fake/);
    assert.match(err, /to be removed: WasmPlugin edge\/main-jwt-auth/);
    assert.match(err, /confirm with --yes/);
    const dry = await gatehouse("uninstall", "edge/main", "--dry-run", ...flags);
    assert.equal(dry.code, 0);
    assert.match(dry.out, /would be removed:\nWasmPlugin edge\/main-jwt-auth\n/);
    assert.deepEqual([...cluster.stored.keys()], before);
  });
});

test("uninstall --yes removes one policy with its history, plugins first, and no other", async () => {
  await withPolicies(async (cluster, flags) => {
    cluster.seen.length = 0;
    const { code, out, err } = await gatehouse("uninstall", "edge/main", "--yes", ...flags);
    assert.equal(code, 0, err);
    assert.match(out, /edge\/main: 4 resources removed/);
    const removed = cluster.seen.filter((line) => line.startsWith("DELETE"));
    assert.match(removed[0]!, /wasmplugins\/main-jwt-auth/);
    assert.match(removed.at(-1)!, /configmaps\/gatehouse-main/);
    assert.ok([...cluster.stored.keys()].every((path) => !path.includes("/edge/")));
    assert.match((await gatehouse("list", ...flags)).out, /shop\/other/);
    const again = await gatehouse("uninstall", "edge/main", "--yes", ...flags);
    assert.equal(again.code, 2);
    assert.match(again.err, /no policy edge\/main in this cluster; gatehouse list shows/);
  });
});

test("a person at the terminal confirms with the policy's name, and nothing else does", async () => {
  await withPolicies(async (cluster, flags) => {
    const answered = async (answer: string) => {
      let err = "";
      const streams = {
        out: () => undefined,
        err: (text: string) => (err += text),
        ask: () => Promise.resolve(answer),
      };
      return { code: await runTool(["uninstall", "edge/main", ...flags], streams), err };
    };
    for (const answer of ["", "y", "main"]) assert.equal((await answered(answer)).code, 2);
    assert.deepEqual(cluster.names("wasmplugins"), ["main-jwt-auth", "other-jwt-auth"]);
    assert.equal((await answered("edge/main\n")).code, 0);
    assert.deepEqual(cluster.names("wasmplugins"), ["other-jwt-auth"]);
  });
});

test("a removal that breaks off says what is still there, and goes on when it is run again", async () => {
  await withPolicies(async (cluster, flags) => {
    cluster.refusals = [{ on: "DELETE /apis/networking", answer: { code: 500, body: {} } }];
    const { code, err } = await gatehouse("uninstall", "edge/main", "--yes", ...flags);
    assert.equal(code, 7);
    assert.match(err, /removed: WasmPlugin edge\/main-jwt-auth; still there: .*ConfigMap/);
    cluster.refusals = [];
    assert.equal((await gatehouse("uninstall", "edge/main", "--yes", ...flags)).code, 0);
  });
});

test("colours are only where a terminal is", async () => {
  const path = file("broken.yaml", "a: [\n");
  const printed = async (colours: { out: boolean; err: boolean }) => {
    let all = "";
    const take = (text: string) => (all += text);
    await runTool(["validate", path], { out: take, err: take, colours });
    return all;
  };
  assert.match(await printed({ out: true, err: true }), /^\u001b\[31merror\u001b\[0m: /);
  assert.doesNotMatch(await printed({ out: true, err: false }), /\u001b/);
  await withPolicies(async (_cluster, flags) => {
    const changed = file("changed.yaml", policy("main", "edge").replace("keys", "other"));
    let out = "";
    const streams = { out: (text: string) => (out += text), err: () => undefined };
    const colours = { out: true, err: false };
    await runTool(["diff", "-f", changed, ...flags], { ...streams, colours });
    assert.match(out, /\u001b\[31m-.*\n?.*\u001b\[32m\+/s);
  });
});
