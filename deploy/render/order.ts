// A fixed order for the keys of a map: the schema's where it has one, else by name. Lists keep
// theirs, which has meaning.

/**
 * A copy of `value` with ordered keys. Maps that the schema does not describe are ordered by
 * name.
 */
export function ordered(value: any, schema?: any, root: any = schema): any {
  const shape = resolved(schema, root);
  if (Array.isArray(value)) return value.map((item) => ordered(item, shape?.items, root));
  if (value === null || typeof value !== "object") return value;
  const properties = propertiesOf(shape, root);
  const rank = new Map(Object.keys(properties).map((key, at) => [key, at]));
  const keys = Object.keys(value).sort((a, b) => {
    const difference = (rank.get(a) ?? rank.size) - (rank.get(b) ?? rank.size);
    return difference !== 0 ? difference : a < b ? -1 : a > b ? 1 : 0;
  });
  const rest =
    typeof shape?.additionalProperties === "object" ? shape.additionalProperties : undefined;
  return Object.fromEntries(
    keys.map((key) => [key, ordered(value[key], properties[key] ?? rest, root)]),
  );
}

/** Follows references; a schema that leads nowhere describes nothing. */
function resolved(schema: any, root: any): any {
  let found = schema;
  // A chain of references is short; a circle of nothing but references is a broken schema.
  for (let hops = 0; hops < 16 && typeof found?.$ref === "string"; hops++) {
    const steps: string[] = found.$ref.replace(/^#\/?/, "").split("/").filter(Boolean);
    found = steps.reduce((node: any, step) => node?.[step], root);
  }
  return found;
}

/** The properties a schema names, those of its alternatives included. */
function propertiesOf(shape: any, root: any): Record<string, any> {
  if (!shape || typeof shape !== "object") return {};
  const inner = [...(shape.allOf ?? []), ...(shape.oneOf ?? []), ...(shape.anyOf ?? [])].map(
    (one) => resolved(one, root),
  );
  return Object.assign({}, ...inner.map((one) => propertiesOf(one, root)), shape.properties ?? {});
}
