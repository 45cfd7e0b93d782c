// Holds figures against bench/budgets.json and prints them as lines that say what was measured,
// and the target.
import { readFileSync } from "node:fs";
import { join } from "node:path";

type Budgets = Record<string, { target: number; unit: string }>;
const budgets: Budgets = JSON.parse(
  readFileSync(join(import.meta.dirname, "budgets.json"), "utf8"),
);

export interface Finding {
  name: string;
  value: number;
  target: number;
  unit: string;
  met: boolean;
  /** The figures behind the ratio. */
  detail: string;
}

/**
 * A figure for the budget `name`. Throws on a name without a budget: a target that nobody holds
 * is none.
 */
export function finding(name: string, value: number, detail: string): Finding {
  const budget = budgets[name];
  if (!budget) throw new Error(`bench/budgets.json has no ${name}`);
  return { name, value, ...budget, met: value <= budget.target, detail };
}

export function print(found: Finding): void {
  const mark = found.met ? "ok    " : "MISSED";
  const figure = `${found.value.toFixed(2)} (target ${found.target}) ${found.unit}`;
  console.log(`${mark} ${found.name.padEnd(36)} ${figure}; ${found.detail}`);
}
