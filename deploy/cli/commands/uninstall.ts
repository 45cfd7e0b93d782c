// `gatehouse uninstall`: a policy and its history leave the cluster.
import { anchorOf, readHistory, subjectText } from "../../kube/history.ts";
import { ownedBy } from "../../kube/plan.ts";
import type { Answer, Output } from "../output.ts";
import { ToolError, reasonOf } from "../../core/problem.ts";
import { titleOf } from "../../core/resource.ts";
import type { Header } from "../../core/resource.ts";
import { clusterOf, subjectOf } from "./cluster.ts";
import type { ClusterFlags } from "./cluster.ts";

export interface UninstallFlags extends ClusterFlags {
  yes?: boolean;
  dryRun?: boolean;
}

export async function uninstallCommand(
  out: Output,
  text: string,
  flags: UninstallFlags,
): Promise<Answer> {
  const subject = subjectOf(text);
  const policy = subjectText(subject);
  const cluster = await clusterOf(out, flags);
  const history = await readHistory(cluster, subject);
  const last = history.revisions.at(-1);
  if (last?.marks && last.resources.length > 0)
    throw new ToolError(
      "usage",
      `${policy} has replaced native resources, and without it nothing would decide; put them back first: gatehouse rollback ${policy} --to native`,
    );
  const owned = await ownedBy(cluster, subject, history);
  if (owned.length === 0 && history.revisions.length === 0)
    throw new ToolError(
      "usage",
      `there is no policy ${policy} in this cluster; gatehouse list shows those that there are`,
    );
  // Callers before callees; the history last, so that a removal that broke off can go on.
  const headers: Header[] = [...owned, anchorOf(subject)];
  const titles = headers.map(titleOf);
  const data = { policy, dryRun: Boolean(flags.dryRun), removed: titles };
  if (flags.dryRun) return { ok: true, text: ["would be removed:", ...titles].join("\n"), data };
  if (!flags.yes) await confirm(out, policy, titles);
  await remove(cluster.remove.bind(cluster), headers, out);
  return { ok: true, text: `${policy}: ${headers.length} resources removed`, data };
}

async function confirm(out: Output, policy: string, titles: string[]): Promise<void> {
  for (const title of titles) out.progress(`to be removed: ${title}`);
  const answer = await out.ask(
    `Its filters no longer check any request. Write ${policy} to remove it: `,
  );
  if (answer === undefined)
    throw new ToolError("usage", "there is no terminal to ask; confirm with --yes");
  if (answer.trim() !== policy)
    throw new ToolError("usage", `nothing was removed: the answer was not ${policy}`);
}

async function remove(
  act: (header: Header) => Promise<boolean>,
  headers: Header[],
  out: Output,
): Promise<void> {
  const done: string[] = [];
  for (const [at, header] of headers.entries()) {
    try {
      await act(header);
    } catch (error) {
      if (done.length === 0) throw error;
      const open = headers.slice(at).map(titleOf).join(", ");
      throw new ToolError(
        "partial",
        `removed: ${done.join(", ")}; still there: ${open}; run the same command again to go on (${reasonOf(error)})`,
        { cause: error },
      );
    }
    done.push(titleOf(header));
    out.progress(`removed ${titleOf(header)}`);
  }
}
