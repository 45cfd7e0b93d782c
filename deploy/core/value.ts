// Values as YAML and JSON give them. Nothing is known about their shape until somebody has looked:
// these functions look, and answer with something empty where the shape is another.

/** A map; a field that is not there is undefined. */
export interface Fields {
  [name: string]: unknown;
}

export function isFields(value: unknown): value is Fields {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** The map, or an empty one. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/** The items of a list, or none. */
export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The maps among the items of a list; the place of the others stays, as an empty map. */
export function mapsOf(value: unknown): Fields[] {
  return listOf(value).map(fieldsOf);
}

/** The text, or undefined. */
export function textAt(value: unknown, ...path: (string | number)[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === "string" ? found : undefined;
}

/** What lies below `value` at `path`. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  let found = value;
  for (const step of path) {
    if (found === null || typeof found !== "object" || !Object.hasOwn(found, step))
      return undefined;
    found = (found as Fields)[step];
  }
  return found;
}

/** The map with texts as values; other values are left out. */
export function textsOf(value: unknown): Record<string, string> {
  const entries = Object.entries(fieldsOf(value));
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
