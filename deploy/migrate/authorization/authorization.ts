// RequestAuthentication → jwt-auth, and AuthorizationPolicies with conditions on headers that
// jwt-auth sets. A group that cannot be said exactly, or whose proof fails, stays native as it is.
import { besideAnnotation, policiesAnnotation } from "../../core/migrated.ts";
import type { Manifest } from "../../core/source.ts";
import { textAt } from "../../core/value.ts";
import type { Context, Rewritten } from "../context.ts";
import { byAge } from "../../native/jwt/rules.ts";
import { Cursor } from "../cursor.ts";
import { referenceTo } from "../drafts.ts";
import type { Draft } from "../drafts.ts";
import type { Resource as Document } from "../../core/resource.ts";
import type { Resource } from "../resource.ts";
import { groupsOf } from "./group.ts";
import type { Group, Placed } from "./group.ts";
import { MatchHeaders } from "./match-headers.ts";
import type { Conversion, PlaceSettings } from "./conversion.ts";
import { obstacleOf } from "./obstacles.ts";
import type { Obstacle } from "./obstacles.ts";
import { prove } from "./proof.ts";
import { providerOf } from "./provider.ts";
import { copyFor, rewritten } from "./rewrite.ts";
import { readsToken, tokenParts } from "./rule.ts";
import { covers, intersection, isSameScope, mayMeet, placementOf } from "./scope.ts";
import type { Scope } from "./scope.ts";

/** The native filter takes what fits into a request; jwt-auth as much as it can be told to. */
const tokenBytesMax = 65_536;

export function migrateAuthorization(context: Context): void {
  const groups = groupsOf(context);
  for (const group of groups) {
    const outcome = obstacleOf(context, group) ?? converted(context, group);
    if ("places" in outcome) {
      const failed = prove(context, outcome, groups.length);
      if (failed) keep(context, group, failed);
      else commit(context, outcome);
    } else keep(context, group, outcome);
  }
  for (const policy of context.ofKind("security.istio.io", "AuthorizationPolicy"))
    reportOther(context, policy);
  for (const manifest of context.ofKind("security.istio.io", "RequestAuthentication"))
    if (!context.report.mentions(manifest))
      context.report.kept(manifest, ["spec"], "it has no jwtRules: it asks for nothing");
}

function converted(context: Context, group: Group): Conversion | Obstacle {
  const scopes = group.authentications
    .map(({ scope }) => scope)
    .filter((scope, at, all) => all.findIndex((each) => isSameScope(each, scope)) === at);
  const headers = new Map(scopes.map((scope) => [scope, new MatchHeaders()]));
  const policies: Rewritten[] = [];
  for (const reader of group.readers) {
    const made = policiesFor(context, reader, headers);
    if (!made)
      return { manifest: reader.manifest, path: ["spec"], why: "a condition names no claim" };
    policies.push(...made);
  }
  const places = scopes.map((scope) => placeFor(context, group, scope, headers.get(scope)!));
  return { group, places, policies };
}

/** In place where every workload of the policy has the token; else a copy where it has. */
function policiesFor(
  context: Context,
  { manifest, scope }: Placed,
  headers: ReadonlyMap<Scope, MatchHeaders>,
): Rewritten[] | undefined {
  const near = [...headers].filter(([each]) => mayMeet(context, each, scope));
  const covering = near.find(([each]) => covers(context, each, scope));
  if (covering) {
    const value = rewritten(manifest, covering[1]);
    return value && [{ value, source: manifest, isNew: false }];
  }
  const made: Rewritten[] = [];
  for (const [at, [each, own]] of near.entries()) {
    const name = `${manifest.name}-jwt${near.length > 1 ? `-${at + 1}` : ""}`;
    const value = copyFor(manifest, own, intersection(context, each, scope)!, name);
    if (!value) return undefined;
    made.push({ value, source: manifest, isNew: true });
  }
  return made;
}

