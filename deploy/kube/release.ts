// Brings policies into the cluster: all of them on trial, then one after the other, each as a
// revision of its history. Safe to run again at any point; what breaks off says what was done and
// what was not.
import { ToolError, reasonOf } from "../core/problem.ts";
import { titleOf } from "../core/resource.ts";
import type { Header, Resource } from "../core/resource.ts";
import type { Cluster } from "./cluster.ts";
import { conflictLines } from "./conflict.ts";
import { fingerprint, subjectText, writeHistory } from "./history.ts";
import type { History, Revision, Subject } from "./history.ts";
import { trial } from "./trial.ts";
import type { State } from "./trial.ts";

/** One policy as it shall become. */
export interface Intent {
  subject: Subject;
  resources: Resource[];
  /** Belongs to the policy in the cluster, and is no longer wanted. */
  orphans: Header[];
  history: History;
  /** Hash of the settings that the resources came from, and what `after` in them counts from. */
  settings: string;
  start: Date;
  /** Why: `apply`, or `rollback to 3`. */
  cause: string;
}

export interface ReleaseOptions {
  dryRun?: boolean;
  force?: boolean;
  progress(line: string): void;
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
  for (const { resources } of intents) states.push(await trial(cluster, resources, options.force));
  const released = intents.map(({ subject, resources, orphans }, at): Released => ({
    policy: subjectText(subject),
    resources: resources.map((one) => ({
      resource: titleOf(one),
      was: states[at]!.get(titleOf(one))!,
    })),
    removed: orphans.map(titleOf),
  }));
  if (options.dryRun) return released;
  const ledger = new Ledger(intents, options);
  for (const [at, intent] of intents.entries()) {
    released[at]!.revision = await releaseOne(cluster, intent, ledger, options);
  }
  return released;
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

/** Gives the number of the revision that the cluster now has. */
async function releaseOne(
  cluster: Cluster,
  intent: Intent,
  ledger: Ledger,
  options: ReleaseOptions,
): Promise<number> {
  const { subject, resources, orphans } = intent;
  const last = intent.history.revisions.at(-1);
  const isChanged = !last?.complete || fingerprint(last.resources) !== fingerprint(resources);
  const revision = isChanged ? begun(intent) : last;
  let history = intent.history;
  if (isChanged) {
    const revisions = [...history.revisions.filter(({ complete }) => complete), revision];
    await ledger.silently(async () => {
      history = await writeHistory(cluster, subject, { ...history, revisions });
    });
  }
  for (const resource of resources) {
    const title = titleOf(resource);
    await ledger.done(`${title}`, async () => {
      const { conflicts } = await cluster.apply(resource, { force: options.force });
      if (conflicts)
        throw new ToolError("conflict", conflictLines(title, conflicts).join("\n").trim());
    });
  }
  for (const orphan of orphans)
    await ledger.done(`removal of ${titleOf(orphan)}`, () => cluster.remove(orphan));
  if (isChanged) {
    const revisions = history.revisions.map((one) =>
      one.number === revision.number ? { ...one, complete: true } : one,
    );
    await ledger.done(
      historyStep(subject),
      () => writeHistory(cluster, subject, { ...history, revisions }),
      true,
    );
  } else ledger.skip(historyStep(subject));
  return revision.number;
}

/** An incomplete revision gives its number to the next one: it never was what the cluster had. */
function begun({ history, resources, settings, start, cause }: Intent): Revision {
  const last = history.revisions.findLast(({ complete }) => complete);
  const at = new Date().toISOString();
  const number = (last?.number ?? 0) + 1;
  return { number, at, settings, start: start.toISOString(), cause, complete: false, resources };
}

function historyStep(subject: Subject): string {
  return `the history of ${subjectText(subject)}`;
}

/** What was done and what is still to do, for the one message that must be exact. */
class Ledger {
  private readonly finished: string[] = [];
  private readonly open: string[];
  private readonly options: ReleaseOptions;

  constructor(intents: Intent[], options: ReleaseOptions) {
    this.options = options;
    this.open = intents.flatMap(({ subject, resources, orphans }) => [
      ...resources.map((one) => titleOf(one)),
      ...orphans.map((one) => `removal of ${titleOf(one)}`),
      historyStep(subject),
    ]);
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
