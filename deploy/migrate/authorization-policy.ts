// AuthorizationPolicy: what it says about tokens goes into jwt-auth's rules; the rest stays with
// Envoy's RBAC, which runs after jwt-auth. A policy that loses a condition is written anew
// without it.
import type { Manifest, Path } from "../core/source.ts";
import { usesOfRequestAuth } from "../validate/cross-checks.ts";
import { covers, mayMeet } from "../validate/overlap.ts";
import type { Scope } from "../validate/overlap.ts";
import { claimRules } from "./claim-conditions.ts";
import { listOf, placementFor } from "./context.ts";
import type { Context } from "./context.ts";
import type { Draft } from "./drafts.ts";
import { anyOf, hostsMatch, wildcardRegex } from "./matchers.ts";
import { anyProvider } from "./request-authentication.ts";

/** A rule of jwt-auth in the making, by what it does: the order depends on it. */
interface Ordered {
  kind: "open" | "claims" | "denial";
  rule: any;
}

/**
 * All policies that read token data, into the drafts of the RequestAuthentications they belong
 * to.
 */
export function migrateAuthorizationPolicies(context: Context): void {
  const policies = context.ofKind("security.istio.io", "AuthorizationPolicy");
  const readers = new Set(policies.filter((policy) => usesOfRequestAuth(policy).length > 0));
  for (const draft of context.drafts.all()) {
    if (!draft.filters["jwt-auth"]) continue;
    const own = policies.filter((policy) => covers(scopeOf(policy), draft.scope));
    if (!own.some((policy) => readers.has(policy))) continue;
    const ordered = own.flatMap((policy) => rulesOf(context, draft, policy, readers));
    draft.filters["jwt-auth"].rules.push(...inOrder(ordered));
  }
  for (const policy of policies) {
    const isTaken = context.report.speaksOf(policy);
    if (isTaken) context.report.close(policy);
    else if (readers.has(policy))
      context.report.lost(
        policy,
        ["spec"],
        "no RequestAuthentication for the same workload was read, so its issuers are unknown",
      );
    else
      context.report.kept(
        policy,
        ["spec"],
        "it asks for no token: Envoy's RBAC goes on enforcing it, after jwt-auth",
      );
  }
}

/**
 * Policies for some of the workloads of a RequestAuthentication: each such set of workloads gets
 * a draft of its own.
 */
export function splitDrafts(context: Context): void {
  const drafts = context.drafts.all().filter((draft) => draft.filters["jwt-auth"]);
  for (const policy of context.ofKind("security.istio.io", "AuthorizationPolicy")) {
    if (usesOfRequestAuth(policy).length === 0) continue;
    const scope = scopeOf(policy);
    if (
      drafts.some((draft) => covers(scope, draft.scope)) ||
      !drafts.some((draft) => mayMeet(scope, draft.scope))
    )
      continue;
    const draft = context.drafts.at(policy.namespace, placementFor(context, policy), policy.name);
    draft.settings("jwt-auth", policy, () => ({ providers: [], rules: [] }));
  }
}

function scopeOf({ value, namespace }: Manifest): Scope {
  return {
    namespace,
    selector: value.spec?.selector?.matchLabels,
    targetRefs: value.spec?.targetRefs,
  };
}

/**
 * The first rule that matches decides. Istio's DENY goes first and its ALLOWs are alternatives:
 * what needs no token comes first, unless a denial might mean the same requests; a denial only
 * asks for a token, which claim rules ask for anyway.
 */
function inOrder(ordered: Ordered[]): any[] {
  const of = (kind: Ordered["kind"]) =>
    ordered.filter((each) => each.kind === kind).map(({ rule }) => rule);
  const denials = of("denial");
  const isDenied = (rule: any) => denials.some((denial) => mayOverlap(rule.match, denial.match));
  const open = of("open");
  return [
    ...open.filter((rule) => !isDenied(rule)),
    ...of("claims"),
    ...denials,
    ...open.filter(isDenied),
  ];
}

/** False only if no path can be meant by both. */
function mayOverlap(a: any[] | undefined, b: any[] | undefined): boolean {
  return (a ?? [{}]).some((one) => (b ?? [{}]).some((other) => !areDisjoint(one.uri, other.uri)));
}

function areDisjoint(a: any, b: any): boolean {
  if (!a || !b || a.invert || b.invert) return false;
  if (a.exact !== undefined && b.exact !== undefined) return a.exact !== b.exact;
  if (a.exact !== undefined && b.prefix !== undefined) return !a.exact.startsWith(b.prefix);
  if (a.prefix !== undefined && b.exact !== undefined) return !b.exact.startsWith(a.prefix);
  if (a.prefix !== undefined && b.prefix !== undefined)
    return !a.prefix.startsWith(b.prefix) && !b.prefix.startsWith(a.prefix);
  return false;
}

