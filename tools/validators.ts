// Writes the code of the tool's own validators for the package, as Ajv generates it.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import standalone from "ajv/dist/standalone/index.js";
import { filterNames } from "../deploy/core/catalog.ts";
import { envelope } from "../deploy/core/envelope.ts";
import { schemaOf } from "../deploy/core/filter-schemas.ts";
import { resourceSchemas } from "../deploy/core/resources.ts";
import { ajvOptions, generatedFile } from "../deploy/core/schema.ts";

/** One file for each schema, below `folder`; the same schemas give the same files. */
export function writeValidators(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const named: [name: string, schema: object][] = [
    ["policy", envelope],
    ...filterNames.map((name): [string, object] => [name, schemaOf(name)!]),
    ...resourceSchemas(),
  ];
  for (const [name, schema] of named) {
    const code = { ...ajvOptions.code, source: true };
    const ajv = new Ajv2020({ ...ajvOptions, code });
    writeFileSync(join(folder, generatedFile(name)), standalone.default(ajv, ajv.compile(schema)));
  }
}
