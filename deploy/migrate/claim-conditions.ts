// The token half of an AuthorizationPolicy rule (requestPrincipals, request.auth.*) as claim
// rules of jwt-auth.
import type { Path } from "../core/source.ts";
import { listOf } from "./context.ts";
import { anyOf, wildcard } from "./matchers.ts";

export interface Conditions {
  /** Undefined when the rule asks for no token at all; empty when any good token will do. */
  claims?: any[];
  problems: { path: Path; why: string }[];
  /** The rule without its token half. */
  rest: any;
}

export function claimRules(rule: any): Conditions {
  const problems: Conditions["problems"] = [];
  const claims: any[] = [];
  let isAsked = false;
  const sources = listOf(rule?.from).map((entry) => entry?.source ?? {});
  const asking = sources.filter(
    (source) => source.requestPrincipals || source.notRequestPrincipals,
  );
  if (asking.length > 0) {
    isAsked = true;
    if (sources.length > 1)
      problems.push({
        path: ["from"],
        why: "several sources are alternatives, and jwt-auth has one rule for each request",
      });
    else if (asking[0].notRequestPrincipals)
      problems.push({
        path: ["from", 0],
        why: "jwt-auth cannot admit by the absence of an identity",
      });
    else
      claims.push(
        ...principalClaims(
          asking[0].requestPrincipals,
          ["from", 0, "source", "requestPrincipals"],
          problems,
        ),
      );
  }
  const conditions = listOf(rule?.when);
  conditions.forEach((condition, at) => {
    if (!String(condition?.key).startsWith("request.auth.")) return;
    isAsked = true;
    claims.push(...conditionClaims(condition, ["when", at], problems));
  });
  return { claims: isAsked ? claims : undefined, problems, rest: restOf(rule) };
}

/** `issuer/subject` with wildcards. Several are one rule only if they share the issuer. */
function principalClaims(
  principals: string[],
  path: Path,
  problems: Conditions["problems"],
): any[] {
  if (principals.includes("*")) return [];
  const pairs = principals.map((text) => ({
    issuer: text.slice(0, text.lastIndexOf("/")),
    subject: text.slice(text.lastIndexOf("/") + 1),
  }));
  const issuers = [...new Set(pairs.map(({ issuer }) => issuer))];
  if (
    pairs.some(({ issuer, subject }) => !issuer || !subject) ||
    issuers.length > 1 ||
    issuers[0]!.includes("*")
  ) {
    problems.push({
      path,
      why: "principals of several issuers, or a wildcard within the issuer, have no counterpart: give each issuer a rule of its own",
    });
    return [];
  }
  const subjects = pairs.map(({ subject }) => subject);
  const issuer = { claim: "iss", exact: issuers[0]! };
  return subjects.includes("*") ? [issuer] : [issuer, claimRule("sub", subjects, false)];
}

const named: Record<string, string> = {
  "request.auth.audiences": "aud",
  "request.auth.presenter": "azp",
};

function conditionClaims(condition: any, at: Path, problems: Conditions["problems"]): any[] {
  const key = String(condition.key);
  const steps = [...key.matchAll(/\[([^\]]+)\]/g)].map((match) => match[1]!);
  const claim =
    named[key] ??
    (key.startsWith("request.auth.claims[") && steps.length > 0
      ? steps.length === 1 && !steps[0]!.includes(".")
        ? steps[0]!
        : steps
      : undefined);
  if (key === "request.auth.principal" && condition.values)
    return principalClaims(condition.values, [...at, "values"], problems);
  if (claim === undefined) {
    problems.push({ path: at, why: `${key} has no counterpart in a token` });
    return [];
  }
  const rules: any[] = [];
  if (condition.values) rules.push(claimRule(claim, condition.values, false));
  if (condition.notValues) rules.push(claimRule(claim, condition.notValues, true));
  return rules;
}

/**
 * Exact values are compared as they are; wildcards as a StringMatch. A list claim fits when one
 * element does.
 */
function claimRule(claim: string | string[], values: string[], invert: boolean): any {
  const inverted = invert ? { invert: true } : {};
  if (values.every((value) => !value.includes("*"))) {
    return {
      claim,
      ...(values.length === 1 ? { exact: values[0] } : { oneOf: values }),
      ...inverted,
    };
  }
  const match = values.length === 1 ? wildcard(values[0]!) : anyOf(values.map(String));
  return { claim, ...match, ...inverted };
}

/**
 * The rule for RBAC: sources and conditions without the token's; `{}` admits what jwt-auth has
 * admitted.
 */
function restOf(rule: any): any {
  const rest = { ...rule };
  const from = listOf(rule?.from)
    .map((entry) => {
      const {
        requestPrincipals: _one,
        notRequestPrincipals: _other,
        ...source
      } = entry?.source ?? {};
      return { ...entry, source };
    })
    .filter((entry) => Object.keys(entry.source).length > 0);
  const when = listOf(rule?.when).filter(
    (condition) => !String(condition?.key).startsWith("request.auth."),
  );
  if (from.length > 0) rest.from = from;
  else delete rest.from;
  if (when.length > 0) rest.when = when;
  else delete rest.when;
  return rest;
}
