import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { exitCodes } from "../../deploy/core/problem.ts";
import { fixtures, gatehouse } from "./helper.ts";

const folder = mkdtempSync(join(tmpdir(), "gatehouse-cli-"));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const head = "apiVersion: gatehouse.dev/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n";

test("help names every verb, and each verb's help has an example", async () => {
  const { code, out } = await gatehouse("--help");
  assert.equal(code, 0);
  const verbs = [...out.matchAll(/^ {2}([a-z]+) \[options\]/gm)].map((match) => match[1]!);
  assert.ok(verbs.includes("render"));
  for (const verb of verbs) {
    const help = await gatehouse(verb, "--help");
    assert.match(help.out, new RegExp(`Example:\\n  npx gatehouse ${verb}`), verb);
    assert.match(help.out, /--json/);
  }
});

test("the exit codes of help and of the tool's page are those that the tool gives", async () => {
  const { out } = await gatehouse("--help");
  const page = readFileSync(join(import.meta.dirname, "../../deploy/README.md"), "utf8");
  for (const code of new Set([0, ...Object.values(exitCodes)])) {
    assert.match(out, new RegExp(`(^| )${code} +\\w`, "m"), `--help names ${code}`);
    assert.match(page, new RegExp(`\\b${code} [a-z]`), `deploy/README.md names ${code}`);
  }
});

test("the tool's page names every field of the settings file, and of a case", () => {
  const page = readFileSync(join(import.meta.dirname, "../../deploy/README.md"), "utf8");
  const schema = JSON.parse(
    readFileSync(join(import.meta.dirname, "../../deploy/core/policy.schema.json"), "utf8"),
  );
  const names = new Set<string>();
  const walk = (node: any): void => {
    if (node === null || typeof node !== "object") return;
    for (const name of Object.keys(node.properties ?? {})) names.add(name);
    for (const inner of Object.values(node)) walk(inner);
  };
  walk(schema);
  names.delete("annotations");
  names.delete("group");
  const words = new Set(page.match(/[$\w-]+/g));
  const missing = [...names].filter((name) => !words.has(name));
  assert.deepEqual(missing, []);
  for (const verb of [
    "render",
    "validate",
    "migrate",
    "push",
    "apply",
    "status",
    "rollback",
    "diff",
  ])
    assert.match(page, new RegExp(`\\*\\*${verb}\\*\\*`), verb);
});

test("every verb gives one JSON object with --json, whatever happens", async () => {
  const none = join(folder, "none.yaml");
  const wrong: string[][] = [
    ["render", "-f", none],
    ["validate", none],
    ["try", "-f", none],
    ["migrate", none],
    ["push", "-f", none],
    ["apply", "-f", none],
    ["diff", "-f", none],
    ["status", "a/b", "--kubeconfig", none],
    ["rollback", "a/b", "--kubeconfig", none],
    ["demo", "-f", none],
  ];
  for (const args of wrong) {
    const { code, out, err } = await gatehouse(...args, "--json");
    assert.equal(code, 2, args.join(" "));
    assert.equal(err, "", args.join(" "));
    assert.equal(JSON.parse(out).ok, false);
  }
});

test("an unknown verb or flag is wrong usage", async () => {
  assert.equal((await gatehouse("rendr")).code, 2);
  assert.equal((await gatehouse("render", "--colour")).code, 2);
  const api = await gatehouse(
    "render",
    "-f",
    join(fixtures, "policies/edge.yaml"),
    "--api",
    "EnvoyFilter",
  );
  assert.equal(api.code, 2);
  assert.match(api.err, /write WasmPlugin or TrafficExtension/);
});

test("a file that cannot be read, is empty, or is no settings file", async () => {
  const missing = await gatehouse("render", "-f", join(folder, "none.yaml"));
  assert.equal(missing.code, 2);
  assert.match(missing.err, /none\.yaml cannot be read/);
  assert.equal((await gatehouse("render", "-f", file("empty.yaml", "# nothing\n"))).code, 2);
  const other = await gatehouse(
    "render",
    "-f",
    file("service.yaml", "apiVersion: v1\nkind: Service\n"),
  );
  assert.equal(other.code, 2);
  assert.match(other.err, /no settings file \(kind: Policy\) there, only Service/);
});

test("broken YAML is reported at its line", async () => {
  const { code, err } = await gatehouse(
    "render",
    "-f",
    file("broken.yaml", "a: 1\nb: [1, 2\nc: 3\n"),
  );
  assert.equal(code, 1);
  assert.match(err, /broken\.yaml:[234]: not valid YAML/);
});

