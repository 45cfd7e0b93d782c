// Runs the command line in this process and keeps what it prints.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import assert from "node:assert/strict";
import { parseAllDocuments } from "yaml";
import { run } from "../../deploy/cli/main.ts";

export const fixtures = join(import.meta.dirname, "fixtures");

export interface Ran {
  code: number;
  out: string;
  err: string;
}

export async function gatehouse(...args: string[]): Promise<Ran> {
  let out = "";
  let err = "";
  const code = await run(args, { out: (text) => (out += text), err: (text) => (err += text) });
  return { code, out, err };
}

/**
 * Compares with a file of `fixtures/`, document by document; UPDATE_GOLDEN=1 writes it instead.
 * The order of keys follows the filters' schemas and is no matter here.
 */
export function assertGolden(name: string, text: string): void {
  const file = join(fixtures, name);
  if (process.env.UPDATE_GOLDEN) writeFileSync(file, text);
  const documents = (yaml: string) =>
    parseAllDocuments(yaml).map((document) => document.toJS() as unknown);
  const message = `${name} differs: look at the change, then run with UPDATE_GOLDEN=1`;
  assert.deepEqual(documents(text), documents(readFileSync(file, "utf8")), message);
}
