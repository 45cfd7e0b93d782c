// `gatehouse apply` and `gatehouse diff`: settings into a cluster, or what that would change.
import { titleOf } from "../kube/cluster.ts";
import type { Cluster, Header } from "../kube/cluster.ts";
import { difference } from "../kube/difference.ts";
import { fingerprint, writeHistory } from "../kube/history.ts";
import type { Subject } from "../kube/history.ts";
import { planFor } from "../kube/plan.ts";
import type { Plan } from "../kube/plan.ts";
import { awaitAccepted, rollOut } from "../kube/rollout.ts";
import type { Acceptance } from "../kube/rollout.ts";
import { loadPolicies } from "../load.ts";
import type { Answer, Output } from "../output.ts";
import { hasErrors, textOf, ToolError } from "../problem.ts";
import { validate } from "../validate/validate.ts";
import { clusterOf, timeoutOf } from "./cluster.ts";
import type { ClusterFlags } from "./cluster.ts";
import { apiOf } from "./render.ts";

export interface ApplyFlags extends ClusterFlags {
  file: string[];
  api: string;
  force?: boolean;
  dryRun?: boolean;
  wait: boolean;
}

export async function applyCommand(out: Output, flags: ApplyFlags): Promise<Answer> {
  const policies = checked(flags.file);
  const cluster = clusterOf(flags);
  const results: Record<string, unknown>[] = [];
  const lines: string[] = [];
  for (const policy of policies) {
    const plan = await planFor(cluster, policy, apiOf(flags.api), new Date());
    const title = `${policy.namespace}/${policy.name}`;
    const options = {
      dryRun: flags.dryRun,
      force: flags.force,
      progress: (line: string) => out.progress(`${title}: ${line}`),
    };
    const rollout = await rollOut(cluster, plan.resources, plan.orphans, options);
    const counts = `${rollout.applied.length} applied, ${rollout.removed.length} removed`;
    if (flags.dryRun) {
      lines.push(`${title}: a dry run, nothing was changed: ${counts}`);
      results.push({ policy: title, dryRun: true, ...rollout });
      continue;
    }
    const revision = await record(cluster, plan, "apply");
    const acceptance = flags.wait ? await accepted(cluster, plan, timeoutOf(flags)) : [];
    lines.push(`${title}: revision ${revision}, ${counts}${acceptanceText(acceptance)}`);
    results.push({ policy: title, revision, ...rollout, acceptance });
  }
  const refused = results.some(({ acceptance }) =>
    (acceptance as Acceptance[] | undefined)?.some(({ state }) => state === "refused"),
  );
  return { ok: !refused, text: lines.join("\n"), data: { policies: results } };
}

/** Only what passes `validate` may go into a cluster. */
function checked(files: string[]) {
  const { policies } = loadPolicies(files);
  const { findings } = validate(policies.map(({ manifest }) => manifest));
  if (hasErrors(findings)) {
    const errors = findings.filter(({ severity }) => severity === "error");
    throw new ToolError("invalid", `these settings cannot be applied:\n${errors.map(textOf).join("\n")}`);
  }
  return policies;
}

/** What a revision is made of. */
export interface Recordable extends Pick<Plan, "resources" | "history" | "settings" | "start"> {
  policy: Subject;
}

/** Adds a revision unless the newest says the same already. Gives its number. */
export async function record(cluster: Cluster, plan: Recordable, cause: string): Promise<number> {
  const { history, resources, settings, start } = plan;
  const last = history.revisions.at(-1);
  if (last && fingerprint(last.resources) === fingerprint(resources)) return last.number;
  const number = (last?.number ?? 0) + 1;
  const revision = { number, at: new Date().toISOString(), settings, start: start.toISOString(), cause, resources };
  await writeHistory(cluster, plan.policy, { revisions: [...history.revisions, revision] });
  return number;
}

async function accepted(cluster: Cluster, plan: Plan, timeoutMillis: number): Promise<Acceptance[]> {
  const plugins = plan.resources.filter(({ apiVersion }) => String(apiVersion).startsWith("extensions.istio.io/"));
  return awaitAccepted(cluster, plugins as unknown as Header[], timeoutMillis);
}

export function acceptanceText(acceptance: Acceptance[]): string {
  const refused = acceptance.filter(({ state }) => state === "refused");
  if (refused.length > 0)
    return `; istiod refused ${refused.map(({ title, message }) => `${title} (${message})`).join(", ")}`;
  if (acceptance.some(({ state }) => state === "silent"))
    return "; istiod writes no status here, its webhook let them pass";
  return acceptance.length > 0 ? "; istiod accepted them" : "";
}

export async function diffCommand(flags: ApplyFlags): Promise<Answer> {
  const { policies } = loadPolicies(flags.file);
  const cluster = clusterOf(flags);
  const texts: string[] = [];
  for (const policy of policies) {
    const { resources, orphans } = await planFor(cluster, policy, apiOf(flags.api), new Date());
    for (const resource of resources) {
      const header = resource as Header;
      const live = await cluster.read(header);
      // The dry run is forced: what would differ is shown even where apply would refuse it.
      const { resource: wanted } = await cluster.apply(resource, { dryRun: true, force: true });
      texts.push(difference(titleOf(header), live, wanted));
    }
    for (const orphan of orphans) texts.push(difference(titleOf(orphan), await cluster.read(orphan), undefined));
  }
  const changed = texts.filter((text) => text !== "");
  return { ok: changed.length === 0, text: changed.join("\n"), data: { differences: changed } };
}
