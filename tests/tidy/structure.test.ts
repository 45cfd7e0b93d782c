// The arrows of ARCHITECTURE.md, held against every import there is.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { filterNames } from "../../deploy/core/catalog.ts";
import { reach } from "./host-reach.ts";
import { fileOf, importsOf, read, root, sources } from "./imports.ts";

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
  const lib = assembly.filter(
    // Generators run in Node and are in no module.
    (file) => file.startsWith("assembly/lib/") && !file.endsWith(".gen.ts"),
  );
  assertNoImport(lib, /^(?!assembly\/lib\/)/, "lib imports only lib");
});

test("the host layer knows no filter, and is alone in declaring host functions", () => {
  const host = assembly.filter((file) => file.startsWith("assembly/host/"));
  assertNoImport(host, /^assembly\/(filters|edge)\//, "host imports only lib");
  const outside = assembly.filter((file) => !file.startsWith("assembly/host/"));
  assertNoImport(outside, /^@solo-io\//, "raw declarations are imported in host only");
  const declaring = outside.filter((file) => read(file).includes("@external"));
  assert.deepEqual(declaring, []);
});

test("of a filter only filter.ts and the files that host-reach.ts lists touch the host", () => {
  for (const name of filters) {
    const folder = `assembly/filters/${name}/`;
    const touching = assembly
      .filter((file) => file.startsWith(folder) && file !== `${folder}filter.ts`)
      .filter((file) => importsOf(file).some((target) => target.startsWith("assembly/host/")))
      .map((file) => file.slice(folder.length));
    assert.deepEqual(touching, Object.keys(reach[name]?.files ?? {}).sort(), name);
  }
});

test("config.ts and policy.ts of a filter import no host file, and config.ts no policy", () => {
  const pure = assembly.filter((file) => /^assembly\/filters\/.*\/(config|policy)\.ts$/.test(file));
  assert.ok(pure.length >= 2 * filters.length);
  assertNoImport(pure, /^assembly\/host\//, "config and policy decide without the host");
  const configs = pure.filter((file) => file.endsWith("/config.ts"));
  assertNoImport(configs, /\/policy$/, "config does not know policy");
});

test("filters never import each other", () => {
  for (const name of filters) {
    const files = assembly.filter((file) => file.startsWith(`assembly/filters/${name}/`));
    const others = filters.filter((other) => other !== name).join("|");
    assertNoImport(files, new RegExp(`^assembly/filters/(${others})/`), "filters are apart");
  }
});

test("the catalog of the tool and the table of host functions have every filter, and no other", () => {
  assert.deepEqual([...filterNames].sort(), filters);
  assert.deepEqual(Object.keys(reach).sort(), filters);
});

test("outside its folder, tests and demos, a filter is named where ARCHITECTURE says", () => {
  const how = /\*\*A filter\.\*\*[\s\S]*?\n\n/.exec(read("ARCHITECTURE.md"))![0];
  const code = ["assembly", "deploy", "tools"].flatMap((tree) =>
    sources(`${tree}/**/*.{ts,js,json}`),
  );
  const listing = code.filter((file) => {
    const text = read(file);
    // Examples name filters too: a list names all of them as whole texts or keys.
    return filters.every((name) => new RegExp(`["']${name}["']|^\\s*${name}:`, "m").test(text));
  });
  assert.ok(listing.length <= 5, listing.join(", "));
  for (const file of listing) assert.ok(how.includes(`\`${file}\``), `${file} lists the filters`);
});

test("the root holds package files and documents only", () => {
  const listed = execFileSync("git", ["ls-files"], { cwd: root, encoding: "utf8" }).split("\n");
  const files = listed.filter((file) => file !== "" && !file.includes("/"));
  const allowed =
    /^(package(-lock)?|asconfig|tsconfig)\.json$|^\.(gitignore|prettierignore|prettierrc\.json|pre-commit-hooks\.yaml)$|^LICENSE$|^[A-Z_]+\.md$/;
  assert.deepEqual(
    files.filter((file) => !allowed.test(file)),
    [],
  );
});

test("every filter folder has the same files", () => {
  for (const name of filters) {
    for (const file of ["README.md", "config.schema.json", "config.ts", "policy.ts", "filter.ts"]) {
      assert.ok(
        existsSync(join(root, "assembly/filters", name, file)),
        `assembly/filters/${name}/${file} is missing`,
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

test("nothing on the data plane throws, or passes the host layer by for time, chance and logs", () => {
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
      const next = fileOf(target);
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

test("no file carries a path of one machine", () => {
  const files = sources("**/*.{ts,js,md,json,yaml,yml}").filter(
    (file) => !file.endsWith("package-lock.json"),
  );
  const broken = files.filter((file) => /(^|[\s"'`(=:])\/(work|root)\//m.test(read(file)));
  assert.deepEqual(broken, []);
});
