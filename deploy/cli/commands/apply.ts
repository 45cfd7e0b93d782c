// `gatehouse apply` and `gatehouse diff`: settings into a cluster, or what that would change.
import { setTimeout as sleep } from "node:timers/promises";
import { acceptanceText, awaitAccepted } from "../../kube/acceptance.ts";
import type { Acceptance } from "../../kube/acceptance.ts";
import type { Cluster } from "../../kube/cluster.ts";
import { difference } from "../../kube/difference.ts";
import { planFor } from "../../kube/plan.ts";
import { release } from "../../kube/release.ts";
import type { Released } from "../../kube/release.ts";
import type { Intent } from "../../kube/intent.ts";
import { isExtension, isMigration, stepsOf, stepTexts } from "../../kube/steps.ts";
import type { Step } from "../../kube/steps.ts";
import { loadPolicies } from "../../core/load.ts";
import type { Answer, Output } from "../output.ts";
import { hasErrors, textOf, ToolError } from "../../core/problem.ts";
import type { Finding } from "../../core/problem.ts";
import type { Policy } from "../../core/policy.ts";
import { titleOf } from "../../core/resource.ts";
import type { Resource } from "../../core/resource.ts";
import { validate } from "../../validate/validate.ts";
import { clusterOf, timeoutOf } from "./cluster.ts";
import type { ClusterFlags } from "./cluster.ts";
import { documentsOf } from "./documents.ts";
import { apiOf } from "./render.ts";

export interface RolloutFlags extends ClusterFlags {
  force?: boolean;
  dryRun?: boolean;
  wait: boolean;
  /** Seconds that proxies get to take each step of a migration over. */
  pause: string;
}

export interface ApplyFlags extends RolloutFlags {
  file: string[];
  api: string;
  report?: boolean;
}

/** An hour: whoever needs more goes step by step with --report. */
const pauseSecondsMax = 3600;

export async function applyCommand(out: Output, flags: ApplyFlags): Promise<Answer> {
  const { policies, documents, warnings } = await checked(flags.file);
  const cluster = await clusterOf(out, flags);
  const plans = await plansFor(cluster, policies, documents, flags);
  const passedOver = leftOver(documents, plans);
  const answer = await rollOut(out, cluster, plans, flags);
  return { ...answer, findings: warnings, remarks: passedOver };
}

interface Checked {
  policies: Policy[];
  /** What else is in the files. */
  documents: Resource[];
  warnings: Finding[];
}

/** Only what passes `validate` may go into a cluster. */
async function checked(files: string[]): Promise<Checked> {
  const { policies, others } = loadPolicies(files);
  const { findings } = await validate(policies.map(({ manifest }) => manifest));
  if (!hasErrors(findings)) {
    const warnings = findings.filter(({ severity }) => severity === "warning");
    return { policies, documents: documentsOf(others), warnings };
  }
  const errors = findings.filter(({ severity }) => severity === "error");
  throw new ToolError(
    "invalid",
    `these settings cannot be applied:\n${errors.map(textOf).join("\n")}`,
  );
}

/**
 * Documents that no policy of the files owns are named: nobody may think that they were applied.
 */
export function leftOver(documents: readonly Resource[], plans: readonly Intent[]): string[] {
  const taken = new Set(plans.flatMap(({ natives }) => natives.companions.map(titleOf)));
  const left = documents.map(titleOf).filter((title) => !taken.has(title));
  if (left.length === 0) return [];
  return [`not part of a policy, and left alone: ${left.join(", ")}`];
}