test("a duplicate key is reported, not swallowed", async () => {
  const { err } = await gatehouse(
    "render",
    "-f",
    file("twice.yaml", `${head}  placement: {}\n  placement: {}\n`),
  );
  assert.match(err, /twice\.yaml:6: not valid YAML; Map keys must be unique/);
});

test("an alias bomb is refused", async () => {
  const levels = Array.from(
    { length: 9 },
    (_, at) => `l${at + 1}: &l${at + 1} [${`*l${at},`.repeat(9)}]`,
  );
  const { code, err } = await gatehouse(
    "render",
    "-f",
    file("bomb.yaml", `l0: &l0 [x]\n${levels.join("\n")}\n`),
  );
  assert.equal(code, 1);
  assert.match(err, /Excessive alias count/);
});

test("each mistake in a settings file has its line, the reason and the remedy", async () => {
  const path = file(
    "wrong.yaml",
    `${head}  placment: {}\n  image: { repository: 5 }\n  placement:\n    gateway: { selector: { istio: x }, mode: CLIENT }\n`,
  );
  const { code, err } = await gatehouse("render", "-f", path);
  assert.equal(code, 1);
  assert.match(
    err,
    /wrong\.yaml:5: spec: unknown field "placment"; spec has no such field; did you mean "placement"\?/,
  );
  assert.match(err, /wrong\.yaml:6: spec\.image: "repository" is a number; expected a string/);
  assert.match(err, /wrong\.yaml:8: spec\.placement\.gateway: unknown field "mode"/);
});

test("a placement is exactly one of the four, an image exactly one of two", async () => {
  const both =
    "  placement: { gateway: {selector: {a: b}}, sidecar: {} }\n  image: { repository: a, url: 'file:///{filter}' }\n";
  const { err } = await gatehouse("render", "-f", file("both.yaml", head + both));
  assert.match(err, /"placement" must NOT have more than 1/);
  assert.match(err, /repository and url are set together; only one of them may be/);
});

test("traffic must fit the canary's routes", async () => {
  const text = `${head}  placement: { sidecar: {} }
  image: { repository: a }
  canary: { routes: [{ name: r, split: {a: 50, b: 50}, variants: [{name: a}, {name: b}] }] }
  traffic:
    - { route: r, hosts: [h], variants: {a: {}, c: {}} }
    - { route: q, hosts: [h], variants: {a: {}} }
`;
  const { err } = await gatehouse("render", "-f", file("traffic.yaml", text));
  assert.match(err, /:9: variant "b" of route "r" has no destination/);
  assert.match(err, /:9: route "r" has no variant "c"; its variants are a, b/);
  assert.match(err, /:10: no canary route is called "q"; write one of r/);
});

test("no filter at all, and a TrafficExtension for an Istio without it", async () => {
  const none = await gatehouse(
    "render",
    "-f",
    file("none-installed.yaml", `${head}  placement: {sidecar: {}}\n  image: {repository: a}\n`),
  );
  assert.match(none.err, /no filter is installed by this policy/);
  const old = `${head}  istio: "1.29"\n  placement: {sidecar: {}}\n  image: {repository: a}\n  canary: {routes: []}\n`;
  const { code, err } = await gatehouse(
    "render",
    "-f",
    file("old.yaml", old),
    "--api",
    "TrafficExtension",
  );
  assert.equal(code, 1);
  assert.match(err, /old\.yaml:5: .*Istio 1\.29 has no TrafficExtension/);
});

test("--json reports errors as an object with code, message and place", async () => {
  const { code, out, err } = await gatehouse("render", "-f", join(folder, "none.yaml"), "--json");
  assert.equal(code, 2);
  assert.equal(err, "");
  const { ok, error } = JSON.parse(out);
  assert.equal(ok, false);
  assert.equal(error.code, "input");
  assert.match(error.cause, /ENOENT/);
});

test("the shim runs on the machine's own Node, whatever its version", () => {
  const shim = join(import.meta.dirname, "../../deploy/cli/gatehouse.js");
  for (const node of [process.execPath, "node"]) {
    const { status, stdout } = spawnSync(node, [shim, "render", "--help"], { encoding: "utf8" });
    assert.equal(status, 0, node);
    assert.match(stdout, /gatehouse render/);
  }
  assert.equal(spawnSync("node", [shim, "no-such-verb"]).status, 2);
});
