// Each field of RequestAuthentication and AuthorizationPolicy by hand: what it asks, and the status
// that requests at its boundaries get. The model, what migrate makes of it, and Istio's own filters
// are held to one table.
import type { Decision, NativeRequest } from "../../../deploy/native/types.ts";
import type { Ask } from "../authorization.ts";

export interface FieldCase {
  /** The field, and what is special. */
  name: string;
  /** `jwtRules[0]` beside issuer and keys. */
  rule?: Record<string, unknown>;
  /** `jwtRules` behind the first, of other issuers. */
  moreRules?: Record<string, unknown>[];
  /** `jwtRules` of a second RequestAuthentication for the same workloads, in the root namespace. */
  wideRules?: Record<string, unknown>[];
  policies: Policy[];
  asks: [ask: Ask, status: number][];
  /** Headers that the service sees after the first request; an empty text for none. */
  seen?: Record<string, string>;
}

export interface Policy {
  action?: string;
  provider?: string;
  namespace?: string;
  selector?: Record<string, string> | null;
  isDryRun?: boolean;
  targetRefs?: Record<string, string>[];
  rules?: unknown[];
}

/** Trust domain, aliases and authorizers of the mesh that the table is about. */
export const meshConfig = {
  trustDomain: "corp.example",
  trustDomainAliases: ["old.example"],
  extensionProviders: ["opa", "other"],
};

/** What the external authorizer answers. */
export const authorizerStatus = 418;

export const issuer = "https://a.example.com";
export const secondIssuer = "https://b.example.com";

export const from = (source: object): Policy => ({ rules: [{ from: [{ source }] }] });
export const to = (operation: object): Policy => ({ rules: [{ to: [{ operation }] }] });
export const when = (key: string, condition: object): Policy => ({
  rules: [{ when: [{ key, ...condition }] }],
});
export const everything: Policy = { rules: [{}] };
export const anyToken = from({ requestPrincipals: ["*"] });

export const spiffe = (name: string): Ask => ({ peer: `spiffe://${name}` });
export const claims = (token: Record<string, unknown>): Ask => ({ token });
export const nobody: Ask = {};

/** The resources of a case, as documents. */
export function documentsOf(each: FieldCase): object[] {
  const { rule = {}, moreRules = [], wideRules = [], policies } = each;
  const keys = (url: string) => ({ jwksUri: `${url}/keys` });
  const rules = [
    { issuer, ...keys(issuer), ...rule },
    ...moreRules.map((more) => ({ ...more, ...keys(more.issuer as string) })),
  ];
  const api = { matchLabels: { app: "api" } };
  const authentication = (name: string, namespace: string, jwtRules: object[]) => ({
    apiVersion: "security.istio.io/v1",
    kind: "RequestAuthentication",
    metadata: { name, namespace },
    spec: { selector: api, jwtRules },
  });
  const wide = wideRules.map((more) => ({ ...more, ...keys(`${more.issuer as string}/all`) }));
  return [
    authentication("tokens", "shop", rules),
    ...(wide.length > 0 ? [authentication("all-tokens", "istio-system", wide)] : []),
    ...policies.map(policyDocument),
  ];
}

function policyDocument(policy: Policy, at: number): object {
  const { action, provider, namespace = "shop", selector, isDryRun, targetRefs, rules } = policy;
  const isRoot = namespace !== "shop";
  const wanted = selector === undefined && !isRoot ? { app: "api" } : selector;
  return {
    apiVersion: "security.istio.io/v1",
    kind: "AuthorizationPolicy",
    metadata: {
      name: `policy-${at}`,
      namespace,
      ...(isDryRun && { annotations: { "istio.io/dry-run": "true" } }),
    },
    spec: {
      ...(wanted && { selector: { matchLabels: wanted } }),
      ...(targetRefs && { targetRefs }),
      ...(action !== undefined && { action }),
      ...(provider !== undefined && { provider: { name: provider } }),
      ...(rules && { rules }),
    },
  };
}

/**
 * What the service sees under a name, the first of several; `:path` is the path. Empty for nothing.
 */
export function seenIn(request: NativeRequest, decision: Decision, name: string): string {
  if (name === ":path") return decision.effects?.path ?? request.path;
  return decision.headers?.find(([known]) => known === name)?.[1] ?? "";
}
