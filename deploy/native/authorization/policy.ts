// AuthorizationPolicy read once: rules as lists of conditions, in istiod's way of leaving out what
// it cannot translate (pilot/pkg/security/authz/{builder/builder.go,model/model.go}, Istio 1.31).
import type { Manifest } from "../../core/source.ts";
import { at, listOf, mapsOf, textAt } from "../../core/value.ts";
import type { Fields } from "../../core/value.ts";
import { attachmentOf } from "../attachment.ts";
import type { Attachment } from "../attachment.ts";
import type { Exchange, Mesh } from "../types.ts";
import { kindOf } from "./conditions.ts";
import type { Condition, Context } from "./conditions.ts";

export type Action = "ALLOW" | "DENY" | "AUDIT" | "CUSTOM";

export interface Policy {
  title: string;
  attachment: Attachment;
  action: Action;
  /** CUSTOM: who is asked. */
  provider?: string;
  /** `istio.io/dry-run`: counts, and decides nothing. */
  isDryRun: boolean;
  rules: Rule[];
}

export interface Rule {
  index: number;
  matches(exchange: Exchange): boolean;
}

/** Fields of `from.source`, with the key of `when` that means the same. */
export const sourceKeys: Record<string, string> = {
  principals: "source.principal",
  requestPrincipals: "request.auth.principal",
  serviceAccounts: "source.serviceAccount",
  trustDomains: "source.trustDomain",
  namespaces: "source.namespace",
  remoteIpBlocks: "remote.ip",
  ipBlocks: "source.ip",
};

const operationKeys: Record<string, string> = {
  hosts: "hosts",
  methods: "methods",
  paths: "paths",
  ports: "destination.port",
};

/**
 * Keys that are said of the destination: they stand beside an operation, the others beside a
 * source.
 */
const ofDestination = /^(destination\.|connection\.|experimental\.)/;

export function isAuthorizationPolicy({ group, kind }: Manifest): boolean {
  return group === "security.istio.io" && kind === "AuthorizationPolicy";
}

export function policyOf(manifest: Manifest, mesh: Mesh): Policy {
  const spec = manifest.at("spec");
  const action = (textAt(spec, "action") ?? "ALLOW") as Action;
  const context = { mesh, namespace: manifest.namespace };
  const dryRun = at(manifest.at("metadata", "annotations"), "istio.io/dry-run");
  return {
    title: `${manifest.namespace}/${manifest.name}`,
    attachment: attachmentOf(manifest),
    action,
    provider: textAt(spec, "provider", "name"),
    isDryRun: /^(1|t|T|TRUE|true|True)$/.test(String(dryRun ?? "")),
    rules: listOf(at(spec, "rules")).flatMap((rule, index) => ruleOf(rule, index, action, context)),
  };
}

/**
 * No rule at all where istiod skips it: a condition that it does not know, or (ALLOW) cannot
 * translate.
 */
function ruleOf(value: unknown, index: number, action: Action, context: Context): Rule[] {
  const whens = mapsOf(at(value, "when"));
  if (value === null || whens.some((when) => !kindOf(String(when.key)))) return [];
  const isStrict = action === "ALLOW";
  const own = (isDestination: boolean) =>
    whens
      .filter((when) => ofDestination.test(String(when.key)) === isDestination)
      .map((when): Part => ({ key: String(when.key), ...valuesOf(when) }));
  const sources = alternatives(mapsOf(at(value, "from")), "source", sourceKeys, own(false));
  const operations = alternatives(mapsOf(at(value, "to")), "operation", operationKeys, own(true));
  try {
    const from = sources.map((parts) => conjunction(parts, isStrict, context));
    const to = operations.map((parts) => conjunction(parts, isStrict, context));
    const matches = (exchange: Exchange) =>
      from.some((condition) => condition(exchange)) && to.some((condition) => condition(exchange));
    return [{ index, matches }];
  } catch (error) {
    if (error instanceof Untranslatable) return [];
    throw error;
  }
}

interface Part {
  key: string;
  values: readonly string[];
  notValues: readonly string[];
}

class Untranslatable extends Error {}

/** Each entry with the conditions that hold for all; without entries those alone. */
function alternatives(
  entries: readonly Fields[],
  name: string,
  keys: Record<string, string>,
  common: readonly Part[],
): Part[][] {
  if (entries.length === 0) return [[...common]];
  return entries.map((entry) => {
    const fields = Object.entries(keys).map(([field, key]): Part => {
      const not = `not${field[0]!.toUpperCase()}${field.slice(1)}`;
      return { key, values: texts(at(entry, name, field)), notValues: texts(at(entry, name, not)) };
    });
    return [...fields, ...common];
  });
}

function valuesOf(when: Fields): Pick<Part, "values" | "notValues"> {
  return { values: texts(when.values), notValues: texts(when.notValues) };
}

/** A list of texts; YAML's numbers are what the API server refuses, and no values. */
function texts(value: unknown): string[] {
  return listOf(value).filter((item): item is string => typeof item === "string");
}

function conjunction(parts: readonly Part[], isStrict: boolean, context: Context): Condition {
  const conditions = parts.flatMap((part) => {
    const positive = disjunction(part.key, part.values, isStrict, context);
    const negative = disjunction(part.key, part.notValues, isStrict, context);
    const not = negative && ((exchange: Exchange) => !negative(exchange));
    return [positive, not].filter((condition) => condition !== undefined);
  });
  return (exchange) => conditions.every((condition) => condition(exchange));
}

/** Undefined where nothing is left to ask: then istiod leaves the condition out. */
function disjunction(
  key: string,
  values: readonly string[],
  isStrict: boolean,
  context: Context,
): Condition | undefined {
  const tests = kindOf(key)!(values, context);
  if (isStrict && tests.includes(undefined)) throw new Untranslatable();
  const known = tests.filter((test) => test !== undefined);
  return known.length > 0 ? (exchange) => known.some((test) => test(exchange)) : undefined;
}
