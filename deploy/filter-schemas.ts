// The contract of each filter: `config.schema.json` in its folder, and the module that was built from it.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { FilterName } from "./catalog.ts";
import { ToolError } from "./problem.ts";
import { compile } from "./schema.ts";
import type { Validator } from "./schema.ts";

const root = join(import.meta.dirname, "..");
const schemas = new Map<FilterName, object | undefined>();
const validators = new Map<FilterName, Validator>();

/** The JSON Schema of a filter's configuration. */
export function schemaOf(filter: FilterName): object | undefined {
  if (!schemas.has(filter)) {
    const file = join(root, "assembly/filters", filter, "config.schema.json");
    schemas.set(filter, existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined);
  }
  return schemas.get(filter);
}

/** The compiled schema. Throws `missing` in a checkout without it. */
export function validatorOf(filter: FilterName): Validator {
  const known = validators.get(filter);
  if (known) return known;
  const schema = schemaOf(filter);
  if (!schema) throw new ToolError("missing", `assembly/filters/${filter}/config.schema.json is not in this checkout`);
  const validator = compile(schema);
  validators.set(filter, validator);
  return validator;
}

/** The built module's bytes. Throws `missing` when it has not been built. */
export function moduleOf(filter: FilterName): Buffer {
  const file = join(root, "build", `${filter}.wasm`);
  if (!existsSync(file)) throw new ToolError("missing", `build/${filter}.wasm is not built: run npm run build`);
  return readFileSync(file);
}

/** The version of this checkout, as in package.json. */
export const version: string = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version;
