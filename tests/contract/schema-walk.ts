// Finds one's way in a schema: which part describes what a JSON pointer points at, and which
// settings a document uses.
type Schema = any;

/** Follows references of a self-contained schema. */
function resolved(schema: Schema, root: Schema): Schema {
  let found = schema;
  while (typeof found?.$ref === "string") {
    const steps: string[] = found.$ref.replace(/^#\//, "").split("/");
    found = { ...steps.reduce((node, step) => node[step], root), ...withoutReference(found) };
  }
  return found;
}

function withoutReference({ $ref: _, ...rest }: Schema): Schema {
  return rest;
}

/** The parts that may describe a value: itself and its alternatives. */
function readings(schema: Schema, root: Schema): Schema[] {
  const own = resolved(schema, root);
  if (!own) return [];
  const inner = [...(own.oneOf ?? []), ...(own.anyOf ?? []), ...(own.allOf ?? [])];
  return [own, ...inner.flatMap((one: Schema) => readings(one, root))];
}

/** The schema of a member or item. */
function child(schemas: Schema[], step: string, root: Schema): Schema[] {
  return schemas.flatMap((schema) => {
    const named = schema.properties?.[step];
    if (named) return readings(named, root);
    if (/^\d+$/.test(step) && schema.items) return readings(schema.items, root);
    const rest = schema.additionalProperties;
    return typeof rest === "object" ? readings(rest, root) : [];
  });
}

/** What describes the value at a JSON pointer; empty when nothing does. */
function schemasAt(root: Schema, pointer: string): Schema[] {
  const steps = pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  return steps.reduce((schemas, step) => child(schemas, step, root), readings(root, root));
}

/** What each setting of the object at a JSON pointer is when it is left out; a switch is off. */
export function defaultsAt(root: Schema, pointer: string): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const schema of schemasAt(root, pointer)) {
    for (const [name, setting] of Object.entries(schema.properties ?? {})) {
      const read = readings(setting, root);
      const promised = read.map((one) => one.default).find((each) => each !== undefined);
      if (promised !== undefined) found[name] = promised;
      else if (read.some((one) => one.type === "boolean")) found[name] ??= false;
    }
  }
  return found;
}

/**
 * Every setting a schema has, by its path; the user's own names as `*`. Shared definitions count
 * once, by their name.
 */
export function settingsOf(root: Schema): Set<string> {
  const found = new Set<string>();
  const seen = new Set<string>();
  const visit = (schema: Schema, path: string) => {
    if (typeof schema?.$ref === "string") {
      if (seen.has(schema.$ref)) return;
      seen.add(schema.$ref);
      return visit(resolved(schema, root), schema.$ref.replace(/^#\/\$defs\//, ""));
    }
    for (const [name, setting] of Object.entries(schema?.properties ?? {})) {
      found.add(`${path}.${name}`);
      visit(setting, `${path}.${name}`);
    }
    if (schema?.items) visit(schema.items, path);
    if (typeof schema?.additionalProperties === "object") visit(schema.additionalProperties, path);
    for (const one of [...(schema?.oneOf ?? []), ...(schema?.anyOf ?? [])]) visit(one, path);
  };
  visit(root, "");
  return found;
}

/** The settings that a document uses, in the words of `settingsOf`. */
export function settingsIn(document: unknown, root: Schema): Set<string> {
  const found = new Set<string>();
  const visit = (value: any, schema: Schema, path: string) => {
    if (typeof schema?.$ref === "string") {
      visit(value, resolved(schema, root), schema.$ref.replace(/^#\/\$defs\//, ""));
      return;
    }
    for (const one of [...(schema?.oneOf ?? []), ...(schema?.anyOf ?? [])]) visit(value, one, path);
    if (Array.isArray(value)) return value.forEach((item) => visit(item, schema?.items, path));
    if (value === null || typeof value !== "object") return;
    for (const [name, inner] of Object.entries(value)) {
      const setting = schema?.properties?.[name];
      if (setting) {
        found.add(`${path}.${name}`);
        visit(inner, setting, `${path}.${name}`);
      } else if (typeof schema?.additionalProperties === "object")
        visit(inner, schema.additionalProperties, path);
    }
  };
  visit(document, root, "");
  return found;
}
