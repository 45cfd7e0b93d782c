// `npm run bench -- --against DIR`: the modules of build/ beside those of another build, in turns
// in one run. The other build runs twice, so that its distance from itself shows what this machine
// can tell apart.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Json, wasmPlugins } from "../envoy/bootstrap.ts";
import * as accessLog from "./cases/access-log.ts";
import * as canary from "./cases/canary.ts";
import * as jwtAuth from "./cases/jwt-auth.ts";
import * as rateLimit from "./cases/rate-limit.ts";
import { added, type Effort, measure, median, type Variant } from "./compare.ts";

interface Subject {
  name: string;
  /** The filters under test; made anew for each variant, since a variant's modules are replaced. */
  filters: () => Json[];
  request: (index: number) => Buffer;
  connectionManager?: Json;
}

const seenToken = jwtAuth.request(jwtAuth.token(jwtAuth.RS256, 0));

const subjects: Subject[] = [
  { name: "jwt-auth", filters: () => [jwtAuth.own(jwtAuth.RS256)], request: () => seenToken },
  { name: "rate-limit", filters: () => [rateLimit.own()], request: rateLimit.inTurn(1) },
  { name: "canary", filters: () => [canary.own()], request: canary.request },
  {
    name: "access-log",
    filters: () => [accessLog.own()],
    request: accessLog.request,
    connectionManager: accessLog.bareLog,
  },
  {
    name: "access-log, not sampled",
    filters: () => [accessLog.own({ sample: { percent: 0.01 } })],
    request: accessLog.request,
  },
];

/** The same filters with the modules of `folder`. */
function withModulesOf(folder: string, filters: Json[]): Json[] {
  for (const [name, plugin] of wasmPlugins(filters)) {
    const file = join(folder, `${name}.wasm`);
    if (!existsSync(file)) throw new Error(`${file} does not exist: build the other version first`);
    plugin.vm_config.code.local.filename = file;
  }
  return filters;
}

/** One line of the result. All three in microseconds added, and as ratios to `other`. */
export interface Comparison {
  name: string;
  ours: number;
  other: number;
  ratio: number;
  /** The other build against itself: what is nearer to 1 than this says nothing. */
  spread: number;
}

/** Measures the subjects whose name begins with one of `wanted`, or all. */
export async function against(
  folder: string,
  effort: Effort,
  wanted: string[],
): Promise<Comparison[]> {
  const other = resolve(folder);
  const chosen = subjects.filter(
    ({ name }) => wanted.length === 0 || wanted.some((each) => name.startsWith(each)),
  );
  const rows: Comparison[] = [];
  for (const { name, filters, request, connectionManager } of chosen) {
    const shared: Partial<Variant> = { request };
    if (connectionManager) shared.connectionManager = connectionManager;
    const measured = await measure(
      [
        { name: "none", request },
        { name: "ours", ...shared, filters: filters() },
        { name: "other", ...shared, filters: withModulesOf(other, filters()) },
        { name: "other again", ...shared, filters: withModulesOf(other, filters()) },
      ],
      effort,
    );
    const of = (variant: string) => added(measured, variant);
    const reference = median([of("other"), of("other again")]);
    rows.push({
      name,
      ours: of("ours"),
      other: reference,
      ratio: of("ours") / reference,
      spread: Math.abs(of("other") - of("other again")) / reference,
    });
  }
  return rows;
}

/** The result as lines to print. */
export function linesOf(rows: Comparison[]): string[] {
  return rows.map(({ name, ours, other, ratio, spread }) => {
    const figures = `+${ours.toFixed(2)} µs beside +${other.toFixed(2)}`;
    const itself = `the other build differs from itself by ${spread.toFixed(2)}`;
    return `${name.padEnd(24)} ${ratio.toFixed(2)} of the other build (${figures}; ${itself})`;
  });
}