function rulesOf(
  context: Context,
  draft: Draft,
  policy: Manifest,
  readers: Set<Manifest>,
): Ordered[] {
  const action = String(policy.value.spec?.action ?? "ALLOW");
  const isReader = readers.has(policy);
  if (action !== "ALLOW" && action !== "DENY") return [];
  if (action === "DENY" && !isReader) return [];
  if (isReader && !context.report.speaksOf(policy)) placementFor(context, policy);
  const kept: any[] = [];
  const ordered = listOf(policy.value.spec?.rules).flatMap((rule, at): Ordered[] => {
    const path = ["spec", "rules", at];
    const made =
      action === "DENY"
        ? denial(context, draft, policy, rule, path)
        : admission(context, draft, policy, rule, path, isReader);
    kept.push(...made.kept);
    return made.ordered;
  });
  if (!isReader) return ordered;
  context.report.carried(policy, ["spec", "action"], "order of the rules");
  if (kept.length > 0 && !context.rewritten.some(({ source }) => source === policy)) {
    const { status: _status, ...value } = policy.value;
    context.rewritten.push({
      value: { ...value, spec: { ...value.spec, rules: kept } },
      source: policy,
    });
  }
  return ordered;
}

type Made = { ordered: Ordered[]; kept: any[] };

/**
 * ALLOW: the token half becomes a rule; RBAC keeps the other half. A rule without a token half
 * admits without one.
 */
function admission(
  context: Context,
  draft: Draft,
  policy: Manifest,
  rule: any,
  path: Path,
  isReader: boolean,
): Made {
  const match = matchesOf(context, policy, rule, path, isReader);
  const { claims, problems, rest } = claimRules(rule);
  if (!match && claims === undefined) {
    if (isReader)
      context.report.kept(
        policy,
        path,
        "it asks for no token: RBAC goes on enforcing it, after jwt-auth",
      );
    return { ordered: [], kept: [rule] };
  }
  if (!match || problems.length > 0) {
    for (const problem of problems)
      context.report.lost(policy, [...path, ...problem.path], problem.why);
    if (!match)
      context.report.lost(
        policy,
        path,
        "its conditions cannot be told to jwt-auth: the rule stays, and needs RequestAuthentication beside it",
      );
    return { ordered: [], kept: [rule] };
  }
  const settings = draft.filters["jwt-auth"];
  const name = `${policy.name}-${Number(path[2]) + 1}`;
  if (claims === undefined) {
    if (isReader)
      context.report.kept(
        policy,
        path,
        "RBAC goes on enforcing it; jwt-auth lets these requests pass without a token",
      );
    return {
      ordered: [
        {
          kind: "open",
          rule: {
            name,
            ...(match.length > 0 && { match }),
            requires: anyProvider(settings),
            allowMissing: true,
          },
        },
      ],
      kept: [rule],
    };
  }
  context.report.changed(
    policy,
    path,
    `jwt-auth rule "${name}": no token is 401, a wrong claim 403 insufficient_scope, where both were 403; the rest of the rule stays in a rewritten AuthorizationPolicy`,
  );
  return {
    ordered: [
      {
        kind: "claims",
        rule: {
          name,
          ...(match.length > 0 && { match }),
          requires: anyProvider(settings),
          ...(claims.length > 0 && { claims }),
        },
      },
    ],
    kept: [rest],
  };
}

/** DENY: only "deny whoever has no token" has a counterpart. */
function denial(context: Context, draft: Draft, policy: Manifest, rule: any, path: Path): Made {
  const sources = listOf(rule?.from).map((entry) => entry?.source ?? {});
  const isNoToken =
    sources.length === 1 &&
    Object.keys(sources[0]).length === 1 &&
    listOf(sources[0].notRequestPrincipals).join() === "*";
  const match =
    isNoToken && !rule.when ? matchesOf(context, policy, { to: rule.to }, path, true) : undefined;
  if (!match) {
    context.report.lost(
      policy,
      path,
      'jwt-auth only knows the denial of requests without a token (notRequestPrincipals: ["*"]); write a rule with claims and invert by hand',
    );
    return { ordered: [], kept: [rule] };
  }
  const name = `${policy.name}-${Number(path[2]) + 1}`;
  context.report.changed(policy, path, `jwt-auth rule "${name}": a missing token is 401, not 403`);
  const requires = anyProvider(draft.filters["jwt-auth"]);
  return {
    ordered: [{ kind: "denial", rule: { name, ...(match.length > 0 && { match }), requires } }],
    kept: [],
  };
}

