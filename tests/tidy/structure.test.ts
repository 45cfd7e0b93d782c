// The arrows of ARCHITECTURE.md, held against every import there is.
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "../..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const sources = (pattern: string) =>
  globSync(pattern, { cwd: root, exclude: ["**/node_modules/**", "build/**"] }).sort();

/** The files of the tree that `file` imports, relative to the root; packages by their name. */
function importsOf(file: string): string[] {
  // A declaration that is exported has a parenthesis or `=` before its first text.
  const found = read(file).matchAll(
    /^(?:import\s*|(?:import|export)\b[^"';=(]*?\bfrom\s*)["']([^"']+)["']/gm,
  );
  return [...found].map(([, target]) =>
    target!.startsWith(".") ? relative(root, resolve(root, dirname(file), target!)) : target!,
  );
}

function assertNoImport(files: string[], forbidden: RegExp, why: string) {
  const broken = files.flatMap((file) =>
    importsOf(file)
      .filter((target) => forbidden.test(target))
      .map((target) => `${file} imports ${target}`),
  );
  assert.deepEqual(broken, [], why);
}

const assembly = sources("assembly/**/*.ts");
const filters = [...new Set(sources("assembly/filters/*/*").map((file) => file.split("/")[2]!))];

test("the library knows no proxy and no filter", () => {
  const lib = assembly.filter((file) => file.startsWith("assembly/lib/"));
  assertNoImport(lib, /^assembly\/(host|filters)\//, "lib imports only lib");
});

test("the host layer knows no filter, and is alone in declaring host functions", () => {
  const host = assembly.filter((file) => file.startsWith("assembly/host/"));
  assertNoImport(host, /^assembly\/filters\//, "host imports only lib");
  const outside = assembly.filter((file) => !file.startsWith("assembly/host/"));
  assertNoImport(outside, /^@solo-io\//, "raw declarations are imported in host only");
  const declaring = outside.filter((file) => read(file).includes("@external"));
  assert.deepEqual(declaring, []);
});

test("only filter.ts of a filter touches the host, and filters never import each other", () => {
  for (const name of filters) {
    const files = assembly.filter((file) => file.startsWith(`assembly/filters/${name}/`));
    const others = filters.filter((other) => other !== name).join("|");
    if (others)
      assertNoImport(files, new RegExp(`^assembly/filters/(${others})/`), "filters are apart");
    const pure = files.filter((file) => /\/(config|policy)\.ts$/.test(file));
    assertNoImport(pure, /^assembly\/host\//, "config and policy decide without the host");
    assertNoImport(
      files.filter((file) => file.endsWith("/config.ts")),
      /\/policy$/,
      "config does not know policy",
    );
  }
});

test("edge composes the filters by their entries, and nothing imports edge", () => {
  const edge = assembly.filter((file) => file.startsWith("assembly/edge/"));
  assertNoImport(edge, /^assembly\/filters\/(?!.*\/filter$)/, "edge knows only filter.ts of each");
  const others = assembly.filter((file) => !file.startsWith("assembly/edge/"));
  assertNoImport(others, /^assembly\/edge\//, "edge is a module of its own");
});

test("every filter has the same rooms", () => {
  for (const name of filters) {
    for (const room of ["README.md", "config.schema.json", "config.ts", "policy.ts", "filter.ts"]) {
      assert.ok(
        existsSync(join(root, "assembly/filters", name, room)),
        `assembly/filters/${name}/${room} is missing`,
      );
    }
  }
});

test("the tool sees only schemas and modules, and nothing imports tests or bench", () => {
  assertNoImport(
    sources("deploy/**/*.ts"),
    /^(assembly|tests|bench)\/.*(?<!\.json)$/,
    "deploy stands alone",
  );
  assertNoImport(sources("envoy/**/*.ts"), /^(assembly|tests|bench)\//, "envoy stands alone");
  assertNoImport(assembly, /^(tests|bench|deploy|envoy)\//, "assembly stands alone");
});

test("nothing on the data plane throws or uses what traps", () => {
  const banned: [RegExp, string][] = [
    [/^\s*throw\b/m, "return a status: a throw kills the VM"],
    [/\bMath\.random\b|\bDate\.now\b/, "time and seeds come from host/clock.ts"],
    [/\bconsole\.|\btrace\(/, "log through host/log.ts"],
  ];
  const broken = assembly.flatMap((file) =>
    banned
      .filter(([pattern]) => pattern.test(read(file)))
      .map(([, instead]) => `${file}: ${instead}`),
  );
  assert.deepEqual(broken, []);
});

test("no file of the data plane is dead: each is reached from a module", () => {
  const reached = new Set<string>();
  const visit = (file: string) => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const target of importsOf(file)) {
      const next = [`${target}.ts`, `${target}/index.ts`].find((path) =>
        existsSync(join(root, path)),
      );
      if (next) visit(next);
    }
  };
  for (const name of filters) visit(`assembly/filters/${name}/filter.ts`);
  visit("assembly/edge/filter.ts");
  assert.deepEqual(
    assembly.filter((file) => !reached.has(file) && !file.endsWith(".gen.ts")),
    [],
  );
});

test("no commit carries a path of one machine", () => {
  const files = sources("**/*.{ts,js,md,json,yaml,yml}").filter(
    (file) => !file.endsWith("package-lock.json"),
  );
  const broken = files.filter((file) => /(^|[\s"'`(=:])\/(work|root)\//m.test(read(file)));
  assert.deepEqual(broken, []);
});