function placeFor(
  context: Context,
  group: Group,
  scope: Scope,
  headers: MatchHeaders,
): PlaceSettings {
  const sources = byAge(
    group.authentications
      .filter((each) => isSameScope(each.scope, scope))
      .map(({ manifest }) => manifest),
  );
  const rules = sources
    .flatMap((manifest) => Cursor.of(manifest, context.trial).at("spec", "jwtRules").items)
    .sort((a, b) => compareTexts(a.at("issuer").text ?? "", b.at("issuer").text ?? ""));
  const providers: Resource[] = [];
  for (const rule of rules) {
    const names = providers.map(({ name }) => name as string);
    providers.push(providerOf(rule, names));
  }
  if (headers.entries.length > 0)
    for (const provider of providers) provider.outputMatchToHeaders = headers.entries;
  const isRequired = rules.some((rule) => rule.at("presence").text === "REQUIRED");
  const [first] = providers.map(({ name }) => ({ provider: name as string }));
  const requires =
    providers.length === 1 ? first : { anyOf: providers.map(({ name }) => ({ provider: name })) };
  return {
    scope,
    placement: placementOf(context, scope)!,
    name: sources[0]!.name,
    sources,
    matchHeaders: [...new Set(headers.entries.map(({ header }) => header))],
    settings: {
      providers,
      rules: [{ name: "rest", requires, ...(!isRequired && { allowMissing: true }) }],
      cache: { maxTokenBytes: tokenBytesMax },
    },
  };
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The whole group stays: what it needs of each other would be gone else. */
function keep(context: Context, { authentications, readers }: Group, found: Obstacle): void {
  const { report } = context;
  const [place] = found.path.length > 1 ? [found.path] : [];
  if (place) report.kept(found.manifest, place, found.why);
  for (const { manifest } of authentications)
    report.kept(
      manifest,
      ["spec"],
      manifest === found.manifest && !place
        ? `it stays native: ${found.why}`
        : `it stays native, because of ${found.manifest.title}: ${found.why}`,
    );
  for (const { manifest } of readers)
    report.kept(
      manifest,
      ["spec"],
      manifest === found.manifest && !place
        ? `it stays native: ${found.why}`
        : `it stays native, as does the RequestAuthentication that it needs (${found.manifest.title}: ${found.why})`,
    );
}

function commit(context: Context, { group, places, policies }: Conversion): void {
  const { report } = context;
  const drafts: Draft[] = [];
  for (const place of places) {
    reportStatus(context, place);
    const draft = context.drafts.at(place.scope.namespace, place.placement, place.name);
    drafts.push(draft);
    for (const source of place.sources) {
      draft.settings("jwt-auth", source, () => place.settings);
      draft.replaces.push(source);
      if (place.matchHeaders.length > 0)
        report.changed(
          source,
          ["spec"],
          `the service also sees ${place.matchHeaders.join(", ")}: "true" when the token meets a condition of a policy`,
        );
    }
  }
  for (const { manifest, scope } of group.authentications) {
    reportScope(context, manifest, scope);
    for (const rule of Cursor.of(manifest, report).at("spec", "jwtRules").items) {
      providerOf(rule, []);
      if (rule.at("presence").exists) rule.at("presence").carried("allowMissing, or not");
    }
    report.close(manifest);
    context.replaced.push(manifest);
  }
  for (const { value, source, isNew } of policies) {
    annotate(value, drafts, isNew ? source : undefined);
    context.rewritten.push({ value, source, isNew });
    for (const draft of drafts) draft.rewrites.push({ value, source });
    reportPolicy(context, source, value, isNew);
  }
}

/** Notes the policies that set the headers of a rewritten resource. */
function annotate(value: Document, drafts: readonly Draft[], beside: Manifest | undefined): void {
  const policies = drafts.map(({ namespace, name }) => `${namespace}/${name}`).join(" ");
  const { name, namespace, labels, annotations } = value.metadata;
  const own: Record<string, string> = {
    ...annotations,
    [policiesAnnotation]: policies,
    ...(beside && { [besideAnnotation]: referenceTo(beside) }),
  };
  // kubectl keeps a copy of what was applied there, which is no longer true.
  delete own["kubectl.kubernetes.io/last-applied-configuration"];
  value.metadata = { name, namespace, ...(labels && { labels }), annotations: own };
}

/** Only where no provider accepts, and one has reasons of another status than the others. */
function reportStatus({ report }: Context, { sources, settings }: PlaceSettings): void {
  const providers = settings.providers as Resource[];
  if (providers.length === 1 || !providers.some(({ audiences }) => audiences)) return;
  for (const source of sources)
    report.changed(
      source,
      ["spec", "jwtRules"],
      "a request with several bad tokens is refused as before, but may get 401 for 403 or 403 for 401",
    );
}

function reportScope({ report }: Context, manifest: Manifest, scope: Scope): void {
  for (const key of ["selector", "targetRefs", "targetRef"])
    if (manifest.at("spec", key) !== undefined)
      report.carried(manifest, ["spec", key], "placement");
  if (scope.refs.length > 0 || scope.kind === "gateway") return;
  report.changed(
    manifest,
    ["kind"],
    "the plugin runs at sidecars: if one of these workloads is a gateway, keep the RequestAuthentication",
  );
}

function reportPolicy(context: Context, source: Manifest, value: Document, isNew: boolean): void {
  const { report } = context;
  const name = `${value.metadata.namespace}/${value.metadata.name}`;
  for (const part of tokenParts(source))
    report.carried(
      source,
      part.path,
      isNew
        ? `AuthorizationPolicy ${name}: the same rule for the workloads with jwt-auth, on a header that it sets`
        : "a condition on a header that jwt-auth sets when the token meets it",
    );
  report.kept(
    source,
    ["spec"],
    isNew
      ? "it stays for all its workloads: where no token is checked its conditions on one are never met"
      : "everything else in it stays as it is, in a rewritten AuthorizationPolicy",
  );
}

function reportOther(context: Context, policy: Manifest): void {
  if (context.report.mentions(policy)) return;
  const action = textAt(policy.at("spec"), "action") ?? "ALLOW";
  const why = readsToken(policy)
    ? "it stays native: no RequestAuthentication for any of its workloads was read, so nobody knows whose tokens it means"
    : action === "CUSTOM"
      ? "it stays native: its external authorizer is asked before jwt-auth runs"
      : action === "AUDIT"
        ? "it stays native: it marks requests, and asks for no token"
        : "it stays native: it asks for no token, and Envoy's RBAC runs after jwt-auth";
  context.report.kept(policy, ["spec"], why);
}
