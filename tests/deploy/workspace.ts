// A folder of a test's own, and files in it.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

/** Writes files into a folder that goes when the tests of this file are over. */
export function workspace(): (name: string, text: string) => string {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-test-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return (name, text) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
}
