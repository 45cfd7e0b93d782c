// The version that the changelog gives a release.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { releaseIn } from "../../tools/release/version.ts";

const root = join(import.meta.dirname, "../..");
const text = (unreleased = "") =>
  `# Changelog\n\n## [Unreleased]\n${unreleased}\n## [1.2.0] - 2026-02-01\n\n### Added\n\n- b\n\n## [1.1.0] - 2026-01-01\n\n- a\n`;

test("the newest heading of the changelog is the release, with its date and its notes", () => {
  assert.deepEqual(releaseIn(text(), "1.2.0"), {
    version: "1.2.0",
    date: "2026-02-01",
    notes: "### Added\n\n- b",
  });
});

test("another version in package.json, changes that are not released, and no release are refused", () => {
  assert.throws(() => releaseIn(text(), "1.3.0"), /write the same version into both/);
  assert.throws(() => releaseIn(text("\n- c\n"), "1.2.0"), /move them below 1\.2\.0/);
  assert.throws(() => releaseIn("# Changelog\n", "1.2.0"), /no release; write a heading/);
});

test("this project's changelog has the version of package.json", () => {
  const read = (file: string) => readFileSync(join(root, file), "utf8");
  const { version } = JSON.parse(read("package.json"));
  const changelog = read("CHANGELOG.md").replace(/## \[Unreleased\]\n[\s\S]*?(?=## \[)/, "");
  assert.equal(releaseIn(changelog, version).version, version);
});
