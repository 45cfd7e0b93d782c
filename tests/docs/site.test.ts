// What the site shows is what happens: its commands run here, and print what the page says.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { before, describe, it } from "node:test";
import { parseAllDocuments } from "yaml";
import { run } from "../../deploy/cli/main.ts";
import { build } from "../../tools/build.ts";
import { blocksOf, isAsPromised } from "./blocks.ts";

const root = join(import.meta.dirname, "../..");
const pages = [
  "README.md",
  ...globSync(["docs/**/*.md", "examples/**/*.md"], { cwd: root }).sort(),
];
const read = (page: string) => readFileSync(join(root, page), "utf8");

/** The commands that run here answer in seconds; one that does not is marked wrongly. */
const COMMAND_MILLIS_MAX = 60_000;

/** A folder that looks like the checkout, in which a page may make files. */
function checkout(): string {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-docs-"));
  const links = readdirSync(root).filter((name) => !name.startsWith(".git"));
  for (const name of links) symlinkSync(join(root, name), join(folder, name));
  return folder;
}

/** Runs one block in `folder`; the folder that it ends in is kept for the next. */
function runBlock(
  text: string,
  folder: string,
): { output: string; errors: string; folder: string; status: number | null } {
  const npx = `npx() { [ "$1" = gatehouse ] && shift; '${process.execPath}' '${root}/deploy/cli/gatehouse.js' "$@"; }`;
  const script = `set -eo pipefail\n${npx}\n${text}\npwd >&3\n`;
  const { stdout, stderr, status, output } = spawnSync("bash", ["-c", script], {
    cwd: folder,
    encoding: "utf8",
    timeout: COMMAND_MILLIS_MAX,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1" },
  });
  return { output: stdout, errors: stderr, status, folder: (output[3] ?? "").trim() || folder };
}

interface Ran {
  status: number;
  output: string;
  errors: string;
}

/** Runs the tool in this process: the files below are many, and starting Node is slow. */
async function tool(...args: string[]): Promise<Ran> {
  const ran: Ran = { status: 0, output: "", errors: "" };
  const out = (text: string) => void (ran.output += text);
  const err = (text: string) => void (ran.errors += text);
  ran.status = await run(args, { out, err });
  return ran;
}

before(async () => {
  await build();
});

for (const page of pages) {
  const blocks = blocksOf(read(page));
  const shells = blocks.filter(({ info }) => info === "sh");
  if (shells.length > 0) {
    it(`${page}: every command runs and prints what the page says`, () => {
      const own = checkout();
      let folder = own;
      for (const block of shells) {
        const done = runBlock(block.text, folder);
        const where = `${page}:${block.line}`;
        assert.equal(done.status, 0, `${where} failed:\n${done.output}${done.errors}`);
        folder = done.folder;
        const next = blocks[blocks.indexOf(block) + 1];
        if (next?.info !== "text") continue;
        assert.ok(
          isAsPromised(done.output, next.text),
          `${where} prints something else:\n${done.output}\nThe page says:\n${next.text}`,
        );
      }
      rmSync(own, { recursive: true, force: true });
    });
  }

  it(`${page}: every command of the tool that it shows has these flags`, async () => {
    for (const { info, text, line } of blocks.filter(({ info }) => /^sh\b/.test(info))) {
      assert.match(info, /^sh( cluster| terminal)?$/, `${page}:${line}`);
      for (const [, verb, rest] of text.matchAll(/npx gatehouse ([a-z]+)\b([^|\n]*)/g)) {
        const { output } = await tool(verb!, "--help");
        assert.match(output, new RegExp(`Usage: gatehouse ${verb}`), `${page}:${line}: ${verb}`);
        for (const [flag] of rest!.matchAll(/(?<= )--[a-z][a-z-]*/g))
          assert.ok(output.includes(flag), `${page}:${line}: ${verb} has no ${flag}`);
      }
    }
  });

  it(`${page}: every YAML example can be read`, () => {
    for (const { text, line } of blocks.filter(({ info }) => info === "yaml")) {
      const errors = parseAllDocuments(text).flatMap(({ errors }) => errors);
      assert.deepEqual(
        errors.map(({ message }) => message),
        [],
        `${page}:${line}`,
      );
    }
  });
}

const folders = globSync(["docs/tutorials/files/*/edge.yaml", "examples/*/edge.yaml"], {
  cwd: root,
})
  .map(dirname)
  .sort();

describe("the files of tutorials and use cases", () => {
  it("are there: four tutorials and eight use cases", () => {
    assert.equal(folders.filter((folder) => folder.startsWith("docs/")).length, 4);
    assert.equal(folders.filter((folder) => folder.startsWith("examples/")).length, 8);
  });

  for (const folder of folders) {
    const at = (name: string) => join(root, folder, name);

    it(`${basename(folder)}: everything is valid, without a warning`, async () => {
      const strict = await tool("validate", "--strict", at("edge.yaml"));
      assert.equal(strict.status, 0, strict.errors);
      if (!existsSync(at("manifests"))) return;
      const all = await tool("validate", at("edge.yaml"), at("manifests"));
      assert.equal(all.status, 0, all.errors);
    });

    it(`${basename(folder)}: all cases pass`, async () => {
      const table = await tool("try", "-f", at("edge.yaml"), "--cases", at("cases.yaml"));
      assert.equal(table.status, 0, table.output + table.errors);
      assert.match(table.output, /\d+ passed, 0 failed/);
    });
  }
});

describe("the comparison of outputs", () => {
  it("takes the same text, and a … for what changes", () => {
    assert.ok(isAsPromised("a\nb 12 c\n", "a\nb … c\n"));
    assert.ok(isAsPromised("a\nx\ny\nb\n", "a\n…\nb\n"));
  });
  it("refuses another text, more lines, and fewer", () => {
    assert.ok(!isAsPromised("a\nc\n", "a\nb\n"));
    assert.ok(!isAsPromised("a\nb\nc\n", "a\nb\n"));
    assert.ok(!isAsPromised("a\n", "a\nb\n"));
  });
});
