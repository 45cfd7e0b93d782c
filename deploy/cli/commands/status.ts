// `gatehouse status` and `gatehouse rollback`: what a policy is in the cluster, and the way back.
// Both need no files.
import { isFilter } from "../../core/catalog.ts";
import { wordOf } from "../../kube/acceptance.ts";
import { bare } from "../../kube/difference.ts";
import { readHistory, subjectText } from "../../kube/history.ts";
import type { Revision, Subject } from "../../kube/history.ts";
import { planBack, planOfRevision, checkTogether } from "../../kube/back.ts";
import type { Cluster } from "../../kube/cluster.ts";
import { keyOf, ownedBy } from "../../kube/plan.ts";
import { isAbout, proxyRefusals } from "../../kube/proxies.ts";
import type { ProxyRefusal } from "../../kube/proxies.ts";
import type { Intent } from "../../kube/intent.ts";
import type { Answer, Output } from "../output.ts";
import { ToolError } from "../../core/problem.ts";
import { moduleIn, titleOf } from "../../core/resource.ts";
import type { Resource } from "../../core/resource.ts";
import { at } from "../../core/value.ts";
import { rollOut } from "./apply.ts";
import type { RolloutFlags } from "./apply.ts";
import { clusterOf, subjectOf, timeoutOf } from "./cluster.ts";
import type { ClusterFlags } from "./cluster.ts";

interface Row {
  resource: string;
  ok: boolean;
  state: string;
  module: string;
}

export interface StatusFlags extends ClusterFlags {
  /** Where istiod's port 15014 is reached; every replica's, since each knows its own proxies. */
  istiod?: string[];
}

export async function statusCommand(
  out: Output,
  text: string,
  flags: StatusFlags,
): Promise<Answer> {
  const subject = subjectOf(text);
  const cluster = await clusterOf(out, flags);
  const history = await readHistory(cluster, subject);
  const owned = await ownedBy(cluster, subject, history);
  const last = history.revisions.at(-1);
  if (!last && owned.length === 0)
    throw new ToolError(
      "usage",
      `there is no policy ${text} in this cluster; apply it, or name another --context`,
    );
  const refusals = await proxyRefusals(flags.istiod ?? [], timeoutOf(flags));
  const rows = rowsOf(last?.resources ?? [], owned).map((row) => withProxies(row, refusals));
  const revisions = history.revisions.map(({ number, at, cause, complete }) => ({
    number,
    at,
    cause,
    complete,
  }));
  const width = Math.max(0, ...rows.map(({ resource }) => resource.length));
  const lines = [
    `${subjectText(subject)}: ${last ? headOf(last) : "no history"}`,
    ...rows.map(
      ({ resource, state, module }) =>
        `  ${resource.padEnd(width)}  ${state}${module ? `  ${module}` : ""}`,
    ),
    `history: ${revisions.map(historyText).join(", ") || "none"}`,
  ];
  const ok = (last?.complete ?? false) && rows.every((row) => row.ok);
  const data = {
    policy: subjectText(subject),
    revision: last?.number,
    resources: rows,
    history: revisions,
  };
  return { ok, text: lines.join("\n"), data };
}

function headOf({ number, at, cause, complete }: Revision): string {
  return `revision ${number} of ${at} (${cause})${complete ? "" : ", which broke off: apply again, or roll back"}`;
}

function historyText({
  number,
  at,
  cause,
  complete,
}: Pick<Revision, "number" | "at" | "cause" | "complete">): string {
  return `${number} (${at}, ${cause}${complete ? "" : ", incomplete"})`;
}

/** Everything of the last revision, then whatever else carries the policy's labels. */
function rowsOf(wanted: Resource[], owned: Resource[]): Row[] {
  const live = new Map(owned.map((resource) => [keyOf(resource), resource]));
  const known = new Set(wanted.map(keyOf));
  const rows = wanted.map((resource) => rowOf(resource, live.get(keyOf(resource))));
  const extra = owned.filter((resource) => !known.has(keyOf(resource)));
  return [...rows, ...extra.map((resource) => row(resource, false, "not in the last revision"))];
}

