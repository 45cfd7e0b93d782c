// Lists that are sets or maps (`x-kubernetes-list-type`): no item, or no key, twice.
import { fieldSchema } from "../../core/structural.ts";
import type { CrdSchema } from "../../core/structural.ts";
import { fieldsOf, isFields } from "../../core/value.ts";
import type { Broken } from "./rules.ts";

export function repeatedItems(
  schema: CrdSchema | undefined,
  value: unknown,
  path: (string | number)[] = [],
): Broken[] {
  if (Array.isArray(value))
    return [
      ...repeats(schema, value, path),
      ...value.flatMap((item, index) => repeatedItems(schema?.items, item, [...path, index])),
    ];
  if (!isFields(value)) return [];
  return Object.entries(value).flatMap(([name, field]) =>
    repeatedItems(fieldSchema(schema, name), field, [...path, name]),
  );
}

function repeats(
  schema: CrdSchema | undefined,
  list: unknown[],
  path: (string | number)[],
): Broken[] {
  const type = schema?.["x-kubernetes-list-type"];
  if (type !== "set" && type !== "map") return [];
  const keys = schema?.["x-kubernetes-list-map-keys"] ?? [];
  const seen = new Set<string>();
  return list.flatMap((item, index): Broken[] => {
    const own = type === "set" ? item : keys.map((key) => fieldsOf(item)[key] ?? null);
    const text = JSON.stringify(own);
    if (!seen.has(text)) {
      seen.add(text);
      return [];
    }
    const named = type === "set" ? "this item" : keys.join(", ");
    return [{ path: [...path, index], message: `${named} must be unique in this list` }];
  });
}
