// What an AuthorizationPolicy asks of the token, rule by rule.
import type { Manifest } from "../../core/source.ts";
import { at, fieldsOf, listOf, mapsOf, textAt } from "../../core/value.ts";
import type { Path } from "../../core/source.ts";

/** One condition on the token. */
export interface TokenPart {
  path: Path;
  /** As in `when`; `requestPrincipals` are `request.auth.principal`. */
  key: string;
  values: string[];
  notValues: string[];
}

export function tokenParts(policy: Manifest): TokenPart[] {
  return listOf(policy.at("spec", "rules")).flatMap((rule, index) =>
    partsOf(rule, ["spec", "rules", index]),
  );
}

function partsOf(rule: unknown, path: Path): TokenPart[] {
  const sources = mapsOf(at(rule, "from")).flatMap((entry, index): TokenPart[] => {
    const part = principalPart(fieldsOf(entry.source), [...path, "from", index, "source"]);
    return part ? [part] : [];
  });
  const whens = mapsOf(at(rule, "when")).flatMap((when, index): TokenPart[] => {
    const key = textAt(when, "key") ?? "";
    if (!key.startsWith("request.auth.")) return [];
    const [values, notValues] = [textsIn(when.values), textsIn(when.notValues)];
    return [{ path: [...path, "when", index], key, values, notValues }];
  });
  return [...sources, ...whens];
}

/** `requestPrincipals` of a source; undefined if it asks for none. */
export function principalPart(source: object, path: Path): TokenPart | undefined {
  const values = textsIn(at(source, "requestPrincipals"));
  const notValues = textsIn(at(source, "notRequestPrincipals"));
  if (values.length + notValues.length === 0) return undefined;
  return { path, key: "request.auth.principal", values, notValues };
}

/** True if it only ever asks that the token says something: without a token it is never met. */
export function isPositive(parts: readonly TokenPart[]): boolean {
  return parts.every(({ notValues }) => notValues.length === 0);
}

export function readsToken(policy: Manifest): boolean {
  return tokenParts(policy).length > 0;
}

/** Header names that a policy has conditions on, in lower case. */
export function headersRead(policy: Manifest): string[] {
  const whens = listOf(policy.at("spec", "rules")).flatMap((rule) => mapsOf(at(rule, "when")));
  return whens.flatMap((when) => {
    const name = /^request\.headers\[(.+)\]$/s.exec(textAt(when, "key") ?? "")?.[1];
    return name === undefined ? [] : [name.toLowerCase()];
  });
}

export function textsIn(value: unknown): string[] {
  return listOf(value).filter((item): item is string => typeof item === "string");
}
