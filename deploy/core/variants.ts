// What a canary route chooses among, read from its settings as the filter reads them.

/** The header that the canary filter sets when a route names none. */
export const defaultHeader = "x-variant";

/**
 * The variant that takes what no other does: `base`, or the heaviest of the split, or the first.
 */
export function baseOf(route: any): string {
  if (typeof route.base === "string") return route.base;
  const split = Object.entries((route.split ?? {}) as Record<string, number>);
  const heaviest = split.sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))[0];
  return heaviest?.[0] ?? variantsOf(route)[0] ?? "";
}

/**
 * All variants of a route: the listed ones in their order, then by name those that only splits
 * name, then `base`.
 */
export function variantsOf(route: any): string[] {
  const ruled = listOf(route.variants).map((variant) => String(variant?.name));
  const splits = [route.split, ...listOf(route.schedule).map((step) => step?.split)];
  // A split is a map: its order means nothing.
  const dealt = splits.flatMap((split) => Object.keys(split ?? {})).sort();
  return [
    ...new Set([...ruled, ...dealt, ...(typeof route.base === "string" ? [route.base] : [])]),
  ];
}

function listOf(value: unknown): any[] {
  return Array.isArray(value) ? value : [];
}
