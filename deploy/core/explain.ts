// What a setting means, from the schema of settings files.
import { policySchema } from "./policy-schema.ts";
import { suggestion } from "./schema.ts";
import { at, fieldsOf, listOf, mapsOf } from "./value.ts";
import type { Fields } from "./value.ts";

/** A setting, and those below it. */
export interface Setting {
  /**
   * Steps from the document's root; `[]` for the items of a list, `<name>` for the keys of a map.
   */
  path: string[];
  type: string;
  required: boolean;
  description: string;
  default?: unknown;
  allowed?: unknown[];
  limits: string[];
  children: { name: string; type: string; required: boolean; description: string }[];
}

/** Why there is no such setting. */
export interface Unknown {
  step: string;
  below: string;
  right?: string;
}

/**
 * Finds a setting by its path: `jwt-auth.providers.jwksUri`, with or without `spec.` before it,
 * lists as `providers` or `providers[]`.
 */
export function explain(text: string): Setting | Unknown {
  const root = policySchema();
  const steps = text
    .replaceAll(/\[\d*\]/g, "")
    .split(".")
    .filter(Boolean);
  const isAtRoot = steps.length === 0 || steps[0]! in fieldsOf(root.properties);
  let path: string[] = [];
  let schema: Fields = root;
  let isRequired = true;
  for (const step of isAtRoot ? steps : ["spec", ...steps]) {
    const holder = inner(schema, root, path);
    const known = propertiesOf(holder.schema, root);
    const rest = at(holder.schema, "additionalProperties");
    if (!(step in known) && (typeof rest !== "object" || rest === null)) {
      const right = suggestion(step, Object.keys(known));
      return { step, below: holder.path.join(".") || "the settings file", right };
    }
    isRequired = listOf(at(holder.schema, "required")).includes(step);
    schema = resolved(fieldsOf(known[step] ?? rest), root);
    path = [...holder.path, step];
  }
  return settingOf(path, schema, root, isRequired);
}

function settingOf(path: string[], schema: Fields, root: Fields, required: boolean): Setting {
  const holder = inner(schema, root, path);
  const properties = propertiesOf(holder.schema, root);
  const needed = listOf(at(holder.schema, "required"));
  const children = Object.entries(properties).map(([name, one]) => {
    const child = resolved(fieldsOf(one), root);
    return {
      name,
      type: typeOf(child, root),
      required: needed.includes(name),
      description: String(child.description ?? ""),
    };
  });
  const allowed = schema.enum ?? at(holder.schema, "enum");
  return {
    path,
    type: typeOf(schema, root),
    required,
    description: String(schema.description ?? ""),
    default: schema.default,
    allowed: schema.const === undefined ? (allowed as unknown[] | undefined) : [schema.const],
    limits: limitsOf(schema),
    children,
  };
}

/** The items of a list, of a list in a list too; anything else is itself. */
function inner(schema: Fields, root: Fields, path: string[]): { schema: Fields; path: string[] } {
  if (schema.items === undefined) return { schema, path };
  const items = resolved(fieldsOf(schema.items), root);
  const last = path.at(-1) ?? "";
  return inner(items, root, [...path.slice(0, -1), `${last}[]`]);
}

/** Follows references; what stands beside one, as a description, counts before what it leads to. */
function resolved(schema: Fields, root: Fields): Fields {
  const { $ref, ...beside } = schema;
  if (typeof $ref !== "string") return schema;
  const target = at(root, ...$ref.replace(/^#\//, "").split("/"));
  return { ...resolved(fieldsOf(target), root), ...beside };
}

/** The properties a schema names, those of its alternatives included. */
function propertiesOf(schema: Fields, root: Fields): Fields {
  const parts = ["allOf", "oneOf", "anyOf"].flatMap((key) => mapsOf(schema[key]));
  const all = parts.map((part) => propertiesOf(resolved(part, root), root));
  return Object.assign({}, ...all, fieldsOf(schema.properties));
}

function typeOf(schema: Fields, root: Fields): string {
  if (schema.items !== undefined)
    return `list of ${typeOf(resolved(fieldsOf(schema.items), root), root)}`;
  if (schema.enum !== undefined || schema.const !== undefined) return "text";
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  const words: Record<string, string> = {
    string: "text",
    integer: "whole number",
    number: "number",
    boolean: "true or false",
    object: "map",
    array: "list",
  };
  const known = types
    .filter((type) => type !== undefined)
    .map((type) => words[String(type)] ?? String(type));
  return known.join(" or ") || (Object.keys(propertiesOf(schema, root)).length > 0 ? "map" : "any");
}

function limitsOf(schema: Fields): string[] {
  const words: [key: string, text: (value: unknown) => string][] = [
    ["minimum", (value) => `at least ${value}`],
    ["exclusiveMinimum", (value) => `more than ${value}`],
    ["maximum", (value) => `at most ${value}`],
    ["minLength", (value) => `${value} characters at least`],
    ["maxLength", (value) => `${value} characters at most`],
    ["minItems", (value) => `${value} items at least`],
    ["maxItems", (value) => `${value} items at most`],
    ["minProperties", (value) => `${value} keys at least`],
    ["maxProperties", (value) => `${value} keys at most`],
    ["pattern", (value) => `matches ${value}`],
  ];
  return words.filter(([key]) => schema[key] !== undefined).map(([key, text]) => text(schema[key]));
}
