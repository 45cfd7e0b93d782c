// `npm run bench [-- --quick] [-- case…]`: every case of bench/cases, figures of one run, printed
// as ratios beside their targets and kept in bench/results. Nobody else may use the machine
// meanwhile.
import { globSync, mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { against, linesOf } from "./against.ts";
import type { Effort } from "./compare.ts";
import { reasonNotToMeasure } from "./quiet.ts";
import { type Finding, print } from "./report.ts";

const USAGE = `npm run bench [-- --quick | --smoke] [--against DIR] [case…]

  cases          the files of bench/cases; all when none is named
  --quick        a short run
  --smoke        tiny, on any machine: its figures mean nothing
  --against DIR  the modules of build/ beside those of DIR, in one run`;

const { values: options, positionals: wanted } = commandLine();
const { smoke = false, quick = false } = options;

function commandLine() {
  try {
    const flag = { type: "boolean" } as const;
    const parsed = parseArgs({
      options: { quick: flag, smoke: flag, help: flag, against: { type: "string" } },
      allowPositionals: true,
    });
    if (!parsed.values.help) return parsed;
    console.log(USAGE);
    process.exit(0);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}
const effort: Effort = smoke
  ? { connections: 10, requests: 300, rounds: 1 }
  : quick
    ? { connections: 10, requests: 15_000, rounds: 5, copies: 3 }
    : { connections: 10, requests: 45_000, rounds: 9, copies: 3 };

const cases = globSync("cases/*.ts", { cwd: import.meta.dirname })
  .map((file) => basename(file, ".ts"))
  .filter((name) => wanted.length === 0 || wanted.includes(name))
  .sort();
const missing = options.against ? undefined : wanted.find((name) => !cases.includes(name));
if (missing) {
  console.log(`no case ${missing}; ${USAGE}`);
  process.exit(2);
}
const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown processor"}`;
const busy = smoke ? undefined : await reasonNotToMeasure();
if (busy) {
  console.error(`invalid: ${busy}`);
  process.exit(3);
}
console.log(`${new Date().toISOString().slice(0, 10)}, ${machine}, Node ${process.version}`);
if (options.against) {
  for (const line of linesOf(await against(options.against, effort, wanted))) console.log(line);
  process.exit(0);
}
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
