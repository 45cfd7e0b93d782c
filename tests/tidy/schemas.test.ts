// The tool compiles its schemas without checking them: they are checked here.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { filterNames } from "../../deploy/core/catalog.ts";
import { envelope } from "../../deploy/core/envelope.ts";
import { schemaOf } from "../../deploy/core/filter-schemas.ts";
import further from "../../deploy/core/crds/further.json" with { type: "json" };
import pinned from "../../deploy/core/crds/schemas.json" with { type: "json" };

type Kinds = Record<string, { schemas: { schema: object }[] }>;

const schemas: [name: string, schema: object][] = [
  ["the settings file", envelope],
  ...filterNames.map((name): [string, object] => [name, schemaOf(name)!]),
  ...[pinned.kinds as Kinds, further.kinds as Kinds].flatMap((kinds) =>
    Object.entries(kinds).flatMap(([kind, { schemas }]) =>
      schemas.map(({ schema }): [string, object] => [kind, schema]),
    ),
  ),
];

test("every schema of the tool is one, by the meta-schema of JSON Schema 2020-12", () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  assert.ok(schemas.length > 30);
  for (const [name, schema] of schemas)
    assert.ok(ajv.validateSchema(schema), `${name}: ${ajv.errorsText()}`);
});
