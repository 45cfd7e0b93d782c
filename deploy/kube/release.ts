// Brings policies into the cluster: all of them on trial, then one after the other, each as a
// revision of its history. Safe to run again at any point; what breaks off says what was done and
// what was not.
import { ToolError, reasonOf } from "../core/problem.ts";
import { titleOf } from "../core/resource.ts";
import type { Header, Resource } from "../core/resource.ts";
import type { Cluster } from "./cluster.ts";
import { conflictLines } from "./conflict.ts";
import { fingerprint, subjectText, writeHistory } from "./history.ts";
import type { Revision, Subject } from "./history.ts";
import type { Intent } from "./intent.ts";
import { isBeside } from "./natives.ts";
import { stepsOf } from "./steps.ts";
import type { Step } from "./steps.ts";
import { trial } from "./trial.ts";
import type { State } from "./trial.ts";

export interface ReleaseOptions {
  dryRun?: boolean;
  force?: boolean;
  progress(line: string): void;
  /** Waits for istiod's word on plugins, then for the proxies. Throws when one is refused. */
  wait(plugins: Resource[]): Promise<void>;
}

export interface Released {
  policy: string;
  /** Undefined for a dry run. */
  revision?: number;
  resources: { resource: string; was: State }[];
  removed: string[];
}

/** Throws before anything is changed if the trial fails, `partial` if it breaks off later. */
export async function release(
  cluster: Cluster,
  intents: Intent[],
  options: ReleaseOptions,
): Promise<Released[]> {
  checkShared(intents);
  const states: Map<string, State>[] = [];
  for (const intent of intents) states.push(await tried(cluster, intent, options.force));
  const released = intents.map((intent, at): Released => ({
    policy: subjectText(intent.subject),
    resources: [...states[at]!].map(([resource, was]) => ({ resource, was })),
    removed: removedBy(intent).map(titleOf),
  }));
  if (options.dryRun) return released;
  const steps = stepsOf(intents);
  const ledger = new Ledger(steps, options);
  for (const step of steps) await take(cluster, step, ledger, options, released);
  return released;
}

/** What others own of a policy's resources stops it; what migrate has read is taken over. */
async function tried(
  cluster: Cluster,
  { resources, natives, taken, isBack }: Intent,
  force?: boolean,
): Promise<Map<string, State>> {
  const own = await trial(
    cluster,
    resources,
    (resource) => force === true || taken.has(titleOf(resource)),
  );
  const others = isBack ? natives.originals : natives.companions;
  return new Map([...own, ...(await trial(cluster, others, () => true))]);
}

function removedBy({ orphans, natives, isBack }: Intent): Header[] {
  return [...orphans, ...(isBack ? natives.companions.filter(isBeside) : natives.replaced)];
}

async function take(
  cluster: Cluster,
  step: Step,
  ledger: Ledger,
  options: ReleaseOptions,
  released: Released[],
): Promise<void> {
  if (step.do === "begin") return begin(cluster, step.intent, ledger, released);
  if (step.do === "complete") return complete(cluster, step.intent, ledger);
  if (step.do === "wait") {
    options.progress(`waiting: ${step.title}`);
    return ledger.silently(() => options.wait(step.plugins));
  }
  if (step.do === "remove") return ledger.done(step.title, () => cluster.remove(step.header));
  await ledger.done(step.title, async () => {
    const force = options.force === true || step.isForced === true;
    const { conflicts } = await cluster.apply(step.resource, { force });
    if (conflicts)
      throw new ToolError("conflict", conflictLines(step.title, conflicts).join("\n").trim());
  });
}

/** Two policies that render one resource would overwrite each other without an end. */
function checkShared(intents: Intent[]): void {
  const owners = new Map<string, string>();
  for (const { subject, resources } of intents) {
    for (const resource of resources) {
      const title = titleOf(resource);
      const owner = owners.get(title) ?? subjectText(subject);
      if (owner !== subjectText(subject)) {
        const what = `policies ${owner} and ${subjectText(subject)} both render ${title}`;
        throw new ToolError(
          "conflict",
          `nothing was applied: ${what}; give one of their traffic entries another name`,
        );
      }
      owners.set(title, owner);
    }
  }
}

/** Writes a new revision into the history, as one that is not complete. */
async function begin(
  cluster: Cluster,
  intent: Intent,
  ledger: Ledger,
  released: Released[],
): Promise<void> {
  const { subject, history } = intent;
  const last = history.revisions.at(-1);
  const revision = isNew(intent) ? revisionOf(intent) : last!;
  released.find(({ policy }) => policy === subjectText(subject))!.revision = revision.number;
  if (revision === last) return;
  const revisions = [...history.revisions.filter((one) => one.complete), revision];
  await ledger.silently(async () => {
    intent.history = await writeHistory(cluster, subject, { ...history, revisions });
  });
}

function isNew({ history, resources, natives }: Intent): boolean {
  const last = history.revisions.at(-1);
  if (!last?.complete || fingerprint(last.resources) !== fingerprint(resources)) return true;
  return fingerprint(last.companions ?? []) !== fingerprint(natives.companions);
}

async function complete(cluster: Cluster, intent: Intent, ledger: Ledger): Promise<void> {
  const { subject, history } = intent;
  if (history.revisions.every((one) => one.complete)) return ledger.skip(historyStep(subject));
  const revisions = history.revisions.map((one) => ({ ...one, complete: true }));
  await ledger.done(
    historyStep(subject),
    () => writeHistory(cluster, subject, { ...history, revisions }),
    true,
  );
}

/** An incomplete revision gives its number to the next one: it never was what the cluster had. */
function revisionOf(intent: Intent): Revision {
  const { history, resources, settings, start, cause, natives } = intent;
  const last = history.revisions.findLast((one) => one.complete);
  const { marks, companions, originals } = natives;
  return {
    number: (last?.number ?? 0) + 1,
    at: new Date().toISOString(),
    settings,
    start: start.toISOString(),
    cause,
    complete: false,
    resources,
    ...(companions.length > 0 && { companions }),
    ...(marks.replaces.length > 0 && { marks }),
    ...(originals.length > 0 && { originals }),
  };
}

function historyStep(subject: Subject): string {
  return `the history of ${subjectText(subject)}`;
}

/** What was done and what is still to do, for the one message that must be exact. */
class Ledger {
  private readonly finished: string[] = [];
  private readonly open: string[];
  private readonly options: ReleaseOptions;

  constructor(steps: readonly Step[], options: ReleaseOptions) {
    this.options = options;
    this.open = steps.flatMap((step) => {
      if (step.do === "complete") return [historyStep(step.intent.subject)];
      return step.do === "apply" || step.do === "remove" ? [step.title] : [];
    });
  }

  /** A step that people are told of. */
  async done(title: string, act: () => Promise<unknown>, isQuiet = false): Promise<void> {
    await this.silently(act);
    this.skip(title);
    this.finished.push(title);
    if (!isQuiet)
      this.options.progress(
        title.startsWith("removal of ") ? `removed ${title.slice(11)}` : `applied ${title}`,
      );
  }

  /** A step that changes nothing which people wrote. */
  async silently(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      throw this.brokenOff(error);
    }
  }

  skip(title: string): void {
    const at = this.open.indexOf(title);
    if (at >= 0) this.open.splice(at, 1);
  }

  private brokenOff(error: unknown): unknown {
    if (this.finished.length === 0) return error;
    const done = this.finished.join(", ");
    const message = `applied: ${done}; not applied: ${this.open.join(", ")}; run the same command again to go on (${reasonOf(error)})`;
    return new ToolError("partial", message, { cause: error });
  }
}
