// `gatehouse list`: the policies in a cluster.
import { listHistories, subjectText } from "../../kube/history.ts";
import type { History, Subject } from "../../kube/history.ts";
import { moduleIn } from "../../core/resource.ts";
import type { Answer, Output } from "../output.ts";
import { table } from "../table.ts";
import { clusterOf } from "./cluster.ts";
import type { ClusterFlags } from "./cluster.ts";

export interface ListFlags extends ClusterFlags {
  namespace?: string;
}

export async function listCommand(out: Output, flags: ListFlags): Promise<Answer> {
  const cluster = await clusterOf(out, flags);
  const policies = (await listHistories(cluster, flags.namespace)).map(rowOf);
  const head = ["POLICY", "REVISION", "SINCE", "STATE"];
  const rows = policies.map((one) => [
    one.policy,
    String(one.revision ?? "-"),
    one.since,
    one.state,
  ]);
  const wide = policies.map((one, at) => [
    ...rows[at]!,
    String(one.resources),
    one.cause,
    one.modules.join(", "),
  ]);
  const where = flags.namespace ? ` in namespace ${flags.namespace}` : "";
  const none = `no policies${where}; apply one with gatehouse apply`;
  return {
    ok: true,
    text: policies.length > 0 ? table([head, ...rows]) : none,
    wide: policies.length > 0 ? table([[...head, "RESOURCES", "CAUSE", "MODULES"], ...wide]) : none,
    data: { policies },
  };
}

function rowOf({ subject, history }: { subject: Subject; history: History }) {
  const last = history.revisions.at(-1);
  const resources = last?.resources ?? [];
  const modules = resources.flatMap((resource) => {
    const { pluginName, sha256 } = moduleIn(resource);
    if (!pluginName) return [];
    return [`${String(pluginName)}${sha256 ? `@${String(sha256).slice(0, 12)}` : ""}`];
  });
  return {
    policy: subjectText(subject),
    revision: last?.number,
    since: last?.at ?? "-",
    state: !last ? "no history" : !last.complete ? "broke off" : "applied",
    resources: resources.length,
    cause: last?.cause ?? "-",
    modules,
  };
}