/** A plugin that proxies have refused is not in use there, whatever the cluster holds. */
function withProxies(row: Row, refusals: ProxyRefusal[]): Row {
  const about = refusals.filter((refusal) => isAbout(refusal, row.resource));
  if (about.length === 0) return row;
  const state = about
    .map(({ proxy, message }) => `refused by ${proxy}, which keeps what it had: ${message}`)
    .join("; ");
  return { ...row, ok: false, state };
}

function row(resource: Resource, ok: boolean, state: string): Row {
  return { resource: titleOf(resource), ok, state, module: moduleText(resource) };
}

function rowOf(wanted: Resource, live: Resource | undefined): Row {
  if (!live) return { resource: titleOf(wanted), ok: false, state: "missing", module: "" };
  const field = firstDifference(bare(live).spec, bare(wanted).spec, "spec");
  if (field) return row(live, false, `changed by another client (${field})`);
  const word = wordOf(live);
  if (word === "silent") return row(live, true, "as applied");
  if (word === "stale") return row(live, false, "not yet seen by istiod");
  if (word.state === "refused") return row(live, false, `refused by istiod: ${word.message}`);
  return row(live, true, "as applied, accepted by istiod");
}

/**
 * The first field of `wanted` that `live` has not. What others have added does not count, except
 * in a plugin's own settings: there one key more is another meaning, or a refusal.
 */
function firstDifference(
  live: unknown,
  wanted: unknown,
  path: string,
  isExact = false,
): string | undefined {
  if (wanted === null || typeof wanted !== "object") return live === wanted ? undefined : path;
  if (live === null || typeof live !== "object") return path;
  if (Array.isArray(wanted) && (!Array.isArray(live) || live.length !== wanted.length)) return path;
  const step = (key: string) => (Array.isArray(wanted) ? `${path}[${key}]` : `${path}.${key}`);
  for (const [key, value] of Object.entries(wanted)) {
    const isInner = isExact || key === "pluginConfig";
    const found = firstDifference(at(live, key), value, step(key), isInner);
    if (found) return found;
  }
  const added = isExact ? Object.keys(live).find((key) => !(key in wanted)) : undefined;
  return added === undefined ? undefined : step(added);
}

/** The filter and the beginning of the digest that it is pinned to. */
function moduleText(resource: Resource): string {
  const { pluginName, sha256 } = moduleIn(resource);
  if (!isFilter(String(pluginName ?? ""))) return "";
  return `${pluginName}${sha256 ? ` @${String(sha256).slice(0, 12)}` : ""}`;
}

export interface RollbackFlags extends RolloutFlags {
  to?: string;
}

export async function rollbackCommand(
  out: Output,
  texts: string[],
  flags: RollbackFlags,
): Promise<Answer> {
  const subjects = texts.map(subjectOf);
  const cluster = await clusterOf(out, flags);
  const plans: Intent[] = [];
  for (const subject of subjects)
    plans.push(
      flags.to === "native"
        ? await planBack(cluster, subject)
        : await planTo(cluster, subject, flags),
    );
  checkTogether(plans);
  const answer = await rollOut(out, cluster, plans, flags);
  const to = plans[0]!.cause.slice("rollback to ".length);
  return { ...answer, data: { ...answer.data, to: to === "native" ? to : Number(to) } };
}

async function planTo(cluster: Cluster, subject: Subject, flags: RollbackFlags): Promise<Intent> {
  const history = await readHistory(cluster, subject);
  const revision = chosen(history.revisions, subjectText(subject), flags.to);
  return planOfRevision(cluster, subject, history, revision, flags.force);
}

/**
 * The one that was asked for; else the one before the last, or the last complete one when a later
 * one broke off.
 */
function chosen(revisions: Revision[], text: string, to: string | undefined): Revision {
  const complete = revisions.filter((revision) => revision.complete);
  const isBroken = revisions.length > 0 && !revisions.at(-1)!.complete;
  const target =
    to === undefined
      ? complete.at(isBroken ? -1 : -2)
      : complete.find(({ number }) => String(number) === to);
  if (target) return target;
  if (complete.length === 0)
    throw new ToolError(
      "usage",
      `there is no policy ${text} with a history in this cluster; apply one, or name another --context`,
    );
  const numbers = complete.map(({ number }) => number).join(", ");
  throw new ToolError(
    "usage",
    to === undefined
      ? `${text} has one revision only; there is nothing to go back to`
      : `${text} has no revision ${to}; write one of ${numbers}`,
  );
}