async function plansFor(
  cluster: Cluster,
  policies: Policy[],
  documents: readonly Resource[],
  { api, force, report }: { api: string; force?: boolean; report?: boolean },
): Promise<Intent[]> {
  const options = { api: apiOf(api), now: new Date(), documents, policies, force, report };
  const plans: Intent[] = [];
  for (const policy of policies) plans.push(await planFor(cluster, policy, options));
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
  const timeoutMillis = timeoutOf(flags);
  const pauseMillis = pauseOf(flags);
  const steps = stepTexts(stepsOf(plans));
  const isLong = plans.some((plan) => plan.isBack || isMigration(plan));
  if (isLong)
    out.progress(["steps:", ...steps.map((text, at) => `  ${at + 1}. ${text}`)].join("\n"));
  const released = await release(cluster, plans, {
    dryRun,
    force,
    progress: (line) => out.progress(line),
    wait: async (plugins) => {
      if (plugins.length > 0)
        refuseUnsure(await awaitAccepted(cluster, plugins, timeoutMillis), Boolean(force));
      await sleep(pauseMillis);
    },
  });
  const acceptance =
    dryRun || !flags.wait || plans.every(({ isBack }) => isBack)
      ? []
      : await accepted(out, cluster, plans, timeoutMillis);
  const lines = released.map((one, at) => releasedText(one, plans[at]!));
  const tail = acceptanceText(acceptance);
  const text = dryRun
    ? ["a dry run: nothing was changed", ...lines]
    : [...lines, ...(tail ? [tail.slice(2)] : [])];
  const ok = acceptance.every(({ state }) => state !== "refused");
  return {
    ok,
    text: text.join("\n"),
    data: { dryRun: Boolean(dryRun), steps, policies: released, acceptance },
  };
}

function pauseOf({ pause }: RolloutFlags): number {
  const seconds = pause.trim() === "" ? NaN : Number(pause);
  if (seconds >= 0 && seconds <= pauseSecondsMax) return seconds * 1000;
  throw new ToolError(
    "usage",
    `--pause ${pause}: not a time; allowed: 0 to ${pauseSecondsMax} seconds`,
  );
}

/** What reads a plugin's headers may not come before the plugin is known to be in use. */
function refuseUnsure(acceptance: readonly Acceptance[], force: boolean): void {
  const refused = acceptance.filter(({ state }) => state === "refused");
  if (refused.length > 0)
    throw new ToolError(
      "cluster",
      `istiod refused ${refused.map(({ title, message }) => `${title} (${message})`).join(", ")}; the native resources stay as they are`,
    );
  if (force || acceptance.every(({ state }) => state !== "unchecked")) return;
  throw new ToolError(
    "cluster",
    "nobody has checked the plugins: no webhook of istiod that fails closed is installed; the native resources stay as they are; install the webhook, or --force",
  );
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
  const plugins = plans.flatMap(({ resources }) => resources.filter(isExtension));
  if (plugins.length > 0) out.progress(`waiting for istiod to accept ${plugins.length} plugins`);
  return awaitAccepted(cluster, plugins, timeoutMillis);
}

/** What becomes of each resource in the end, in the order of the steps. */
function changesOf(plans: readonly Intent[]): Extract<Step, { do: "apply" | "remove" }>[] {
  const steps = stepsOf(plans).filter((step) => step.do === "apply" || step.do === "remove");
  const titled = steps.map(
    (step) => [titleOf(step.do === "apply" ? step.resource : step.header), step] as const,
  );
  return [...new Map(titled).values()];
}

export interface DiffFlags extends ClusterFlags {
  file: string[];
  api: string;
}

export async function diffCommand(out: Output, flags: DiffFlags): Promise<Answer> {
  const { policies, others } = loadPolicies(flags.file);
  const cluster = await clusterOf(out, flags);
  const documents = documentsOf(others);
  // Forced: what would differ is shown even where apply would refuse it.
  const plans = await plansFor(cluster, policies, documents, { api: flags.api, force: true });
  for (const { subject, resources } of plans)
    out.progress(`comparing ${resources.length} resources of ${subject.namespace}/${subject.name}`);
  const differences: { resource: string; difference: string }[] = [];
  for (const step of changesOf(plans)) {
    const header = step.do === "apply" ? step.resource : step.header;
    const live = await cluster.read(header);
    const applied =
      step.do === "apply" &&
      (await cluster.apply(step.resource, { dryRun: true, force: true })).resource;
    const text = difference(titleOf(header), live, applied || undefined);
    differences.push({ resource: titleOf(header), difference: text });
  }
  const changed = differences.filter((one) => one.difference !== "");
  const text = changed.map((one) => one.difference).join("\n");
  return {
    ok: changed.length === 0,
    text: text || "no differences",
    isDifference: true,
    data: { differences: changed },
    remarks: leftOver(documents, plans),
  };
}
