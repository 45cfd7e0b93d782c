// Before a group is migrated: requests made from its resources get the same decisions from the
// model of what runs today and from the real jwt-auth with what stays native.
import { authorizationInterest } from "../../compare/authorization.ts";
import { compare } from "../../compare/compare.ts";
import type { Comparison } from "../../compare/compare.ts";
import { Keyring } from "../../compare/keyring.ts";
import { pluginModels } from "../../compare/plugins.ts";
import { generate } from "../../compare/requests.ts";
import { collectedKinds, shown } from "../../compare/shown.ts";
import { workloadsFor } from "../../compare/workloads.ts";
import { parsePolicy } from "../../core/policy-parser.ts";
import { policyVersion } from "../../core/policy.ts";
import { textOf } from "../../core/problem.ts";
import { parse } from "../../core/source.ts";
import type { Manifest } from "../../core/source.ts";
import { yamlText } from "../../core/yaml-text.ts";
import { rbac } from "../../native/authorization/rbac.ts";
import { nativeDecider } from "../../native/decider.ts";
import { jwtAuthn } from "../../native/jwt/jwt-authn.ts";
import { refusalOf } from "../../validate/module-check.ts";
import { pluginsOf } from "../../validate/plugin.ts";
import type { Plugin } from "../../validate/plugin.ts";
import type { Context } from "../context.ts";
import type { Conversion, PlaceSettings } from "./conversion.ts";
import type { Obstacle } from "./obstacles.ts";
import { isWaypoint, scopeOf } from "./scope.ts";

/** Requests for all groups of one run together, and at least for each. */
const requestsTotal = 12_000;
const requestsLeast = 60;
const requestsMost = 2_500;

/** Why something stays that nobody had the time to compare. */
export const notProved =
  "there was no time left to compare it; give --seconds more, or migrate fewer files at once";

/**
 * Not the external authorizer: it stays as it is, and what it refuses would hide what else differs.
 */
const models = [jwtAuthn, rbac];

/** Undefined when nothing is weaker; what is stricter or different goes into the report. */
export function prove(
  context: Context,
  conversion: Conversion,
  groups: number,
): Obstacle | undefined {
  const { group, places, policies } = conversion;
  const [first] = group.authentications;
  context.bounds.onProof?.(first!.manifest.title);
  const before = [...group.authentications, ...group.readers, ...group.others].map(
    ({ manifest }) => manifest,
  );
  const failed = (why: string): Obstacle => ({ manifest: first!.manifest, path: ["spec"], why });
  const plugins: Plugin[] = [];
  for (const place of places) {
    const refusal = refusalOf("jwt-auth", place.settings, {});
    if (refusal) return failed(`jwt-auth would refuse /${refusal.path.join("/")}: ${refusal.what}`);
    plugins.push(...pluginsFor(place));
  }
  const replaced = new Set(policies.filter(({ isNew }) => !isNew).map(({ source }) => source));
  const staying = [...group.readers, ...group.others]
    .map(({ manifest }) => manifest)
    .filter((manifest) => !replaced.has(manifest));
  const after = [...staying, ...parsed(policies.map(({ value }) => value))];
  // Headers that say whether claims match are new by intention; the report says so once.
  const ignored = new Set(places.flatMap(({ matchHeaders }) => matchHeaders));
  const result = comparison(context, before, after, plugins, groups, ignored);
  const [weaker] = result.rows.filter(({ outcome }) => outcome === "weaker");
  if (weaker) return failed(`its proof failed: ${shown(weaker)}`);
  if (!result.isComplete) return failed(notProved);
  for (const row of collectedKinds(result.rows))
    context.report.changed(first!.manifest, ["spec", "jwtRules"], `${row.outcome}: ${shown(row)}`);
  context.proofs.push({ title: first!.manifest.title, result });
  return undefined;
}

function comparison(
  context: Context,
  before: Manifest[],
  after: Manifest[],
  plugins: Plugin[],
  groups: number,
  ignoredHeaders: ReadonlySet<string>,
): Comparison {
  const keyring = new Keyring();
  const { mesh } = context;
  const scopes = [...before, ...after].map((manifest) => scopeOf(context, manifest));
  const workloads = workloadsFor(
    scopes,
    mesh,
    (attachment) =>
      scopes.find((scope) => scope.labels === attachment.labels)?.kind === "gateway"
        ? "gateway"
        : "sidecar",
    (namespace, name) => isWaypoint(context, namespace, name),
  );
  const running = pluginModels(plugins, keyring);
  const interests = [before, after].map((resources) =>
    authorizationInterest(resources, workloads, mesh, keyring),
  );
  const max = Math.min(Math.max(Math.floor(requestsTotal / groups), requestsLeast), requestsMost);
  try {
    return compare(
      nativeDecider(models, before, mesh),
      nativeDecider([...models, ...running.models], after, mesh),
      generate(interests, { max, isSpread: true }),
      { ignoredHeaders, deadlineMillis: context.bounds.deadlineMillis },
    );
  } finally {
    running.close();
  }
}

function pluginsFor({ scope, placement, name, settings }: PlaceSettings): Plugin[] {
  const [manifest] = parsed([
    {
      apiVersion: policyVersion,
      kind: "Policy",
      metadata: { name: "proof", namespace: scope.namespace },
      spec: { placement, image: { repository: "example.com/proof" }, "jwt-auth": settings },
    },
  ]);
  const { policy, findings } = parsePolicy(manifest!);
  if (!policy) throw new Error(`${name}: ${findings.map(textOf).join("; ")}`);
  return pluginsOf(policy, "WasmPlugin", new Date(0)).plugins;
}

function parsed(values: readonly object[]): Manifest[] {
  if (values.length === 0) return [];
  return parse(yamlText(values.map((value) => ({ value }))), "migrated").manifests;
}
