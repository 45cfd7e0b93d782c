// `npm run test:services`: the suites that need real services, which are built or fetched once
// into the cache folder.
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");
const files = globSync("tests/services/*.test.ts", { cwd: root }).sort();
const args = ["--test", "--test-reporter=spec", "--test-concurrency=1", ...files];
const child = spawn(process.execPath, args, { cwd: root, env: { ...process.env, NO_COLOR: "1" } });
let output = "";
for (const stream of [child.stdout, child.stderr]) {
  stream.on("data", (data) => {
    output += data;
    process.stdout.write(data);
  });
}
child.on("close", (code) => {
  const count = (word: string) =>
    Number(output.match(new RegExp(`^ℹ ${word} (\\d+)$`, "m"))?.[1] ?? 0);
  const passed = count("pass");
  const failed = count("fail") + count("cancelled") || (code !== 0 || passed === 0 ? 1 : 0);
  console.log(`services: ${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
});
