// The structural schema of a CRD, and the value that the API server keeps of what a user wrote.
import { isFields } from "./value.ts";
import type { Fields } from "./value.ts";

/** One rule of `x-kubernetes-validations`, in CEL. */
export interface Rule {
  rule: string;
  message?: string;
}

/** A schema of a CRD: OpenAPI v3, as far as structural schemas use it. */
export interface CrdSchema extends Fields {
  type?: string;
  format?: string;
  nullable?: boolean;
  default?: unknown;
  properties?: Record<string, CrdSchema>;
  items?: CrdSchema;
  additionalProperties?: CrdSchema | boolean;
  "x-kubernetes-preserve-unknown-fields"?: boolean;
  "x-kubernetes-int-or-string"?: boolean;
  "x-kubernetes-list-type"?: string;
  "x-kubernetes-list-map-keys"?: string[];
  "x-kubernetes-validations"?: Rule[];
}

/** The schema of one field of a map; undefined where the CRD says nothing about it. */
export function fieldSchema(schema: CrdSchema | undefined, name: string): CrdSchema | undefined {
  if (schema?.properties && Object.hasOwn(schema.properties, name)) return schema.properties[name];
  const rest = schema?.additionalProperties;
  return typeof rest === "object" ? rest : undefined;
}

/**
 * A value as the API server stores it: a null is dropped, or becomes the default, unless the schema
 * says `nullable`; then defaults fill what is not there.
 */
export function stored(schema: CrdSchema | undefined, value: unknown): unknown {
  if (!schema) return value;
  if (Array.isArray(value))
    return value.map((item) => stored(schema.items, replaced(schema.items, item)));
  if (!isFields(value)) return value;
  const result: Fields = {};
  for (const [name, field] of Object.entries(value)) {
    const inner = fieldSchema(schema, name);
    const kept = replaced(inner, field);
    if (kept === null && inner && !inner.nullable) continue;
    result[name] = stored(inner, kept);
  }
  for (const [name, inner] of Object.entries(schema.properties ?? {}))
    if (inner.default !== undefined && result[name] === undefined)
      result[name] = stored(inner, inner.default);
  return result;
}

function replaced(schema: CrdSchema | undefined, value: unknown): unknown {
  return value === null && schema && !schema.nullable ? (schema.default ?? null) : value;
}

/** Paths of the nulls that the API server drops without a word. */
export function droppedNulls(
  schema: CrdSchema | undefined,
  value: unknown,
  path: (string | number)[] = [],
): (string | number)[][] {
  if (Array.isArray(value))
    return value.flatMap((item, index) => droppedNulls(schema?.items, item, [...path, index]));
  if (!isFields(value)) return [];
  return Object.entries(value).flatMap(([name, field]) => {
    const inner = fieldSchema(schema, name);
    const here = [...path, name];
    if (field === null) return inner && !inner.nullable ? [here] : [];
    return droppedNulls(inner, field, here);
  });
}
