// A policy beside the cluster: what it renders to, what is there already, what would have to go.
import { marksIn } from "../core/migrated.ts";
import type { Policy } from "../core/policy.ts";
import { titleOf } from "../core/resource.ts";
import type { Api, Header, Resource } from "../core/resource.ts";
import { render } from "../render/render.ts";
import type { Cluster } from "./cluster.ts";
import { bare } from "./difference.ts";
import { fingerprint, readHistory } from "./history.ts";
import type { History, Revision, Subject } from "./history.ts";
import { companionsOf, isAsRead, nativesOf, noNatives } from "./natives.ts";
import type { Intent } from "./intent.ts";
import { isExtension } from "./steps.ts";
import { checkWatching, isReporting, reporting, reportOnly } from "./watching.ts";

/** The kinds that a policy may render; a resource of them that carries its labels belongs to it. */
const ownKinds: [apiVersion: string, kind: string][] = [
  ["extensions.istio.io/v1alpha1", "WasmPlugin"],
  ["extensions.istio.io/v1alpha1", "TrafficExtension"],
  ["networking.istio.io/v1", "VirtualService"],
  ["networking.istio.io/v1", "DestinationRule"],
  ["networking.istio.io/v1", "ServiceEntry"],
];

export interface PlanOptions {
  api: Api;
  /** What `after` in new settings counts from. */
  now: Date;
  /** The documents of the files that are no policies. */
  documents: readonly Resource[];
  /** All policies of the files. */
  policies: readonly Policy[];
  /** Plugins in `mode: report` only: nothing native goes or changes. */
  report?: boolean;
  force?: boolean;
}

/** Settings that were applied before keep the moment from which their schedule counts. */
export async function planFor(
  cluster: Cluster,
  policy: Policy,
  options: PlanOptions,
): Promise<Intent> {
  const { name, namespace } = policy;
  const { api, now, force, report } = options;
  const history = await readHistory(cluster, policy);
  const settings = fingerprint(policy.manifest.value);
  const last = history.revisions.at(-1);
  const start = last && last.settings === settings ? new Date(last.start) : now;
  const resources = report
    ? reportOnly(render(reporting(policy), { api, start }))
    : render(policy, { api, start });
  const live = await ownedBy(cluster, policy, history, resources);
  const marks = marksIn(policy.manifest.fields);
  const isReplacing = marks.replaces.length > 0;
  const isWatching = report || isReporting(policy, isReplacing);
  const mayOpen = report || (isWatching && isReplacing);
  if (mayOpen && !force) checkWatching(policy, live);
  const found = isWatching
    ? noNatives
    : await nativesOf(
        cluster,
        marks,
        companionsOf(policy, options.documents, options.policies),
        force,
      );
  const strangers = await strangersIn(cluster, resources);
  const before = [...strangers, ...found.originals];
  return {
    subject: { name, namespace },
    resources,
    // What only watches has no routes: those that are there stay.
    orphans: report ? [] : orphansAmong(live, resources),
    history,
    settings,
    start,
    cause: report ? "apply --report" : "apply",
    live,
    natives: { ...found, originals: withOlder(before, last) },
    taken: new Set(strangers.filter((one) => isAsRead(marks, one)).map(titleOf)),
  };
}

/** A native resource is recorded as the cluster had it last, before it was ours. */
export function withOlder(before: readonly Resource[], last: Revision | undefined): Resource[] {
  const all = [...(last?.originals ?? []), ...before];
  return [...new Map(all.map((one) => [titleOf(one), one])).values()];
}

/** What others made and a policy writes over: it comes back with `rollback --to native`. */
async function strangersIn(cluster: Cluster, resources: readonly Resource[]): Promise<Resource[]> {
  const live = await Promise.all(
    resources.filter((one) => !isExtension(one)).map((one) => cluster.read(one)),
  );
  return live.flatMap((one) => (one && !isOurs(one) ? [bare(one)] : []));
}

function isOurs({ metadata }: Resource): boolean {
  return metadata.labels?.["app.kubernetes.io/managed-by"] === "gatehouse";
}

/** What the cluster has of a policy beyond `resources`. */
export function orphansAmong(live: readonly Resource[], resources: readonly Resource[]): Header[] {
  const wanted = new Set(resources.map(keyOf));
  return live
    .filter((resource) => !wanted.has(keyOf(resource)))
    .map(({ apiVersion, kind, metadata }) => ({
      apiVersion,
      kind,
      metadata: { name: metadata.name, namespace: metadata.namespace },
    }));
}

/**
 * What the cluster has of a policy, in every namespace that any of its revisions used: no
 * cluster-wide right is needed.
 */
export async function ownedBy(
  cluster: Cluster,
  subject: Subject,
  history: History,
  resources: Resource[] = [],
): Promise<Resource[]> {
  const all = [...resources, ...history.revisions.flatMap((revision) => revision.resources)];
  const namespaces = new Set([
    subject.namespace,
    ...all.map(({ metadata }) => String(metadata.namespace)),
  ]);
  const lists = [...namespaces].flatMap((namespace) =>
    ownKinds.map(([apiVersion, kind]) =>
      cluster.list(apiVersion, kind, selectorOf(subject), namespace),
    ),
  );
  return (await Promise.all(lists)).flatMap((list) => list ?? []);
}

/** The label selector of everything that belongs to a policy. */
function selectorOf({ name, namespace }: Subject): string {
  return `app.kubernetes.io/managed-by=gatehouse,gatehouse.dev/policy=${name},gatehouse.dev/policy-namespace=${namespace}`;
}

export function keyOf({ kind, metadata }: Resource): string {
  return [kind, metadata.namespace ?? "", metadata.name].join("\0");
}
