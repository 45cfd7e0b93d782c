// The whole table.
import type { FieldCase } from "./cases.ts";
import { sourcesCases } from "./sources.ts";
import { operationsCases } from "./operations.ts";
import { conditionsCases } from "./conditions.ts";
import { policiesCases } from "./policies.ts";
import { tokensCases } from "./tokens.ts";

export const fieldCases: FieldCase[] = [
  ...sourcesCases,
  ...operationsCases,
  ...conditionsCases,
  ...policiesCases,
  ...tokensCases,
];
