// An AuthorizationPolicy with conditions on headers in the place of those on the token. Rules,
// alternatives, action and everything else stay as they are.
import type { Manifest } from "../../core/source.ts";
import { at, fieldsOf, listOf, mapsOf, textAt, textsOf } from "../../core/value.ts";
import type { Fields } from "../../core/value.ts";
import type { Resource } from "../../core/resource.ts";
import type { MatchHeaders } from "./match-headers.ts";
import { principalPart, textsIn } from "./rule.ts";
import { selectionOf } from "./scope.ts";
import type { Scope } from "./scope.ts";

/** The same policy; undefined where a key has no counterpart. */
export function rewritten(policy: Manifest, headers: MatchHeaders): Resource | undefined {
  const rules = rulesOf(policy, headers, () => true);
  if (!rules) return undefined;
  const { status: _status, ...value } = policy.fields;
  return { ...(value as Resource), spec: { ...fieldsOf(value.spec), rules } };
}

/** Only the rules that ask for a token, as a policy of its own for the workloads that have one. */
export function copyFor(
  policy: Manifest,
  headers: MatchHeaders,
  scope: Scope,
  name: string,
): Resource | undefined {
  const rules = rulesOf(policy, headers, (rule) => asksForToken(rule));
  if (!rules) return undefined;
  const { selector: _selector, targetRef: _ref, targetRefs: _refs, ...spec } = specOf(policy);
  const metadata = fieldsOf(policy.at("metadata"));
  return {
    apiVersion: policy.apiVersion,
    kind: policy.kind,
    metadata: {
      name,
      namespace: scope.namespace,
      ...(metadata.annotations !== undefined && { annotations: textsOf(metadata.annotations) }),
    },
    spec: { ...selectionOf(scope), ...spec, rules },
  };
}

function specOf(policy: Manifest): Fields {
  return fieldsOf(policy.at("spec"));
}

function rulesOf(
  policy: Manifest,
  headers: MatchHeaders,
  isWanted: (rule: unknown) => boolean,
): unknown[] | undefined {
  const rules: unknown[] = [];
  for (const rule of listOf(policy.at("spec", "rules")).filter(isWanted)) {
    const made = asksForToken(rule) ? ruleOf(fieldsOf(rule), headers) : [rule];
    if (!made) return undefined;
    rules.push(...made);
  }
  return rules;
}

function asksForToken(rule: unknown): boolean {
  const isAsked = (key: unknown) => typeof key === "string" && key.startsWith("request.auth.");
  return (
    mapsOf(at(rule, "when")).some(({ key }) => isAsked(key)) ||
    mapsOf(at(rule, "from")).some((entry) => principalPart(fieldsOf(entry.source), []))
  );
}

/** Sources are alternatives: each that asks for a principal becomes a rule of its own. */
function ruleOf(rule: Fields, headers: MatchHeaders): Fields[] | undefined {
  const when = whensOf(mapsOf(rule.when), headers);
  if (!when) return undefined;
  const entries = mapsOf(rule.from);
  const plain = entries.filter((entry) => !principalPart(fieldsOf(entry.source), []));
  const made: Fields[] = [];
  if (entries.length === 0 || plain.length > 0)
    made.push(assembled(rule, plain.length > 0 ? plain : undefined, when));
  for (const entry of entries.filter((each) => !plain.includes(each))) {
    const part = principalPart(fieldsOf(entry.source), [])!;
    const asked = conditions(part.key, part.values, part.notValues, headers);
    if (!asked) return undefined;
    const {
      requestPrincipals: _yes,
      notRequestPrincipals: _no,
      ...source
    } = fieldsOf(entry.source);
    const isLeft = Object.keys(source).length > 0;
    made.push(assembled(rule, isLeft ? [{ ...entry, source }] : undefined, [...when, ...asked]));
  }
  return made;
}

function assembled(rule: Fields, from: Fields[] | undefined, when: Fields[]): Fields {
  const { from: _from, when: _when, ...rest } = rule;
  return { ...(from && { from }), ...rest, ...(when.length > 0 && { when }) };
}

function whensOf(whens: readonly Fields[], headers: MatchHeaders): Fields[] | undefined {
  const made: Fields[] = [];
  for (const when of whens) {
    const key = textAt(when, "key") ?? "";
    if (!key.startsWith("request.auth.")) {
      made.push(when);
      continue;
    }
    const asked = conditions(key, textsIn(when.values), textsIn(when.notValues), headers);
    if (!asked) return undefined;
    made.push(...asked);
  }
  return made;
}

/** An absent header is what absent metadata was: it meets `notValues` and no `values`. */
function conditions(
  key: string,
  values: readonly string[],
  notValues: readonly string[],
  headers: MatchHeaders,
): Fields[] | undefined {
  const made: Fields[] = [];
  for (const [field, list] of [
    ["values", values],
    ["notValues", notValues],
  ] as const) {
    if (list.length === 0) continue;
    const header = headers.headerFor(key, list);
    if (header === undefined) return undefined;
    made.push({ key: `request.headers[${header}]`, [field]: ["true"] });
  }
  return made;
}
