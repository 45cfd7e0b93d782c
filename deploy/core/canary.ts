// What a canary route chooses among, read from its settings as the filter reads them.
import { at, fieldsOf, listOf, textAt } from "./value.ts";

/** The header that the canary filter sets when a route names none. */
const defaultHeader = "x-variant";

/** The routes of a canary filter's settings, whatever else is wrong with them. */
export function routesIn(settings: unknown): unknown[] {
  return listOf(at(settings, "routes"));
}

export function nameOf(route: unknown): string {
  return String(at(route, "name"));
}

/** The header by which the mesh routes, in lower case. */
export function headerOf(route: unknown): string {
  return String(at(route, "header") ?? defaultHeader).toLowerCase();
}

/** The split of a route or of a step: percentages, or weights of any sum. */
function splitOf(one: unknown): unknown {
  return at(one, "split") ?? at(one, "weights");
}

/**
 * The variant that takes what no other does: `base`, or the heaviest of the split, or the first.
 */
export function baseOf(route: unknown): string {
  const base = textAt(route, "base");
  if (base !== undefined) return base;
  const split = Object.entries(fieldsOf(splitOf(route)));
  const heaviest = split.sort(([a, x], [b, y]) => Number(y) - Number(x) || (a < b ? -1 : 1))[0];
  return heaviest?.[0] ?? variantsOf(route)[0] ?? "";
}

/**
 * All variants of a route: the listed ones in their order, then by name those that only splits
 * name, then `base`.
 */
export function variantsOf(route: unknown): string[] {
  const listed = listOf(at(route, "variants")).map((variant) => String(at(variant, "name")));
  const splits = [route, ...listOf(at(route, "schedule"))].map(splitOf);
  // A split is a map: its order means nothing.
  const split = splits.flatMap((one) => Object.keys(fieldsOf(one))).sort();
  const base = textAt(route, "base");
  return [...new Set([...listed, ...split, ...(base === undefined ? [] : [base])])];
}
