// What `apply`, `diff`, `status` and `rollback` have in common: the cluster, and which policies
// are meant.
import { connect } from "../../kube/cluster.ts";
import type { Cluster } from "../../kube/cluster.ts";
import { ToolError } from "../../core/problem.ts";

export interface ClusterFlags {
  kubeconfig?: string;
  context?: string;
  timeout: string;
}

export function timeoutOf(flags: ClusterFlags): number {
  const millis = Number(flags.timeout) * 1000;
  if (!(millis > 0))
    throw new ToolError("usage", `--timeout ${flags.timeout}: write a number of seconds`);
  return millis;
}

export function clusterOf(flags: ClusterFlags): Cluster {
  return connect({
    kubeconfig: flags.kubeconfig,
    context: flags.context,
    timeoutMillis: timeoutOf(flags),
  });
}

/** `namespace/name`, or a name in the default namespace. */
export function subjectOf(text: string): { name: string; namespace: string } {
  const [left, right, more] = text.split("/");
  if (!left || more !== undefined || right === "")
    throw new ToolError("usage", `"${text}": write the policy as namespace/name`);
  return right === undefined
    ? { namespace: "default", name: left }
    : { namespace: left, name: right };
}
