// The way back: to an earlier revision, or to the native resources that were there before.
import { ToolError } from "../core/problem.ts";
import { titleOf } from "../core/resource.ts";
import type { Cluster } from "./cluster.ts";
import { bare } from "./difference.ts";
import { fingerprint, readHistory, subjectText } from "./history.ts";
import type { History, Revision, Subject } from "./history.ts";
import { isAuthentication, isBeside, nativesOf, noNatives, policiesOf } from "./natives.ts";
import { orphansAmong, ownedBy, withOlder } from "./plan.ts";
import type { Intent } from "./intent.ts";

/** An earlier revision as what shall be there now. */
export async function planOfRevision(
  cluster: Cluster,
  subject: Subject,
  history: History,
  revision: Revision,
  force?: boolean,
): Promise<Intent> {
  const { number, resources, settings, start, companions = [], marks } = revision;
  checkMarks(subject, history, revision);
  const live = await ownedBy(cluster, subject, history, resources);
  const natives = marks ? await nativesOf(cluster, marks, companions, force) : noNatives;
  const originals = withOlder(natives.originals, history.revisions.at(-1));
  return {
    subject,
    resources,
    orphans: orphansAmong(live, resources),
    history,
    settings,
    start: new Date(start),
    cause: `rollback to ${number}`,
    live,
    natives: { ...natives, originals },
    taken: new Set(),
  };
}

/** Without its native resources an older revision decides less than it did. */
function checkMarks(subject: Subject, history: History, revision: Revision): void {
  const last = history.revisions.at(-1);
  if (!last?.marks || last.resources.length === 0 || revision.marks) return;
  const name = subjectText(subject);
  throw new ToolError(
    "usage",
    `revision ${revision.number} of ${name} is from before its native resources were replaced; go back to those: gatehouse rollback ${name} --to native`,
  );
}

/** Everything of the policy goes, and what was there before it comes back. */
export async function planBack(cluster: Cluster, subject: Subject): Promise<Intent> {
  const history = await readHistory(cluster, subject);
  const last = history.revisions.at(-1);
  const live = await ownedBy(cluster, subject, history);
  if (!last)
    throw new ToolError(
      "usage",
      `there is no policy ${subjectText(subject)} with a history in this cluster; gatehouse list shows those that there are`,
    );
  const { originals = [], companions = [], marks } = last;
  const known = new Set(originals.map(titleOf));
  const lost = companions.filter((one) => !isBeside(one) && !known.has(titleOf(one)));
  if (lost.length > 0 || (marks && companions.length > 0 && !originals.some(isAuthentication)))
    throw new ToolError(
      "usage",
      `the history of ${subjectText(subject)} does not hold what was there before${lost.length > 0 ? ` ${lost.map(titleOf).join(", ")}` : ""}: apply your own files of it first, then remove the policy`,
    );
  return {
    subject,
    resources: [],
    orphans: orphansAmong(live, originals),
    history,
    settings: fingerprint(originals),
    start: new Date(last.start),
    cause: "rollback to native",
    live,
    natives: { ...noNatives, marks: marks ?? noNatives.marks, companions, originals },
    taken: new Set(),
    isBack: true,
    leaving: live.map(bare),
  };
}

/** A rewritten policy reads the headers of several plugins: those go or come together. */
export function checkTogether(plans: readonly Intent[]): void {
  const there = new Set(plans.map(({ subject }) => subjectText(subject)));
  const needed = plans.flatMap(({ history, natives }) =>
    policiesOf([...natives.companions, ...(history.revisions.at(-1)?.companions ?? [])]),
  );
  const missing = [...new Set(needed)].filter((name) => !there.has(name));
  if (missing.length === 0) return;
  throw new ToolError(
    "usage",
    `${[...there].join(", ")} shares rewritten policies with ${missing.join(", ")}; name all of them in one command`,
  );
}
