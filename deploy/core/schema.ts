// JSON Schema in words: runs Ajv and turns what it says into findings at the user's own lines.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { ErrorObject, ValidateFunction } from "ajv";
import type { Finding } from "./problem.ts";
import { pathOf, pathText } from "./source.ts";
import type { Manifest, Path } from "./source.ts";
import { fieldsOf, listOf, mapsOf } from "./value.ts";
import type { Fields } from "./value.ts";

// `format` is left to who reads the value: Kubernetes' formats (int32, …) are not JSON Schema's.
// Several complaints at once save the user a round trip.
export const ajvOptions = {
  allErrors: true,
  strict: false,
  verbose: true,
  validateFormats: false,
  allowUnionTypes: true,
  // Our schemas and those of CRDs are known to be good (tests/tidy/schemas.test.ts holds them
  // against their meta-schema): to check that again would take longer than everything else.
  validateSchema: false,
  meta: false,
  // Half the time to compile: schemas here are used a few times, and refer to one part often.
  inlineRefs: false,
  code: { optimize: false },
} as const;

export type Validator = ValidateFunction;

/** Compiles a schema of JSON Schema 2020-12. Throws what Ajv throws on a schema that is none. */
export function compile(schema: object): Validator {
  return new Ajv2020(ajvOptions).compile(schema);
}

const generated = join(import.meta.dirname, "../../build/validators");
const validators = new Map<string, Validator>();

/** The file of a validator's generated code. */
export function generatedFile(name: string): string {
  return `${name.replaceAll("/", "_")}.cjs`;
}

/**
 * The validator of one of the tool's own schemas. The package has its code in a file
 * (`tools/validators.ts`), since Ajv takes longer to compile a schema than all the rest of a short
 * run; a checkout compiles it when it is first asked for.
 */
export function validatorNamed(name: string, schema: () => object): Validator {
  const known = validators.get(name);
  if (known) return known;
  const file = join(generated, generatedFile(name));
  const validator = existsSync(file)
    ? (createRequire(import.meta.url)(file) as Validator)
    : compile(schema());
  validators.set(name, validator);
  return validator;
}

/** One complaint: where (below the validated value), and in which words. */
export interface Complaint {
  path: string[];
  what: string;
  why?: string;
  right?: string;
}

/** What is wrong with `value`; empty when it fits. */
export function complaints(validator: Validator, value: unknown): Complaint[] {
  if (validator(value)) return [];
  const errors = validator.errors ?? [];
  // What a branch of oneOf/anyOf says is one of several readings; the choice itself is reported
  // once, unless a branch was clearly meant.
  const inBranch = (error: ErrorObject) => /\/(oneOf|anyOf|not|if)\//.test(error.schemaPath);
  const plain = errors.filter((error) => !inBranch(error) && error.keyword !== "if");
  const chosen = plain.flatMap((error) =>
    isChoice(error) ? [meantBranch(error, errors.filter(inBranch))] : [error],
  );
  const seen = new Set<string>();
  return (chosen.length > 0 ? chosen : errors.slice(0, 1)).map(inWords).filter((complaint) => {
    const key = JSON.stringify([complaint.path, complaint.what]);
    return seen.has(key) ? false : seen.add(key);
  });
}

function isChoice(error: ErrorObject): boolean {
  return error.keyword === "oneOf" || error.keyword === "anyOf";
}

/**
 * The branch error that lies deepest below the choice: the branch that fitted furthest is the one
 * that was meant.
 */
function meantBranch(choice: ErrorObject, branches: ErrorObject[]): ErrorObject {
  const below = branches.filter(
    (error) =>
      error.instancePath.startsWith(choice.instancePath + "/") &&
      !isChoice(error) &&
      error.keyword !== "not",
  );
  const depth = (error: ErrorObject) => error.instancePath.split("/").length;
  return below.sort((a, b) => depth(b) - depth(a))[0] ?? choice;
}

const typeWords: Record<string, string> = {
  string: "a string",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  object: "a map",
  array: "a list",
  null: "nothing",
};

function typeOf(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "number") return "a number";
  return typeWords[typeof value] ?? typeof value;
}

