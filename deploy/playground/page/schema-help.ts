// Completion and hover from the filters' schemas: which keys a map may have, what a key means,
// which values it takes.
import type { Step } from "./yaml-path.ts";

interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  type?: string | string[];
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, Schema>;
  patternProperties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  items?: Schema;
  required?: string[];
  minimum?: number;
  maximum?: number;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
}

/** A schema with the document that its references point into. */
interface Located {
  schema: Schema;
  root: Schema;
}

export interface KeyHelp {
  name: string;
  isRequired: boolean;
  detail: string;
  description: string;
  /** Opens a map or a list below it. */
  opens: "map" | "list" | undefined;
}

/** References lead to references at most this deep. */
const REFERENCES_MAX = 16;

export class SchemaHelp {
  private readonly schemas: Record<string, Schema>;

  constructor(schemas: Record<string, object>) {
    this.schemas = schemas as Record<string, Schema>;
  }

  /** The keys that may stand in the map at `path`. */
  keys(path: Step[]): KeyHelp[] {
    const found = new Map<string, KeyHelp>();
    for (const place of this.at(path)) {
      for (const [name, schema] of Object.entries(place.schema.properties ?? {})) {
        const known = found.get(name);
        if (known && known.description) continue;
        const inner = this.helpFor(path, name, schema, place.root);
        found.set(name, {
          name,
          ...inner,
          isRequired: place.schema.required?.includes(name) ?? false,
        });
      }
    }
    return [...found.values()];
  }

  private helpFor(path: Step[], name: string, schema: Schema, root: Schema) {
    const all = this.expanded({ schema, root });
    const types = new Set(all.flatMap(({ schema: one }) => one.type ?? []));
    const isMap = types.has("object") || all.some(({ schema: one }) => one.properties);
    const opens: KeyHelp["opens"] = isMap ? "map" : types.has("array") ? "list" : undefined;
    const filter = path.length === 1 && path[0] === "spec" ? this.schemas[name] : undefined;
    const description = filter?.description ?? textOf(all, "description");
    return { detail: detailOf(all), description: description ?? "", opens };
  }

  /** Values that the key at `path` takes, where they can be listed. */
  values(path: Step[]): string[] {
    const listed = this.at(path).flatMap(({ schema }) => [
      ...(schema.enum ?? []),
      ...(schema.const === undefined ? [] : [schema.const]),
      ...(schema.type === "boolean" ? [true, false] : []),
      ...(schema.default === undefined || typeof schema.default === "object"
        ? []
        : [schema.default]),
    ]);
    return [...new Set(listed.map(String))];
  }

  /** One paragraph about the key at `path`; undefined where no schema knows it. */
  hover(path: Step[]): { title: string; text: string } | undefined {
    const name = path.at(-1);
    const key = this.keys(path.slice(0, -1)).find((each) => each.name === name);
    if (!key) return undefined;
    const required = key.isRequired ? "required" : "";
    const title = [name, [key.detail, required].filter(Boolean).join(", ")];
    return { title: title.filter(Boolean).join(": "), text: key.description };
  }

  /** Every schema that speaks of the value at `path`. */
  private at(path: Step[]): Located[] {
    let places: Located[] = [
      { schema: this.schemas.policy ?? {}, root: this.schemas.policy ?? {} },
    ];
    places = places.flatMap((place) => this.expanded(place));
    for (const [depth, step] of path.entries()) {
      const filter = depth === 1 && path[0] === "spec" ? this.schemas[String(step)] : undefined;
      const next = filter
        ? [{ schema: filter, root: filter }]
        : places.flatMap((place) => below(place, step));
      places = next.flatMap((place) => this.expanded(place));
    }
    return places;
  }

  /** A schema, and those that it is made of. */
  private expanded({ schema, root }: Located, depth = 0): Located[] {
    if (depth > REFERENCES_MAX) return [];
    const parts = [
      ...(schema.$ref ? [resolve(schema.$ref, root)] : []),
      ...(schema.oneOf ?? []),
      ...(schema.anyOf ?? []),
      ...(schema.allOf ?? []),
    ];
    const own = { schema, root };
    return [
      own,
      ...parts.flatMap((part) => (part ? this.expanded({ schema: part, root }, depth + 1) : [])),
    ];
  }
}

function resolve(reference: string, root: Schema): Schema | undefined {
  const name = /^#\/\$defs\/(.+)$/.exec(reference)?.[1];
  return name ? root.$defs?.[name] : undefined;
}

function below({ schema, root }: Located, step: Step): Located[] {
  if (typeof step === "number") return schema.items ? [{ schema: schema.items, root }] : [];
  const named = schema.properties?.[step];
  if (named) return [{ schema: named, root }];
  const more = schema.additionalProperties;
  return typeof more === "object" ? [{ schema: more, root }] : [];
}

function textOf(places: Located[], field: "description"): string | undefined {
  return places.map(({ schema }) => schema[field]).find(Boolean);
}

function detailOf(places: Located[]): string {
  const schemas = places.map(({ schema }) => schema);
  const types = [...new Set(schemas.flatMap(({ type }) => type ?? []))].join(" or ");
  const allowed = schemas
    .find((one) => one.enum)
    ?.enum?.map(String)
    .join(" | ");
  const standard = schemas.find((one) => one.default !== undefined)?.default;
  const shown = standard === undefined ? "" : `default ${JSON.stringify(standard)}`;
  return [allowed ?? types, shown].filter(Boolean).join(", ");
}
