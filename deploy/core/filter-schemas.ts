// The contract of each filter: `config.schema.json` in its folder, and the module that was built
// from it.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { filterNames } from "./catalog.ts";
import type { FilterName, ModuleName } from "./catalog.ts";
import { ToolError } from "./problem.ts";
import { validatorNamed } from "./schema.ts";
import type { Validator } from "./schema.ts";

const root = join(import.meta.dirname, "../..");
const schemas = new Map<FilterName, object | undefined>();

/** What all four schemas share, by the name they refer to it with. */
const shared = "assembly/lib/match/match.schema.json";
const sharedReference = "match.json#/$defs/";

/**
 * The JSON Schema of a filter's configuration, self-contained: with what it shares with the
 * others bundled in.
 */
export function schemaOf(filter: FilterName): object | undefined {
  if (!schemas.has(filter)) {
    const file = join(root, "assembly/filters", filter, "config.schema.json");
    schemas.set(filter, existsSync(file) ? bundled(readFileSync(file, "utf8")) : undefined);
  }
  return schemas.get(filter);
}

/** A schema's text with its references into the shared one made references into itself. */
function bundled(text: string): object {
  const schema = JSON.parse(text.replaceAll(sharedReference, "#/$defs/"));
  if (!text.includes(sharedReference)) return schema;
  const { $defs } = JSON.parse(readFileSync(join(root, shared), "utf8"));
  return { ...schema, $defs: { ...$defs, ...schema.$defs } };
}

/** The validator of a filter's configuration. Throws `missing` in a checkout without the schema. */
export function validatorOf(filter: FilterName): Validator {
  return validatorNamed(filter, () => {
    const schema = schemaOf(filter);
    if (schema) return schema;
    const file = `assembly/filters/${filter}/config.schema.json`;
    throw new ToolError("missing", `${file} is not there; get it back with git restore ${file}`);
  });
}

/** The built module's bytes. Throws `missing` when it has not been built. */
export function moduleOf(module: ModuleName): Buffer {
  const file = join(root, "build", `${module}.wasm`);
  if (!existsSync(file))
    throw new ToolError("missing", `build/${module}.wasm is not built: run npm run build`);
  return readFileSync(file);
}

/** The contract of a module: a filter's schema, or for `edge` an object with a section for each. */
export function moduleSchemaOf(module: ModuleName): object {
  if (module !== "edge") return schemaOf(module) ?? {};
  const sections = filterNames.map((name) => [name, schemaOf(name) ?? {}]);
  return {
    type: "object",
    properties: Object.fromEntries(sections),
    additionalProperties: false,
    minProperties: 1,
  };
}

/** The version of this checkout, as in package.json. */
export const version: string = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version;
