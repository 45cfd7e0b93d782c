// `npm run test:browser`: pages in a real Chromium. Apart from `npm test`, since it installs a
// browser where there is none.
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { findChromium } from "./chromium.ts";

findChromium();
const root = join(import.meta.dirname, "../..");
const files = globSync("tests/browser/*.test.ts", { cwd: root }).sort();
const args = ["--test", "--test-reporter=spec", "--test-concurrency=1", ...files];
const child = spawn(process.execPath, args, { cwd: root, env: { ...process.env, NO_COLOR: "1" } });
let output = "";
for (const stream of [child.stdout, child.stderr]) {
  stream.on("data", (data: Buffer) => {
    output += data;
    process.stdout.write(data);
  });
}
child.on("close", (code) => {
  const count = (word: string) =>
    Number(output.match(new RegExp(`^ℹ ${word} (\\d+)$`, "m"))?.[1] ?? 0);
  const passed = count("pass");
  let failed = count("fail") + count("cancelled");
  if (failed === 0 && (code !== 0 || passed === 0)) failed = 1;
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
});
