// `gatehouse render` inside the tools that deliver manifests: a post-renderer of the real Helm, a
// KRM function of the real kustomize.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parse, parseAllDocuments, stringify } from "yaml";
import { build } from "../../tools/build.ts";
import { render } from "../../deploy/index.ts";
import { program } from "./helm.ts";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "gatehouse-gitops-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const policyFile = join(root, "tests/deploy/fixtures/policies/waypoint.yaml");
const policy = readFileSync(policyFile, "utf8");
const config = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: shop }\ndata: { a: "1" }\n';

/** The command by its name, as on a machine where it is installed. */
before(async () => {
  await build();
  mkdirSync(join(folder, "bin"));
  const command = join(folder, "bin/gatehouse");
  const script = join(root, "deploy/cli/gatehouse.js");
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${script}" "$@"\n`);
  chmodSync(command, 0o755);
});

function run(name: "helm" | "kustomize", cwd: string, ...args: string[]): unknown[] {
  const { status, stdout, stderr } = spawnSync(program(name), args, {
    cwd,
    encoding: "utf8",
    env: {
      ...process.env,
      HOME: folder,
      HELM_PLUGINS: join(folder, "plugins"),
      HELM_CACHE_HOME: join(folder, "cache"),
      PATH: `${join(folder, "bin")}:${process.env.PATH}`,
    },
  });
  assert.equal(status, 0, stderr);
  return parseAllDocuments(stdout)
    .map((document) => document.toJS() as unknown)
    .filter((value) => value !== null);
}

function place(name: string, files: Record<string, string>): string {
  const target = join(folder, name);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(target, file, ".."), { recursive: true });
    writeFileSync(join(target, file), text);
  }
  return target;
}

const kindsOf = (resources: unknown[]) =>
  (resources as { kind: string; metadata: { name: string } }[])
    .map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    .sort();

const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;

test("as Helm's post-renderer it replaces the settings file of somebody's chart", () => {
  cpSync(join(root, "deploy/gitops/helm-plugin"), join(folder, "plugins/gatehouse"), {
    recursive: true,
  });
  const chart = place("chart", {
    "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    "templates/config.yaml": config,
    "templates/edge.yaml": policy,
  });
  const resources = run("helm", chart, "template", "shop", ".", "--post-renderer", "gatehouse");
  const wanted = [parse(config) as unknown, ...render([policyFile])];
  assert.deepEqual(kindsOf(resources), kindsOf(wanted));
  for (const resource of wanted) assert.ok(resources.some((one) => isEqual(one, plain(resource))));
});

const call = `|
  exec:
    path: ../bin/gatehouse
    args: [render, "-"]
`;

test("as kustomize's transformer it replaces settings files among the resources", () => {
  const overlay = place("transformed", {
    "kustomization.yaml": stringify({
      resources: ["config.yaml", "edge.yaml"],
      transformers: ["function.yaml"],
    }),
    "config.yaml": config,
    "edge.yaml": policy,
    "function.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: gatehouse\n  annotations:\n    config.kubernetes.io/function: ${call.replaceAll("\n", "\n    ")}\n`,
  });
  const resources = run("kustomize", overlay, "build", "--enable-alpha-plugins", "--enable-exec");
  assert.deepEqual(kindsOf(resources), kindsOf([parse(config), ...render([policyFile])]));
});

test("as kustomize's generator a settings file makes its resources", () => {
  const value = parse(policy) as { metadata: { annotations?: object } };
  value.metadata.annotations = {
    "config.kubernetes.io/function": 'exec:\n  path: ../bin/gatehouse\n  args: [render, "-"]\n',
  };
  const overlay = place("generated", {
    "kustomization.yaml": stringify({ generators: ["edge.yaml"] }),
    "edge.yaml": stringify(value),
  });
  const resources = run("kustomize", overlay, "build", "--enable-alpha-plugins", "--enable-exec");
  const wanted = plain(render([policyFile])) as unknown[];
  assert.equal(resources.length, wanted.length);
  for (const resource of wanted) assert.ok(resources.some((one) => isEqual(one, resource)));
});

test("Argo CD's plugin runs a command that the tool has, on the folder of the application", () => {
  const plugin = parse(readFileSync(join(root, "deploy/gitops/argocd/plugin.yaml"), "utf8"));
  const [command, ...args] = plugin.spec.generate.command as string[];
  assert.equal(command, "gatehouse");
  const app = place("application", { "config.yaml": config, "edge/policy.yaml": policy });
  const { status, stdout, stderr } = spawnSync(join(folder, "bin/gatehouse"), args, {
    cwd: app,
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  assert.equal(parseAllDocuments(stdout).length, 1 + render([policyFile]).length);
});

function isEqual(a: unknown, b: unknown): boolean {
  try {
    assert.deepEqual(a, b);
    return true;
  } catch {
    return false;
  }
}
