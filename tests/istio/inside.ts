// The first process of the namespace: brings the stack up once, runs every test file against it
// in this one process, and ends; with it, the kernel ends everything else in here.
import { globSync } from "node:fs";
import { join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { world } from "./world.ts";

/** A file that hangs must not hang the suite. */
const FILE_MILLIS_MAX = 240_000;
/** Nor may the suite hang whoever runs it. */
const SUITE_MILLIS_MAX = 1_200_000;

type FailureError = Error & { failureType?: string };

const wanted = process.argv.slice(2);
const files = globSync("*.test.ts", { cwd: import.meta.dirname })
  .filter((file) => wanted.length === 0 || wanted.some((name) => file.includes(name)))
  .sort();
if (files.length === 0) {
  console.error(`no test file has ${wanted.join(" or ")} in its name`);
  process.exit(1);
}

setTimeout(() => {
  console.log(
    `istio: ${passed} passed, ${failed + 1} failed (not done within ${SUITE_MILLIS_MAX / 60_000} minutes)`,
  );
  process.exit(1);
}, SUITE_MILLIS_MAX).unref();

let passed = 0;
let failed = 0;
const started = Date.now();
try {
  await world();
  console.log(`istio: stack up in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  const stream = run({
    files: files.map((file) => join(import.meta.dirname, file)),
    isolation: "none",
    concurrency: false,
    timeout: FILE_MILLIS_MAX,
  });
  stream.on("test:pass", ({ details, skip, todo }) => {
    if (details.type === "suite") return;
    // A skipped test proves nothing.
    if (skip || todo) failed++;
    else passed++;
  });
  stream.on("test:fail", ({ details }) => {
    // A suite fails with its tests, which are counted already, or by its hooks.
    if (
      details.type !== "suite" ||
      (details.error as FailureError).failureType !== "subtestsFailed"
    )
      failed++;
  });
  const report = stream.compose(new spec());
  report.pipe(process.stdout, { end: false });
  await new Promise((done) => report.on("end", done));
} catch (error) {
  console.error(error);
  failed++;
}
console.log(`istio: ${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
