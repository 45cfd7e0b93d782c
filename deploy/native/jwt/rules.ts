// RequestAuthentication as istiod understands it: the rules of all that attach to a workload, in
// one list ordered by issuer (pilot/pkg/security/authn/policy_applier.go, Istio 1.31).
import type { Manifest } from "../../core/source.ts";
import { mapsOf, textAt, listOf } from "../../core/value.ts";
import type { Fields } from "../../core/value.ts";

export interface HeaderPlace {
  name: string;
  prefix: string;
}

/** One `jwtRules` entry: a provider of Envoy's jwt_authn. */
export interface JwtRule {
  /** Empty: any issuer. */
  issuer: string;
  audiences: readonly string[];
  /** Names the source of the keys, as `Token.signedBy` does. */
  keys: string;
  headers: readonly HeaderPlace[];
  params: readonly string[];
  cookies: readonly string[];
  forward: boolean;
  payloadHeader?: string;
  claimHeaders: readonly { header: string; claim: readonly string[] }[];
  spaceDelimited: readonly string[];
  /** Istio 1.32: without a token the request is refused. */
  isRequired: boolean;
}

/** What istiod splits at blanks whatever the rule says (1.28 on). */
const alwaysDelimited = ["permission", "scope"];

export function rulesOf(manifest: Manifest): JwtRule[] {
  return mapsOf(manifest.at("spec", "jwtRules")).map(ruleOf);
}

/**
 * The oldest first, as in istiod's sortConfigByCreationTime. What is in a file has no age:
 * resources that are applied together are as old as each other, and then their names decide.
 */
export function byAge(authentications: readonly Manifest[]): Manifest[] {
  const ageOf = (manifest: Manifest) => textAt(manifest.at("metadata"), "creationTimestamp") ?? "";
  const nameOf = ({ name, namespace }: Manifest) => `${name}.${namespace}`;
  return [...authentications].sort(
    (a, b) => compareTexts(ageOf(a), ageOf(b)) || compareTexts(nameOf(a), nameOf(b)),
  );
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** By issuer; those of one issuer as they come. */
export function inOrder(rules: readonly JwtRule[]): JwtRule[] {
  return [...rules].sort((a, b) => compareTexts(a.issuer, b.issuer));
}

export function ruleOf(rule: Fields): JwtRule {
  const places = placesOf(rule);
  return {
    issuer: textAt(rule, "issuer") ?? "",
    audiences: scalars(rule.audiences),
    keys: keysOf(rule),
    ...places,
    forward: rule.forwardOriginalToken === true,
    payloadHeader: textAt(rule, "outputPayloadToHeader")?.toLowerCase() || undefined,
    claimHeaders: mapsOf(rule.outputClaimToHeaders).map((entry) => ({
      header: (textAt(entry, "header") ?? "").toLowerCase(),
      // Envoy reads dots as nesting, also those of a name such as https://example.com/roles (run).
      claim: (textAt(entry, "claim") ?? "").split("."),
    })),
    spaceDelimited: [...new Set([...alwaysDelimited, ...scalars(rule.spaceDelimitedClaims)])],
    isRequired: textAt(rule, "presence") === "REQUIRED",
  };
}

/** The key set itself, else where istiod finds it. Inline keys come before an address. */
export function keysOf(rule: Fields): string {
  const inline = textAt(rule, "jwks");
  if (inline) return `jwks ${inline}`;
  const uri = textAt(rule, "jwksUri") ?? textAt(rule, "jwks_uri");
  return uri ? `uri ${uri}` : `discovery ${textAt(rule, "issuer") ?? ""}`;
}

function placesOf(rule: Fields): Pick<JwtRule, "headers" | "params" | "cookies"> {
  const headers = mapsOf(rule.fromHeaders).map((entry) => ({
    name: (textAt(entry, "name") ?? "").toLowerCase(),
    prefix: textAt(entry, "prefix") ?? "",
  }));
  const params = scalars(rule.fromParams);
  const cookies = scalars(rule.fromCookies);
  if (headers.length + params.length + cookies.length > 0) return { headers, params, cookies };
  return {
    headers: [{ name: "authorization", prefix: "Bearer " }],
    params: ["access_token"],
    cookies: [],
  };
}

function scalars(value: unknown): string[] {
  return listOf(value).filter((item): item is string => typeof item === "string");
}