function inWords(error: ErrorObject): Complaint {
  const path = pathOf(error.instancePath);
  const name = path.at(-1) ?? "the document";
  const parameters = error.params as Fields;
  switch (error.keyword) {
    case "additionalProperties": {
      const key = String(parameters.additionalProperty);
      const known = Object.keys(fieldsOf(error.parentSchema?.properties));
      return {
        path: [...path, key],
        what: `unknown field "${key}"`,
        why: `${owner(path)} has no such field`,
        right: suggestion(key, known),
      };
    }
    case "type": {
      const types = Array.isArray(parameters.type) ? parameters.type : [parameters.type];
      const wanted = types.map((type) => typeWords[String(type)] ?? String(type));
      return {
        path,
        what: `"${name}" is ${typeOf(error.data)}`,
        why: `expected ${wanted.join(" or ")}`,
      };
    }
    case "enum": {
      const allowed = listOf(parameters.allowedValues).map(String);
      const right = suggestion(String(error.data), allowed);
      // Shown only when it is nearly a known one: anything else may be a secret.
      const isNear = right?.startsWith("did you mean") ?? false;
      const what = isNear
        ? `${JSON.stringify(error.data)} is no value for "${name}"`
        : `"${name}" has none of its values`;
      return { path, what, right };
    }
    case "const":
      return {
        path,
        what: `"${name}" is ${JSON.stringify(error.data)}`,
        right: `write ${JSON.stringify(parameters.allowedValue)}`,
      };
    case "required":
      return {
        path,
        what: `"${parameters.missingProperty}" is missing`,
        why: `${owner(path)} needs it`,
      };
    case "oneOf":
    case "anyOf":
      return choiceInWords(error, path);
    case "pattern":
      return {
        path,
        // Without the value: it may be a secret, such as a sink's Authorization.
        what: `"${name}" is not as it must be`,
        why: `it must match ${parameters.pattern}`,
      };
    default:
      return { path, what: `"${name}" ${error.message ?? error.keyword}` };
  }
}

/**
 * Choices among required keys, as CRDs and our schemas write them: say which keys exclude or need
 * one another.
 */
function choiceInWords(error: ErrorObject, path: string[]): Complaint {
  const branches = mapsOf(error.schema);
  const keys = [...new Set(branches.flatMap((branch) => listOf(branch.required).map(String)))];
  const present = keys.filter(
    (key) => error.data && typeof error.data === "object" && key in (error.data as object),
  );
  if (present.length > 1) {
    return {
      path: [...path, present[1]!],
      what: `${present.join(" and ")} are set together`,
      why: "only one of them may be",
    };
  }
  if (keys.length > 0 && present.length === 0) {
    return {
      path,
      what: `${owner(path)} says nothing to choose by`,
      right: `set one of ${keys.join(", ")}`,
    };
  }
  return {
    path,
    what: `"${path.at(-1) ?? "the document"}" has none of the allowed forms`,
    right: keys.length ? `see ${keys.join(", ")}` : undefined,
  };
}

function owner(path: string[]): string {
  return path.length === 0 ? "the document" : pathText(path);
}

/** The nearest known word if it is near, else the list when it is short. */
export function suggestion(word: string, known: string[]): string | undefined {
  const near = known
    .map((candidate) => ({
      candidate,
      distance: distance(word.toLowerCase(), candidate.toLowerCase()),
    }))
    .sort((a, b) => a.distance - b.distance)[0];
  if (near && near.distance <= Math.max(2, word.length / 3))
    return `did you mean "${near.candidate}"?`;
  return known.length > 0 && known.length <= 16 ? `write one of ${known.join(", ")}` : undefined;
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min(replaced, row[j]! + 1, next[j - 1]! + 1);
    }
    row = next;
  }
  return row[b.length]!;
}

/** Findings of a validator over the part of a manifest that lies at `at`. */
export function check(
  validator: Validator,
  manifest: Manifest,
  value: unknown,
  at: Path,
  rule: string,
): Finding[] {
  return complaints(validator, value).map(({ path, what, why, right }) => ({
    severity: "error",
    rule,
    place: manifest.place([...at, ...path]),
    what:
      at.length + path.length > 1 ? `${pathText([...at, ...path.slice(0, -1)])}: ${what}` : what,
    why,
    right,
  }));
}
