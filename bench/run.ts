// `npm run bench [-- --quick] [-- case…]`: every case of bench/cases, figures of one run, printed
// as ratios beside their targets and kept in bench/results. Nobody else may use the machine
// meanwhile.
import { globSync, mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { basename, join } from "node:path";
import type { Effort } from "./compare.ts";
import { type Finding, print } from "./report.ts";

const USAGE = "npm run bench [-- --quick | --smoke] [case…]   cases: the files of bench/cases";

const options = process.argv.slice(2);
const unknown = options.find(
  (option) => option.startsWith("-") && !["--quick", "--smoke"].includes(option),
);
if (unknown) {
  console.log(USAGE);
  process.exit(unknown === "--help" || unknown === "-h" ? 0 : 2);
}
const smoke = options.includes("--smoke");
const quick = options.includes("--quick");
const wanted = options.filter((option) => !option.startsWith("--"));
const effort: Effort = smoke
  ? { connections: 10, requests: 300, rounds: 1 }
  : quick
    ? { connections: 10, requests: 15_000, rounds: 5, copies: 3 }
    : { connections: 10, requests: 45_000, rounds: 9, copies: 3 };

const cases = globSync("cases/*.ts", { cwd: import.meta.dirname })
  .map((file) => basename(file, ".ts"))
  .filter((name) => wanted.length === 0 || wanted.includes(name))
  .sort();
const missing = wanted.find((name) => !cases.includes(name));
if (missing) {
  console.log(`no case ${missing}; ${USAGE}`);
  process.exit(2);
}
const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown processor"}`;
console.log(`${new Date().toISOString().slice(0, 10)}, ${machine}, Node ${process.version}`);
const findings: Finding[] = [];
for (const name of cases) {
  const { run } = (await import(`./cases/${name}.ts`)) as {
    run: (effort: Effort) => Promise<Finding[]>;
  };
  for (const found of await run(effort)) {
    print(found);
    findings.push(found);
  }
}
if (!smoke) {
  const folder = join(import.meta.dirname, "results");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, quick ? "quick.json" : "full.json");
  writeFileSync(
    file,
    `${JSON.stringify({ date: new Date().toISOString(), machine, effort, findings }, null, 2)}\n`,
  );
}
const missed = findings.filter((found) => !found.met);
console.log(`${findings.length - missed.length} of ${findings.length} targets met`);
process.exitCode = findings.length === 0 ? 1 : 0;
