// RequestAuthentication → jwt-auth providers. Istio's meaning is kept: no token passes, a bad one does not.
import type { Manifest, Path } from "../core/source.ts";
import { listOf, placementFor } from "./context.ts";
import type { Context } from "./context.ts";
import { slug } from "./drafts.ts";
import type { Draft } from "./drafts.ts";
import { mayMeet } from "../validate/overlap.ts";

/** Fields that have the same name and meaning on both sides. */
const same = [
  "issuer",
  "audiences",
  "jwksUri",
  "jwks",
  "fromParams",
  "fromCookies",
  "outputPayloadToHeader",
  "outputClaimToHeaders",
  "forwardOriginalToken",
  "timeout",
] as const;

/** Istio splits these claims at blanks whatever the rule says (release 1.28). */
const alwaysSplit = ["scope", "permission"];

export function migrateRequestAuthentication(context: Context, manifest: Manifest): void {
  const { report } = context;
  const rules = listOf(manifest.value.spec?.jwtRules);
  const placement = placementFor(context, manifest);
  if (rules.length === 0) {
    report.kept(manifest, ["spec"], "it has no jwtRules, so there is nothing to check");
    return;
  }
  const draft = context.drafts.at(manifest.namespace, placement, manifest.name);
  const settings = draft.settings("jwt-auth", manifest, () => ({ providers: [], rules: [] }));
  rules.forEach((rule, at) =>
    addProvider(context, manifest, settings, rule, ["spec", "jwtRules", at]),
  );
  report.changed(
    manifest,
    ["kind"],
    "keys that cannot be had are 503 with Retry-After, not 401; Envoy's own JWT metadata (request.auth.*) is no longer set",
  );
  report.close(manifest);
}

function addProvider(
  context: Context,
  manifest: Manifest,
  settings: any,
  rule: any,
  at: Path,
): void {
  const { report } = context;
  const provider: any = { name: nameFor(settings, rule) };
  for (const key of same) {
    if (rule[key] === undefined) continue;
    provider[key] = rule[key];
    report.carried(manifest, [...at, key], `jwt-auth.providers "${provider.name}" ${key}`);
  }
  if (rule.jwks_uri !== undefined && provider.jwksUri === undefined) {
    provider.jwksUri = rule.jwks_uri;
    report.carried(manifest, [...at, "jwks_uri"], "jwksUri");
  }
  if (rule.fromHeaders !== undefined) {
    provider.fromHeaders = listOf(rule.fromHeaders).map(({ name, prefix }) => ({
      name,
      ...(prefix !== undefined && { prefix }),
    }));
    report.carried(manifest, [...at, "fromHeaders"], "fromHeaders");
  }
  provider.spaceDelimitedClaims = [
    ...new Set([...alwaysSplit, ...listOf(rule.spaceDelimitedClaims)]),
  ];
  if (rule.spaceDelimitedClaims)
    report.carried(manifest, [...at, "spaceDelimitedClaims"], "spaceDelimitedClaims");
  if (!provider.jwks && !provider.jwksUri) {
    provider.discovery = true;
    report.changed(
      manifest,
      [...at, "issuer"],
      "discovery: the proxy reads the issuer's OpenID document, istiod no longer does",
    );
  } else if (provider.jwksUri) {
    report.changed(
      manifest,
      [...at, "jwksUri"],
      "the proxy fetches the keys itself: render adds the ServiceEntry and DestinationRule for the host",
    );
  }
  settings.providers.push(provider);
}

/** From the issuer's host, unique within the policy. */
function nameFor(settings: any, rule: any): string {
  const issuer = String(rule.issuer ?? rule.jwksUri ?? "issuer");
  return freeName(
    settings.providers,
    slug(URL.canParse(issuer) ? new URL(issuer).hostname || issuer : issuer),
  );
}

/** What any provider of the policy satisfies. */
export function anyProvider(settings: any): any {
  const providers: any[] = settings.providers.map(({ name }: any) => ({ provider: name }));
  return providers.length === 1 ? providers[0] : { anyOf: providers };
}

/**
 * Istio joins all RequestAuthentications of a workload. Two policies that meet in a proxy each
 * run by themselves there, so each is given the providers of the other, lest it refuse tokens
 * that only the other knows.
 */
export function shareProviders(context: Context): void {
  const drafts = context.drafts.all().filter((draft) => draft.filters["jwt-auth"]);
  const before = drafts.map((draft) => [...draft.filters["jwt-auth"].providers]);
  drafts.forEach((draft, at) => {
    drafts.forEach((other, index) => {
      if (at === index || !mayMeet(draft.scope, other.scope)) return;
      const own: any[] = draft.filters["jwt-auth"].providers;
      const more = before[index]!.filter(
        ({ issuer }: any) => !own.some((provider) => provider.issuer === issuer),
      );
      own.push(
        ...more.map((provider: any) => ({ ...provider, name: freeName(own, provider.name) })),
      );
      for (const source of other.sources.filter(({ kind }) => kind === "RequestAuthentication"))
        context.report.changed(
          source,
          ["spec"],
          `some of its proxies run policy "${draft.name}" too: both have the same providers, lest one refuse the other's tokens, and both leave the token on the request (forwardOriginalToken)`,
        );
      for (const provider of own) provider.forwardOriginalToken = true;
    });
  });
}

function freeName(providers: any[], wanted: string): string {
  const taken = new Set(providers.map(({ name }) => name));
  let name = wanted;
  for (let number = 2; taken.has(name); number++) name = `${wanted}-${number}`;
  return name;
}

/** The last rule of each policy: Istio's "a token, if there is one, must be good". */
export function closeRules(draft: Draft): void {
  const settings = draft.filters["jwt-auth"];
  if (settings)
    settings.rules.push({ name: "rest", requires: anyProvider(settings), allowMissing: true });
}
