// The whole JSON Schema of `kind: Policy` in one self-contained document, for editors and for the
// chart: the envelope, and each filter's own schema below `spec`.
import { filterNames } from "./catalog.ts";
import { envelope } from "./envelope.ts";
import { schemaOf } from "./filter-schemas.ts";
import { fieldsOf, isFields, listOf } from "./value.ts";
import type { Fields } from "./value.ts";

/** In settings files a step may say `after`; the tool turns it into `at`. */
const after = {
  type: "string",
  pattern: "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$",
  description:
    "In place of `at`: how long after the settings were applied first, such as `10m` or `1h30m`.",
};

export function policySchema(): Fields {
  const $defs: Fields = { ...envelope.$defs };
  const spec = fieldsOf(envelope.properties.spec);
  const properties = { ...fieldsOf(spec.properties) };
  for (const name of filterNames) {
    const { $schema: _, $id, $defs: own, ...settings } = fieldsOf(renamed(schemaOf(name), name));
    for (const [key, schema] of Object.entries(fieldsOf(own))) $defs[`${name}.${key}`] = schema;
    properties[name] = settings;
  }
  $defs["canary.scheduled"] = withAfter(fieldsOf($defs["canary.scheduled"]));
  return {
    ...envelope,
    properties: { ...envelope.properties, spec: { ...spec, properties } },
    $defs,
  };
}

function withAfter(step: Fields): Fields {
  const { required, oneOf, ...rest } = step;
  const properties = { ...fieldsOf(step.properties), after };
  const moments = [{ required: listOf(required) }, { required: ["after"] }];
  return { ...rest, allOf: [{ anyOf: moments }, { oneOf }], properties };
}

/**
 * A copy whose references lead to `#/$defs/<filter>.<name>`: the filters' names may be the same.
 */
function renamed(value: unknown, filter: string): unknown {
  if (Array.isArray(value)) return value.map((item) => renamed(item, filter));
  if (!isFields(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => [
    key,
    key === "$ref" && typeof inner === "string"
      ? inner.replace("#/$defs/", `#/$defs/${filter}.`)
      : renamed(inner, filter),
  ]);
  return Object.fromEntries(entries);
}
