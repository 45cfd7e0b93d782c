// Brings a set of resources into the cluster as one step: first all of them on trial, then in order, then what is no
// longer wanted goes. Safe to run again at any point.
import { setTimeout as sleep } from "node:timers/promises";
import { ToolError, reasonOf } from "../problem.ts";
import type { Resource } from "../render/plugin.ts";
import { titleOf } from "./cluster.ts";
import type { Cluster, Header } from "./cluster.ts";

/** The kinds that a policy may render; a resource of them that carries its labels belongs to it. */
const ownKinds: [apiVersion: string, kind: string][] = [
  ["extensions.istio.io/v1alpha1", "WasmPlugin"],
  ["extensions.istio.io/v1alpha1", "TrafficExtension"],
  ["networking.istio.io/v1", "VirtualService"],
  ["networking.istio.io/v1", "DestinationRule"],
  ["networking.istio.io/v1", "ServiceEntry"],
];

export interface RolloutOptions {
  dryRun?: boolean;
  force?: boolean;
  progress(line: string): void;
}

export interface Rollout {
  applied: string[];
  removed: string[];
}

/** The label selector of everything that belongs to a policy. */
export function selectorOf({ name, namespace }: { name: string; namespace: string }): string {
  return `app.kubernetes.io/managed-by=gatehouse,gatehouse.dev/policy=${name},gatehouse.dev/policy-namespace=${namespace}`;
}

/** What the cluster has of a policy, in any namespace. */
export async function ownedBy(cluster: Cluster, subject: { name: string; namespace: string }): Promise<Resource[]> {
  const lists = await Promise.all(
    ownKinds.map(([apiVersion, kind]) => cluster.list(apiVersion, kind, selectorOf(subject))),
  );
  return lists.flatMap((list) => list ?? []);
}

/** Throws `conflict` or `cluster` before anything is changed if the trial fails, `partial` if it breaks off later. */
export async function rollOut(
  cluster: Cluster,
  resources: Resource[],
  orphans: Header[],
  options: RolloutOptions,
): Promise<Rollout> {
  await onTrial(cluster, resources, options);
  if (options.dryRun) return { applied: resources.map((one) => titleOf(one as Header)), removed: orphans.map(titleOf) };
  const done: string[] = [];
  const todo = [
    ...resources.map((one) => titleOf(one as Header)),
    ...orphans.map((one) => `removal of ${titleOf(one)}`),
  ];
  const removed: string[] = [];
  try {
    for (const resource of resources) {
      const title = titleOf(resource as Header);
      const { conflicts } = await cluster.apply(resource, { force: options.force });
      if (conflicts) throw new ToolError("conflict", conflictText([{ title, conflicts }]));
      done.push(title);
      options.progress(`applied ${title}`);
    }
    for (const orphan of orphans) {
      await cluster.remove(orphan);
      removed.push(titleOf(orphan));
      done.push(`removal of ${titleOf(orphan)}`);
      options.progress(`removed ${titleOf(orphan)}`);
    }
  } catch (error) {
    if (done.length === 0) throw error;
    const missing = todo.slice(done.length);
    throw new ToolError(
      "partial",
      `applied: ${done.join(", ")}; not applied: ${missing.join(", ")}; run the same command again to go on (${reasonOf(error)})`,
      { cause: error },
    );
  }
  return { applied: resources.map((one) => titleOf(one as Header)), removed };
}

/** A dry run of everything: refusals and conflicts are known before the first change. */
async function onTrial(cluster: Cluster, resources: Resource[], { force }: RolloutOptions): Promise<void> {
  const found: { title: string; conflicts: { manager: string; field: string }[] }[] = [];
  for (const resource of resources) {
    const { conflicts } = await cluster.apply(resource, { dryRun: true, force });
    if (conflicts) found.push({ title: titleOf(resource as Header), conflicts });
  }
  if (found.length > 0) throw new ToolError("conflict", conflictText(found));
}

function conflictText(found: { title: string; conflicts: { manager: string; field: string }[] }[]): string {
  const lines = found.flatMap(({ title, conflicts }) =>
    conflicts.map(({ manager, field }) => `  ${title} ${field} is owned by ${manager}`),
  );
  return `nothing was applied, since other managers own fields that would change:\n${lines.join("\n")}\n  --force takes them over`;
}

/** How istiod stands to a resource. */
export interface Acceptance {
  title: string;
  state: "accepted" | "refused" | "silent";
  message?: string;
}

/** Pauses between looks, and how long silence means that istiod writes no status here. */
const pollMillis = 250;
const silenceMillis = 2_000;

/**
 * Waits until istiod has said something about this generation. A mesh whose istiod writes no status has only its webhook,
 * which every apply has passed: that is `silent`. Throws `timeout` when an older generation stays the last one seen.
 */
export async function awaitAccepted(cluster: Cluster, headers: Header[], timeoutMillis: number): Promise<Acceptance[]> {
  const started = Date.now();
  const waiting = new Map(headers.map((header) => [titleOf(header), header]));
  const accepted: Acceptance[] = [];
  while (waiting.size > 0) {
    for (const [title, header] of waiting) {
      const acceptance = acceptanceOf(title, await cluster.read(header), Date.now() - started);
      if (!acceptance) continue;
      accepted.push(acceptance);
      waiting.delete(title);
    }
    if (waiting.size === 0) break;
    if (Date.now() - started > timeoutMillis) {
      throw new ToolError(
        "timeout",
        `istiod has not accepted ${[...waiting.keys()].join(", ")} within ${timeoutMillis / 1000} s: look at its log`,
      );
    }
    await sleep(pollMillis);
  }
  return accepted;
}

/** Undefined: keep waiting. */
export function acceptanceOf(
  title: string,
  resource: Resource | undefined,
  waitedMillis: number,
): Acceptance | undefined {
  const status = resource?.status;
  const conditions: any[] = Array.isArray(status?.conditions) ? status.conditions : [];
  const generation = Number(resource?.metadata?.generation ?? 0);
  const observed = Number(status?.observedGeneration ?? conditions[0]?.observedGeneration ?? Number.NaN);
  if (Number.isNaN(observed) && conditions.length === 0) {
    return waitedMillis >= silenceMillis ? { title, state: "silent" } : undefined;
  }
  if (!Number.isNaN(observed) && observed < generation) return undefined;
  const bad = conditions.find(
    (condition) =>
      condition?.status === "False" && /Accepted|Reconciled|Ready|PassedValidation/.test(String(condition?.type)),
  );
  if (bad) return { title, state: "refused", message: String(bad.message ?? bad.reason ?? bad.type) };
  return { title, state: "accepted" };
}
