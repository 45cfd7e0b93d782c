// The JSON Schema of a settings file: `policy.schema.json`, with a key below `spec` for each
// filter.
import written from "./policy.schema.json" with { type: "json" };
import { filterNames } from "./catalog.ts";

const { spec } = written.properties;
const filters = Object.fromEntries(filterNames.map((name) => [name, { type: "object" }]));

export const envelope = {
  ...written,
  properties: {
    ...written.properties,
    spec: { ...spec, properties: { ...spec.properties, ...filters } },
  },
};
