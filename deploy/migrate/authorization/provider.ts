// One `jwtRules` entry as a provider of jwt-auth that finds and accepts the same tokens.
import { keysIn } from "../../compare/keyring.ts";
import { textAt } from "../../core/value.ts";
import type { Cursor } from "../cursor.ts";
import { slug } from "../drafts.ts";
import type { Resource } from "../resource.ts";

/** Fields that have the same name and meaning on both sides. */
const same = ["issuer", "audiences", "forwardOriginalToken", "timeout"] as const;

/** Fields of Istio's API up to 1.32; anything else may mean anything. */
const known = new Set<string>([
  ...same,
  "outputPayloadToHeader",
  "jwksUri",
  "jwks_uri",
  "jwks",
  "fromHeaders",
  "fromParams",
  "fromCookies",
  "outputClaimToHeaders",
  "spaceDelimitedClaims",
  "presence",
]);

/** Istio splits these claims at blanks whatever the rule says (release 1.28). */
const alwaysSplit = ["permission", "scope"];

/** The first field that nobody here knows. */
export function unknownField(rule: Cursor): Cursor | undefined {
  return rule.entries.find(([key]) => !known.has(key))?.[1];
}

export function providerOf(rule: Cursor, taken: readonly string[]): Resource {
  const provider: Resource = { name: nameFor(rule, taken), tokenSearch: "envoy" };
  for (const key of same) {
    const field = rule.at(key);
    if (!field.exists || field.raw === "" || field.raw === false) continue;
    provider[key] = field.raw;
    field.carried(`jwt-auth.providers "${provider.name}" ${key}`);
  }
  addKeys(rule, provider);
  addPlaces(rule, provider);
  addOutputs(rule, provider);
  const split = rule.at("spaceDelimitedClaims");
  provider.spaceDelimitedClaims = [...new Set([...alwaysSplit, ...split.texts])];
  if (split.exists) split.carried("spaceDelimitedClaims");
  return provider;
}

function addKeys(rule: Cursor, provider: Resource): void {
  const inline = rule.at("jwks");
  const uri = rule.at("jwksUri");
  if (inline.text) {
    provider.jwks = inline.text;
    const algorithms = algorithmsOf(inline.text);
    if (algorithms) provider.algorithms = algorithms;
    inline.carried(algorithms ? "jwks, with algorithms: a secret must be asked for" : "jwks");
    if (uri.text) uri.kept("Istio does not use it beside jwks, and neither does jwt-auth");
  } else if (uri.text) {
    provider.jwksUri = uri.text;
    uri.changed(
      "the proxy fetches the keys itself, istiod no longer does: render adds the ServiceEntry and DestinationRule for the host; without keys the answer is 503, not 401",
    );
  } else {
    provider.discovery = true;
    rule
      .at("issuer")
      .changed(
        "discovery: the proxy reads the issuer's OpenID document, istiod no longer does; without keys the answer is 503, not 401",
      );
  }
}

const publicAlgorithms: Record<string, readonly string[]> = {
  RSA: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  EC: ["ES256", "ES384", "ES512"],
  OKP: ["EdDSA"],
  oct: ["HS256", "HS384", "HS512"],
};

/** Those of the keys in a set with a secret: jwt-auth takes HMAC only where it is listed. */
function algorithmsOf(set: string): string[] | undefined {
  const types = keysIn(set).map((jwk) => textAt(jwk, "kty") ?? "");
  if (!types.includes("oct")) return undefined;
  return [...new Set(types.flatMap((type) => publicAlgorithms[type] ?? []))];
}

/** Envoy looks at places in the order of their names; so does the list here. */
function addPlaces(rule: Cursor, provider: Resource): void {
  const headers = rule.at("fromHeaders").items.map((item) => ({
    name: item.at("name").text ?? "",
    ...(item.at("prefix").text && { prefix: item.at("prefix").text }),
  }));
  if (headers.length > 0) {
    const key = ({ name, prefix = "" }: { name: string; prefix?: string }) =>
      name.toLowerCase() + prefix;
    provider.fromHeaders = headers.sort((a, b) => (key(a) < key(b) ? -1 : 1));
    rule.at("fromHeaders").carried("fromHeaders");
  }
  for (const list of ["fromParams", "fromCookies"] as const) {
    const { texts } = rule.at(list);
    if (texts.length === 0) continue;
    provider[list] = texts.sort();
    rule.at(list).carried(list);
  }
}

function addOutputs(rule: Cursor, provider: Resource): void {
  const payload = rule.at("outputPayloadToHeader");
  if (payload.text) {
    provider.outputPayloadToHeader = payload.text;
    payload.changed("the same value; of several tokens in one request the first one's alone");
  }
  const outputs = rule.at("outputClaimToHeaders");
  if (!outputs.exists) return;
  provider.outputClaimToHeaders = outputs.items.map((item) => {
    const claim = item.at("claim").text ?? "";
    const header = item.at("header").text ?? "";
    if (!claim.includes("://")) return { header, claim };
    item
      .at("claim")
      .kept(
        `Envoy reads the dots of ${claim} as nesting and never finds the claim; neither does jwt-auth with this list. Write ["${claim}"] to have the claim`,
      );
    return { header, claim: claim.split(".") };
  });
  outputs.changed(
    "a text, true, false or a whole number from 0 on is the same header; a list or map is JSON here and base64 of JSON natively, -5 is natively -5.000000, and of several tokens in one request the first one's alone is written",
  );
}

/** From the issuer's host, unique within the policy. */
function nameFor(rule: Cursor, taken: readonly string[]): string {
  const issuer = rule.at("issuer").text || rule.at("jwksUri").text || "issuer";
  const wanted = slug(URL.canParse(issuer) ? new URL(issuer).hostname || issuer : issuer);
  let name = wanted;
  for (let number = 2; taken.includes(name); number++) name = `${wanted}-${number}`;
  return name;
}
