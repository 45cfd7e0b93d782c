// `gatehouse render` with paths: settings files are replaced, all else stays.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { parse, parseAllDocuments, stringify } from "yaml";
import { fixtures, gatehouse } from "./helper.ts";
import { workspace } from "./workspace.ts";

const file = workspace();
const root = join(import.meta.dirname, "../..");
const policy = readFileSync(join(fixtures, "policies/waypoint.yaml"), "utf8");
const scheduled = readFileSync(join(fixtures, "policies/edge.yaml"), "utf8");

const around = `# Source: shop/templates/service.yaml
apiVersion: v1
kind: Service
metadata:
  name: shop   # a comment that stays
spec: { ports: [{ port: 80 }] }
`;

/** What `render -f` gives for the policy. */
async function rendered(): Promise<unknown[]> {
  const { out } = await gatehouse("render", "-f", file("policy-alone.yaml", policy));
  return values(out);
}

function values(text: string): unknown[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as unknown)
    .filter((value) => value !== null);
}

test("a settings file between other documents is replaced, and they stay as they are written", async () => {
  const path = file("mixed.yaml", `---\n${around}---\n${policy}---\n${around}`);
  const { code, out, err } = await gatehouse("render", path);
  assert.equal(code, 0, err);
  assert.equal(err, "");
  assert.ok(out.startsWith(around));
  assert.ok(out.endsWith(`---\n${around}`));
  const service = parse(around);
  assert.deepEqual(values(out), [service, ...(await rendered()), service]);
});

test("a stream without settings files comes out byte for byte", async () => {
  for (const text of [
    `---\n${around}---\n# nothing here\n---\n${around}...\n`,
    "",
    "# only this\n",
  ]) {
    const { code, out } = await gatehouse("render", file("plain.yaml", text));
    assert.equal(code, 0);
    assert.equal(out.trimEnd(), text.trimEnd());
  }
});

test("standard input is filtered", async () => {
  const expected = await rendered();
  const { stdout, status, stderr } = spawnSync(
    process.execPath,
    [join(root, "deploy/cli/gatehouse.js"), "render", "-"],
    { input: `${around}---\n${policy}`, encoding: "utf8" },
  );
  assert.equal(status, 0, stderr);
  assert.deepEqual(values(stdout).slice(1), expected);
  assert.ok(stdout.startsWith(around));
});

test("JSON with $schema and tabs is a settings file like any other", async () => {
  const value = { $schema: "./policy.schema.json", ...parse(policy) };
  const path = file("policy.json", JSON.stringify(value, null, "\t"));
  const { code, out, err } = await gatehouse("render", path);
  assert.equal(code, 0, err);
  assert.deepEqual(values(out), await rendered());
  assert.equal((await gatehouse("validate", path)).code, 0);
});

test("a comment that names the schema changes nothing", async () => {
  const text = `# yaml-language-server: $schema=./policy.schema.json\n${policy}`;
  const { out } = await gatehouse("render", file("commented.yaml", text));
  assert.deepEqual(values(out), await rendered());
});

test("the items of a List and of a ResourceList are replaced inside it", async () => {
  for (const head of [
    { apiVersion: "v1", kind: "List" },
    { apiVersion: "config.kubernetes.io/v1", kind: "ResourceList", functionConfig: { kind: "X" } },
  ]) {
    const list = { ...head, items: [parse(around), parse(policy)] };
    const { out } = await gatehouse("render", file("list.yaml", stringify(list)));
    const items = [parse(around), ...(await rendered())];
    assert.deepEqual(values(out), [{ ...head, items }]);
  }
});

test("a ResourceList whose functionConfig is a settings file gets its resources", async () => {
  const head = { apiVersion: "config.kubernetes.io/v1", kind: "ResourceList" };
  const list = { ...head, items: [], functionConfig: parse(policy) };
  const { out, err } = await gatehouse("render", file("function.yaml", stringify(list)));
  const [made] = values(out) as { items: unknown[] }[];
  assert.deepEqual(made?.items, await rendered(), err);
});

test("of a folder the resources come out, JSON too, and what is left out is named", async () => {
  const text = (name: string, content: string) => {
    const path = file(`folder-${name.replaceAll("/", "-")}`, "");
    const target = join(dirname(path), "folder", name);
    mkdirSync(dirname(target), { recursive: true });
    return file(join("folder", name), content);
  };
  text("a/service.yaml", around);
  text("b/policy.json", JSON.stringify(parse(policy)));
  text(
    "kustomization.yaml",
    "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\npatches: [{ path: patch.yaml }]\n",
  );
  text("patch.yaml", "- op: remove\n  path: /spec\n");
  text("values.yaml", "image: shop\n");
  const settings = text("package.json", '{"name":"x"}');
  const { code, out, err } = await gatehouse("render", dirname(settings));
  assert.equal(code, 0, err);
  assert.deepEqual(values(out), [parse(around), ...(await rendered())]);
  assert.match(err, /left out: .*kustomization.yaml: a kustomization/);
  assert.match(err, /left out: .*patch.yaml: a kustomize patch/);
  assert.match(err, /left out: .*values.yaml: no resource/);
  assert.doesNotMatch(err, /package.json/);
});

test("a schedule that would begin again at each rendering needs --at", async () => {
  const path = file("scheduled.yaml", scheduled);
  const { code, err } = await gatehouse("render", path);
  assert.equal(code, 2);
  assert.match(err, /scheduled\.yaml:\d+: .*would begin again.*give --at/);
  assert.equal((await gatehouse("render", path, "--at", "2026-01-31T12:00:00Z")).code, 0);
});

test("a stream with a broken document or a wrong setting gives nothing", async () => {
  for (const text of [
    `${around}---\na: [\n`,
    `${around}---\n${policy.replace("placement:", "placements:")}`,
    `${policy}---\n${policy}`,
  ]) {
    const { code, out, err } = await gatehouse("render", file("broken.yaml", text));
    assert.equal(code, 1, text);
    assert.equal(out, "");
    assert.match(err, /broken\.yaml:\d+/);
  }
});

test("paths beside -f, and neither, are refused", async () => {
  for (const args of [[], ["-f", "a.yaml", "--", "b.yaml"]]) {
    const { code, err } = await gatehouse("render", ...args);
    assert.equal(code, 2);
    assert.match(err, /either paths.* or settings files with -f/);
  }
});

test("settings of a newer version are refused, and the message says so", async () => {
  const newer = file("newer.yaml", policy.replace("gatehouse.dev/v1", "gatehouse.dev/v2"));
  const { code, err } = await gatehouse("render", newer);
  assert.equal(code, 1);
  assert.match(err, /gatehouse\.dev\/v2, and Gatehouse \d.* reads gatehouse\.dev\/v1; install the/);
  const field = file("field.yaml", policy.replace("placement:", "quarantine: {}\n  placement:"));
  const { err: unknown } = await gatehouse("validate", field);
  assert.match(unknown, /unknown field "quarantine".*or install the newer Gatehouse that knows it/);
});
