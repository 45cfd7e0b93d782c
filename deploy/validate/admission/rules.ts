// The rules that a CRD sets on its values (`x-kubernetes-validations`), as the API server evaluates
// them on create: in CEL, with Kubernetes' own functions.
import { Environment } from "@marcbachmann/cel-js";
import { fieldSchema } from "../../core/structural.ts";
import type { CrdSchema, Rule } from "../../core/structural.ts";
import { isFields } from "../../core/value.ts";
import { durationNanos } from "./go/duration.ts";
import { addressOf } from "./go/ip.ts";
import { parseRequestUri, parseUrl } from "./go/url.ts";

export interface Broken {
  path: (string | number)[];
  message: string;
}

type Evaluate = (self: unknown) => unknown;

/**
 * Functions that the CRDs use and the library lacks or reads otherwise. A duration is a number of
 * nanoseconds, a URL its text: rules only compare them and ask for the scheme.
 */
const environment = new Environment({
  enableOptionalTypes: true,
  homogeneousAggregateLiterals: false,
})
  .registerVariable("self", "dyn")
  .registerFunction("nanosOf(string): int", (text: string) => {
    const nanos = durationNanos(text);
    if (nanos === undefined) throw new Error("not a duration");
    return nanos;
  })
  .registerFunction("hasField(dyn, string): bool", (map: object, name: string) =>
    Object.hasOwn(map, name),
  )
  .registerFunction("string.fits(string): bool", (text: string, pattern: string) =>
    expression(pattern).test(text),
  )
  .registerFunction("isIP(string): bool", (text: string) => {
    const address = addressOf(text);
    return address !== undefined && address.zone === undefined && !address.isMapped;
  })
  .registerFunction("isURL(string): bool", isUrl)
  .registerFunction("url(string): string", (text: string) => {
    if (!isUrl(text)) throw new Error("not a URL");
    return text;
  })
  .registerFunction("string.getScheme(): string", (text: string) => parseUrl(text)!.scheme);

function isUrl(text: string): boolean {
  return parseRequestUri(text) !== undefined && parseUrl(text) !== undefined;
}

const expressions = new Map<string, RegExp>();

/** RE2 has the flag `(?i)` inside; the patterns of the CRDs have it at their start only. */
function expression(pattern: string): RegExp {
  const known = expressions.get(pattern);
  if (known) return known;
  const made = new RegExp(pattern.replace("^(?i)", "^"), pattern.startsWith("^(?i)") ? "i" : "");
  expressions.set(pattern, made);
  return made;
}

const programs = new Map<string, Evaluate | undefined>();

/** Undefined for a rule about a change: it is not asked on create. */
function programOf({ rule }: Rule): Evaluate | undefined {
  if (programs.has(rule)) return programs.get(rule);
  const program = /\boldSelf\b/.test(rule) ? undefined : compileRule(rule);
  programs.set(rule, program);
  return program;
}

/** Throws what the library throws on a rule that it cannot read. */
export function compileRule(rule: string): Evaluate {
  const text = rule
    .replace(/\bduration\(/g, "nanosOf(")
    .replace(/\.matches\(/g, ".fits(")
    // The library's own has() takes no index: `has(self.matches[0].path)`.
    .replace(/\bhas\(([\w.]+\[\d+\])\.(\w+)\)/g, 'hasField($1, "$2")');
  const parsed = environment.parse(text);
  return (self) => parsed({ self });
}

/** The rules that a value breaks, which fits the schema otherwise. */
export function brokenRules(schema: CrdSchema, value: unknown): Broken[] {
  const broken: Broken[] = [];
  walk(schema, value, [], broken);
  return broken;
}

/** Collects what is broken below, and gives the value as CEL sees it. */
function walk(
  schema: CrdSchema | undefined,
  value: unknown,
  path: (string | number)[],
  broken: Broken[],
): unknown {
  const self = inside(schema, value, path, broken);
  if (value === null) return self;
  for (const rule of schema?.["x-kubernetes-validations"] ?? []) {
    const message = rule.message ?? `must satisfy ${rule.rule}`;
    if (!holds(rule, self)) broken.push({ path, message });
  }
  return self;
}

function inside(
  schema: CrdSchema | undefined,
  value: unknown,
  path: (string | number)[],
  broken: Broken[],
): unknown {
  if (Array.isArray(value))
    return value.map((item, index) => walk(schema?.items, item, [...path, index], broken));
  if (isFields(value))
    return Object.fromEntries(
      Object.entries(value).map(([name, field]) => [
        name,
        walk(fieldSchema(schema, name), field, [...path, name], broken),
      ]),
    );
  // CEL tells whole numbers from others by their type, not by their value.
  const isWhole = schema?.type === "integer" || schema?.["x-kubernetes-int-or-string"];
  return typeof value === "number" && isWhole && Number.isInteger(value) ? BigInt(value) : value;
}

/** A rule that fails to evaluate is broken, as it is for the API server. */
function holds(rule: Rule, self: unknown): boolean {
  const program = programOf(rule);
  if (!program) return true;
  try {
    return program(self) === true;
  } catch {
    return false;
  }
}
