// A fixed order for the keys of a map: the schema's where it has one, else by name. Lists keep
// theirs, which has meaning.
import { at, fieldsOf, isFields, listOf } from "../core/value.ts";
import type { Fields } from "../core/value.ts";

/**
 * A copy of `value` with ordered keys. Maps that the schema does not describe are ordered by
 * name.
 */
export function ordered<T>(value: T, schema?: unknown): T {
  return inOrder(value, schema, schema) as T;
}

function inOrder(value: unknown, schema: unknown, root: unknown): unknown {
  const shape = resolved(schema, root);
  if (Array.isArray(value)) return value.map((item) => inOrder(item, at(shape, "items"), root));
  if (!isFields(value)) return value;
  const properties = propertiesOf(shape, root);
  const rank = new Map(Object.keys(properties).map((key, place) => [key, place]));
  const keys = Object.keys(value).sort((a, b) => {
    const difference = (rank.get(a) ?? rank.size) - (rank.get(b) ?? rank.size);
    return difference !== 0 ? difference : a < b ? -1 : a > b ? 1 : 0;
  });
  const rest = at(shape, "additionalProperties");
  return Object.fromEntries(
    keys.map((key) => [key, inOrder(value[key], properties[key] ?? rest, root)]),
  );
}

/** Follows references; a schema that leads nowhere describes nothing. */
function resolved(schema: unknown, root: unknown): unknown {
  let found = schema;
  // A chain of references is short; a circle of nothing but references is a broken schema.
  for (let hops = 0; hops < 16; hops++) {
    const reference = at(found, "$ref");
    if (typeof reference !== "string") break;
    found = at(root, ...reference.replace(/^#\/?/, "").split("/").filter(Boolean));
  }
  return found;
}

/** The properties a schema names, those of its alternatives included. */
function propertiesOf(shape: unknown, root: unknown): Fields {
  const inner = ["allOf", "oneOf", "anyOf"].flatMap((key) => listOf(at(shape, key)));
  const all = inner.map((one) => propertiesOf(resolved(one, root), root));
  return Object.assign({}, ...all, fieldsOf(at(shape, "properties")));
}
