// AuthorizationPolicy.
import {
  addressProblem,
  conditionProblem,
  portProblem,
  serviceAccountProblem,
  wildcardProblem,
} from "./attribute.ts";
import type { Field } from "./field.ts";
import { checkTargets } from "./selector.ts";

export function checkAuthorizationPolicy(spec: Field): void {
  checkTargets(spec);
  const action = spec.at("action").text || "ALLOW";
  const rules = spec.items("rules");
  const hasAction = action === "DENY" || action === "CUSTOM";
  if (hasAction && rules.length === 0)
    spec.refuse(
      `${action} without rules does nothing`,
      "add rules; a rule {} is for every request",
    );
  if (action === "CUSTOM") {
    if (rules.length > 0 && spec.at("provider", "name").text === "")
      spec.refuse("CUSTOM has no provider", "set provider.name");
    rules.forEach(checkCustom);
  } else if (spec.has("provider"))
    spec.at("provider").refuse(`${action} asks no provider`, "write action: CUSTOM, or remove it");
  for (const rule of rules) {
    for (const from of rule.items("from")) checkSource(from);
    for (const to of rule.items("to")) checkOperation(to);
    for (const when of rule.items("when")) checkCondition(when);
  }
}

const withoutCustom = [
  "namespaces",
  "serviceAccounts",
  "trustDomains",
  "principals",
  "requestPrincipals",
].flatMap((name) => [name, negated(name)]);

const keysWithoutCustom =
  /^source\.(namespace|serviceAccount|trustDomain|principal)$|^request\.auth\./;

function negated(name: string): string {
  return `not${name[0]!.toUpperCase()}${name.slice(1)}`;
}

/** What only the proxy itself knows an external authorizer is not asked about. */
function checkCustom(rule: Field): void {
  for (const from of rule.items("from"))
    for (const name of withoutCustom)
      if (from.at("source").items(name).length > 0)
        from.at("source", name).refuse("does not go with CUSTOM", "remove it");
  for (const when of rule.items("when"))
    if (keysWithoutCustom.test(when.at("key").text))
      when.at("key").refuse("does not go with CUSTOM", "remove it");
}

type TextCheck = (text: string) => string | undefined;

const anyText: TextCheck = () => undefined;
const trustDomain: TextCheck = (text) =>
  text.includes("/") ? "a trust domain has no /" : wildcardProblem(text);

const sources: Record<string, TextCheck> = {
  principals: anyText,
  requestPrincipals: anyText,
  namespaces: anyText,
  serviceAccounts: serviceAccountProblem,
  trustDomains: trustDomain,
  ipBlocks: addressProblem,
  remoteIpBlocks: addressProblem,
};

const serviceAccountsMax = 16;

function checkSource(from: Field): void {
  const source = from.at("source");
  if (!source.isSet) return from.refuse("source is missing", "set source");
  const filled = checkTexts(source, sources);
  if (filled.length === 0)
    source.refuse("nothing is set", `set ${Object.keys(sources).join(", ")}`);
  const isNamed = filled.some(
    (name) => /principals|namespaces/i.test(name) && !/request/i.test(name),
  );
  const accounts = filled.filter((name) => /serviceAccounts/i.test(name));
  if (isNamed && accounts[0])
    source.at(accounts[0]).refuse("namespaces or principals are set as well", "keep one of them");
  for (const name of accounts)
    if (source.items(name).length > serviceAccountsMax)
      source.at(name).refuse(`has more than ${serviceAccountsMax} entries`);
}

const operations: Record<string, TextCheck> = {
  ports: portProblem,
  methods: anyText,
  paths: templateProblem,
  hosts: anyText,
};

function checkOperation(to: Field): void {
  const operation = to.at("operation");
  if (!operation.isSet) return to.refuse("operation is missing", "set operation");
  if (checkTexts(operation, operations).length === 0)
    operation.refuse("nothing is set", `set ${Object.keys(operations).join(", ")}`);
}

/** Checks each text of the lists and of their negations; gives the names of the filled lists. */
function checkTexts(holder: Field, checks: Record<string, TextCheck>): string[] {
  const named = Object.entries(checks).flatMap(([name, check]): [string, TextCheck][] => [
    [name, check],
    [negated(name), check],
  ]);
  for (const [name, check] of named)
    for (const item of holder.items(name))
      item.check(item.text === "" ? "the text is empty" : check(item.text));
  return named.map(([name]) => name).filter((name) => holder.items(name).length > 0);
}

/** `{*}` stands for one part of a path, `{**}` for the rest: only at the end. */
function templateProblem(path: string): string | undefined {
  const isTemplate = path.includes("{*}") || path.includes("{**}");
  let isRest = false;
  for (const part of path.replace(/^\/+|\/+$/g, "").split("/")) {
    if (part === "{*}" || part === "{**}") {
      if (isRest) return "{**} is not at the end of the path";
      isRest = part === "{**}";
    } else if (/[{}]/.test(part)) return `"${part}" is no template; write {*} or {**}`;
    else if (isTemplate && !/^[a-zA-Z0-9-._~%!$&'()+,;:@=]+$/.test(part))
      return `"${part}" cannot stand beside a template`;
  }
  return undefined;
}

function checkCondition(when: Field): void {
  const key = when.at("key");
  const values = when.texts("values");
  const excluded = when.texts("notValues");
  if (key.text === "") return key.refuse("the key is empty");
  if (values.length + excluded.length === 0)
    return when.refuse("values are missing", "set values or notValues");
  key.check(conditionProblem(key.text, values) ?? conditionProblem(key.text, excluded));
}