/**
 * `to`, mTLS sources and addresses as a list of Match; undefined if some part has no counterpart.
 */
function matchesOf(
  context: Context,
  policy: Manifest,
  rule: any,
  path: Path,
  isReader: boolean,
): any[] | undefined {
  const operations = listOf(rule?.to).map((entry) => entry?.operation ?? {});
  const sources = listOf(rule?.from).map((entry) => entry?.source ?? {});
  const tos = operations.map(operationMatch);
  const froms = sources.map(sourceMatch);
  const conditions = listOf(rule?.when).filter(
    (entry) => !String(entry?.key).startsWith("request.auth."),
  );
  const whens = conditions.map(conditionMatch);
  const keys = whens.flatMap((when) => Object.keys(when ?? {}));
  const isTwice =
    new Set(keys).size < keys.length ||
    froms.some((from) => from && keys.some((key) => key in from));
  if (
    tos.includes(undefined) ||
    froms.includes(undefined) ||
    whens.includes(undefined) ||
    isTwice
  ) {
    if (!isReader) context.report.kept(policy, path, "RBAC goes on enforcing it");
    return undefined;
  }
  const whats = tos.length > 0 ? tos : [{}];
  const whos = froms.length > 0 ? froms : [{}];
  const when = Object.assign({}, ...whens);
  const matches = whats.flatMap((what) => whos.map((who) => ({ ...what, ...who, ...when })));
  // An empty Match admits everything: then the list has nothing to add.
  return matches.some((match) => Object.keys(match).length === 0) ? [] : matches;
}

/** `when` about the request itself, without the token; undefined if it has no counterpart. */
function conditionMatch({ key, values, notValues }: any): any {
  if (!Array.isArray(values ?? notValues) || (values && notValues)) return undefined;
  const header = /^request\.headers\[([^\]]+)\]$/.exec(String(key))?.[1];
  if (header) {
    const match = anyOf((values ?? notValues).map(String), Boolean(notValues));
    return { headers: { [header.toLowerCase()]: match } };
  }
  return ["source.ip", "remote.ip"].includes(key) && values
    ? { sourceAddresses: values }
    : undefined;
}

const operationKeys = new Set(["paths", "notPaths", "methods", "notMethods", "hosts", "notHosts"]);

function operationMatch(operation: any): any {
  if (Object.keys(operation).some((key) => !operationKeys.has(key))) return undefined;
  const { paths, notPaths, methods, notMethods, hosts, notHosts } = operation;
  if ((paths && notPaths) || (methods && notMethods) || (hosts && notHosts)) return undefined;
  const match: any = {};
  if (paths || notPaths) match.uri = anyOf(paths ?? notPaths, Boolean(notPaths));
  if (methods || notMethods) match.method = anyOf(methods ?? notMethods, Boolean(notMethods));
  if (hosts || notHosts) match.authority = hostsMatch(hosts ?? notHosts, Boolean(notHosts));
  return match;
}

const tokenKeys = new Set(["requestPrincipals", "notRequestPrincipals"]);
const sourceKeys = new Set([
  ...tokenKeys,
  "principals",
  "namespaces",
  "ipBlocks",
  "remoteIpBlocks",
]);

/**
 * Principals and namespaces are both read from the peer's SPIFFE identity, so both together are
 * one expression.
 */
function sourceMatch(source: any): any {
  if (Object.keys(source).some((key) => !sourceKeys.has(key))) return undefined;
  const { principals, namespaces, ipBlocks, remoteIpBlocks } = source;
  if (
    (ipBlocks && remoteIpBlocks) ||
    (principals &&
      namespaces &&
      !principals.every((one: string) =>
        namespaces.some((namespace: string) => one.includes(`/ns/${namespace}/`)),
      ))
  )
    return undefined;
  const match: any = {};
  if (principals)
    match.sourcePrincipals = [{ regex: `spiffe://(${principals.map(wildcardRegex).join("|")})` }];
  else if (namespaces)
    match.sourcePrincipals = [
      { regex: `spiffe://[^/]+/ns/(${namespaces.map(wildcardRegex).join("|")})/sa/.+` },
    ];
  if (ipBlocks ?? remoteIpBlocks) match.sourceAddresses = ipBlocks ?? remoteIpBlocks;
  return match;
}
