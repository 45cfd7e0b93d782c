// `gatehouse status` and `gatehouse rollback`: what a policy is in the cluster, and the way back. Both need no files.
import { isFilter } from "../catalog.ts";
import { titleOf } from "../kube/cluster.ts";
import type { Header } from "../kube/cluster.ts";
import { bare } from "../kube/difference.ts";
import { readHistory } from "../kube/history.ts";
import type { Revision } from "../kube/history.ts";
import { keyOf, orphansOf } from "../kube/plan.ts";
import { acceptanceOf, ownedBy, rollOut } from "../kube/rollout.ts";
import type { Answer, Output } from "../output.ts";
import { ToolError } from "../problem.ts";
import type { Resource } from "../render/plugin.ts";
import { record } from "./apply.ts";
import { clusterOf, subjectOf } from "./cluster.ts";
import type { ClusterFlags } from "./cluster.ts";

export async function statusCommand(text: string, flags: ClusterFlags): Promise<Answer> {
  const subject = subjectOf(text);
  const cluster = clusterOf(flags);
  const { revisions } = await readHistory(cluster, subject);
  const owned = await ownedBy(cluster, subject);
  const last = revisions.at(-1);
  if (!last && owned.length === 0) throw new ToolError("usage", `there is no policy ${text} in this cluster`);
  const live = new Map(owned.map((resource) => [keyOf(resource), resource]));
  const wanted = last?.resources ?? [];
  const rows = wanted.map((resource) => rowOf(resource, live.get(keyOf(resource))));
  const known = new Set(wanted.map(keyOf));
  const extra = owned
    .filter((resource) => !known.has(keyOf(resource)))
    .map((resource) => ({
      resource: titleOf(resource as Header),
      state: "not in the last revision",
      module: moduleText(resource),
    }));
  const all = [...rows, ...extra];
  const history = revisions.map(({ number, at, cause }) => ({ number, at, cause }));
  const lines = [
    `${subject.namespace}/${subject.name}: ${last ? `revision ${last.number} of ${last.at} (${last.cause})` : "no history"}`,
    ...all.map(({ resource, state, module }) => `  ${resource}  ${state}${module ? `  ${module}` : ""}`),
    `history: ${history.map(({ number, at, cause }) => `${number} (${at}, ${cause})`).join(", ") || "none"}`,
  ];
  const ok = all.every(({ state }) => state === "as applied" || state === "as applied, accepted by istiod");
  return { ok, text: lines.join("\n"), data: { policy: text, revision: last?.number, resources: all, history } };
}

function rowOf(wanted: Resource, live: Resource | undefined) {
  const resource = titleOf(wanted as Header);
  if (!live) return { resource, state: "missing", module: "" };
  if (!contains(bare(live).spec, bare(wanted).spec))
    return { resource, state: "changed by somebody else", module: moduleText(live) };
  // A look, not a wait: silence is counted as such at once.
  const acceptance = acceptanceOf(resource, live, Number.POSITIVE_INFINITY);
  const states: Record<string, string> = {
    accepted: "as applied, accepted by istiod",
    refused: `refused by istiod: ${acceptance?.message}`,
    silent: "as applied",
  };
  return {
    resource,
    state: acceptance ? states[acceptance.state]! : "not yet seen by istiod",
    module: moduleText(live),
  };
}

/** True if `live` has everything that `wanted` says; what others have added does not count. */
function contains(live: any, wanted: any): boolean {
  if (Array.isArray(wanted))
    return Array.isArray(live) && live.length === wanted.length && wanted.every((item, at) => contains(live[at], item));
  if (wanted !== null && typeof wanted === "object") {
    return (
      live !== null &&
      typeof live === "object" &&
      Object.entries(wanted).every(([key, value]) => contains(live[key], value))
    );
  }
  return live === wanted;
}

/** The filter and the beginning of the digest that it is pinned to. */
function moduleText({ spec }: Resource): string {
  const module = spec?.wasm ?? spec ?? {};
  if (!isFilter(String(module.pluginName ?? ""))) return "";
  return `${module.pluginName}${module.sha256 ? ` @${String(module.sha256).slice(0, 12)}` : ""}`;
}

export interface RollbackFlags extends ClusterFlags {
  to?: string;
  force?: boolean;
  dryRun?: boolean;
}

export async function rollbackCommand(out: Output, text: string, flags: RollbackFlags): Promise<Answer> {
  const subject = subjectOf(text);
  const cluster = clusterOf(flags);
  const history = await readHistory(cluster, subject);
  const target = chosen(history.revisions, text, flags.to);
  const orphans = await orphansOf(cluster, subject, target.resources);
  const options = {
    dryRun: flags.dryRun,
    force: flags.force,
    progress: (line: string) => out.progress(`${text}: ${line}`),
  };
  const rollout = await rollOut(cluster, target.resources, orphans, options);
  const counts = `${rollout.applied.length} applied, ${rollout.removed.length} removed`;
  if (flags.dryRun)
    return {
      ok: true,
      text: `${text}: a dry run, nothing was changed: ${counts}`,
      data: { policy: text, dryRun: true, to: target.number, ...rollout },
    };
  const plan = {
    policy: subject,
    resources: target.resources,
    history,
    settings: target.settings,
    start: new Date(target.start),
  };
  const revision = await record(cluster, plan, `rollback to ${target.number}`);
  return {
    ok: true,
    text: `${text}: revision ${revision}, back to what revision ${target.number} was, ${counts}`,
    data: { policy: text, revision, to: target.number, ...rollout },
  };
}

/** The revision before the last, or the one that was asked for. */
function chosen(revisions: Revision[], text: string, to: string | undefined): Revision {
  const numbers = revisions.map(({ number }) => number).join(", ");
  const target = to === undefined ? revisions.at(-2) : revisions.find(({ number }) => number === Number(to));
  if (target) return target;
  if (revisions.length === 0) throw new ToolError("usage", `there is no policy ${text} with a history in this cluster`);
  throw new ToolError(
    "usage",
    to === undefined
      ? `${text} has one revision only, there is nothing to go back to`
      : `${text} has no revision ${to}, only ${numbers}`,
  );
}
