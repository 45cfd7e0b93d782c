// `gatehouse apply` and `gatehouse diff`: settings into a cluster, or what that would change.
import { acceptanceText, awaitAccepted } from "../../kube/acceptance.ts";
import type { Acceptance } from "../../kube/acceptance.ts";
import type { Cluster } from "../../kube/cluster.ts";
import { difference } from "../../kube/difference.ts";
import { planFor } from "../../kube/plan.ts";
import { release } from "../../kube/release.ts";
import type { Intent, Released } from "../../kube/release.ts";
import { loadPolicies } from "../../core/load.ts";
import type { Answer, Output } from "../output.ts";
import { hasErrors, textOf, ToolError } from "../../core/problem.ts";
import type { Finding } from "../../core/problem.ts";
import type { Policy } from "../../core/policy.ts";
import { titleOf } from "../../core/resource.ts";
import type { Header, Resource } from "../../core/resource.ts";
import { validate } from "../../validate/validate.ts";
import { clusterOf, timeoutOf } from "./cluster.ts";
import type { ClusterFlags } from "./cluster.ts";
import { apiOf } from "./render.ts";

export interface RolloutFlags extends ClusterFlags {
  force?: boolean;
  dryRun?: boolean;
  wait: boolean;
}

export interface ApplyFlags extends RolloutFlags {
  file: string[];
  api: string;
}

export async function applyCommand(out: Output, flags: ApplyFlags): Promise<Answer> {
  const { policies, warnings } = checked(flags.file);
  const cluster = await clusterOf(out, flags);
  const plans = await plansFor(cluster, policies, flags.api);
  return { ...(await rollOut(out, cluster, plans, flags)), findings: warnings };
}

/** Only what passes `validate` may go into a cluster. */
function checked(files: string[]): { policies: Policy[]; warnings: Finding[] } {
  const { policies } = loadPolicies(files);
  const { findings } = validate(policies.map(({ manifest }) => manifest));
  if (!hasErrors(findings))
    return { policies, warnings: findings.filter(({ severity }) => severity === "warning") };
  const errors = findings.filter(({ severity }) => severity === "error");
  throw new ToolError(
    "invalid",
    `these settings cannot be applied:\n${errors.map(textOf).join("\n")}`,
  );
}

async function plansFor(cluster: Cluster, policies: Policy[], api: string): Promise<Intent[]> {
  const now = new Date();
  const plans: Intent[] = [];
  for (const policy of policies) plans.push(await planFor(cluster, policy, apiOf(api), now));
  return plans;
}

/** Applies plans and waits for istiod, as the flags say. */
export async function rollOut(
  out: Output,
  cluster: Cluster,
  plans: Intent[],
  flags: RolloutFlags,
): Promise<Answer> {
  const { dryRun, force } = flags;
  const released = await release(cluster, plans, {
    dryRun,
    force,
    progress: (line) => out.progress(line),
  });
  const acceptance =
    dryRun || !flags.wait ? [] : await accepted(out, cluster, plans, timeoutOf(flags));
  const lines = released.map((one, at) => releasedText(one, plans[at]!));
  const tail = acceptanceText(acceptance);
  const text = dryRun
    ? ["a dry run: nothing was changed", ...lines]
    : [...lines, ...(tail ? [tail.slice(2)] : [])];
  const ok = acceptance.every(({ state }) => state !== "refused");
  return {
    ok,
    text: text.join("\n"),
    data: { dryRun: Boolean(dryRun), policies: released, acceptance },
  };
}

function releasedText(
  { policy, revision, resources, removed }: Released,
  { cause }: Intent,
): string {
  const count = (state: string) => resources.filter(({ was }) => was === state).length;
  const counts = `${count("new")} new, ${count("changed")} changed, ${count("unchanged")} unchanged, ${removed.length} removed`;
  const what = cause === "apply" ? "" : ` (${cause})`;
  return `${policy}: ${revision === undefined ? "" : `revision ${revision}${what}, `}${counts}`;
}

async function accepted(
  out: Output,
  cluster: Cluster,
  plans: Intent[],
  timeoutMillis: number,
): Promise<Acceptance[]> {
  const plugins = plans.flatMap(({ resources }) =>
    resources.filter(isExtension),
  ) as unknown as Header[];
  if (plugins.length > 0) out.progress(`waiting for istiod's word on ${plugins.length} plugins`);
  return awaitAccepted(cluster, plugins, timeoutMillis);
}

function isExtension({ apiVersion }: Resource): boolean {
  return String(apiVersion).startsWith("extensions.istio.io/");
}

export interface DiffFlags extends ClusterFlags {
  file: string[];
  api: string;
}

export async function diffCommand(out: Output, flags: DiffFlags): Promise<Answer> {
  const { policies } = loadPolicies(flags.file);
  const cluster = await clusterOf(out, flags);
  const differences: { resource: string; difference: string }[] = [];
  for (const { subject, resources, orphans } of await plansFor(cluster, policies, flags.api)) {
    out.progress(`comparing ${resources.length} resources of ${subject.namespace}/${subject.name}`);
    for (const resource of resources) {
      const header = resource;
      const live = await cluster.read(header);
      // The dry run is forced: what would differ is shown even where apply would refuse it.
      const { resource: wanted } = await cluster.apply(resource, { dryRun: true, force: true });
      differences.push({
        resource: titleOf(header),
        difference: difference(titleOf(header), live, wanted),
      });
    }
    for (const orphan of orphans)
      differences.push({
        resource: titleOf(orphan),
        difference: difference(titleOf(orphan), await cluster.read(orphan), undefined),
      });
  }
  const changed = differences.filter((one) => one.difference !== "");
  const text = changed.map((one) => one.difference).join("\n");
  return {
    ok: changed.length === 0,
    text: text || "no differences",
    data: { differences: changed },
  };
}
