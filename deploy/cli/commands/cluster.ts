// What the verbs that talk to a cluster have in common: their flags, the cluster, and which policy
// is meant.
import type { Cluster } from "../../kube/cluster.ts";
import { ToolError } from "../../core/problem.ts";
import type { Output } from "../output.ts";

export interface ClusterFlags {
  kubeconfig?: string;
  context?: string;
  timeout: string;
}

/** An hour. Node's timers fire at once beyond 24.8 days. */
const timeoutSecondsMax = 3600;

/** The milliseconds of `--timeout`. */
export function timeoutOf({ timeout }: { timeout: string }): number {
  const millis = Math.ceil(Number(timeout) * 1000);
  if (timeout.trim() !== "" && millis >= 1 && millis <= timeoutSecondsMax * 1000) return millis;
  throw new ToolError(
    "usage",
    `--timeout ${timeout}: not a time limit; allowed: 0.001 to ${timeoutSecondsMax} seconds`,
  );
}

/** Connects, and says to which cluster before anything else is said. */
export async function clusterOf(out: Output, flags: ClusterFlags): Promise<Cluster> {
  const { kubeconfig, context } = flags;
  const timeoutMillis = timeoutOf(flags);
  const { connect } = await import("../../kube/api-server.ts");
  const cluster = connect({ kubeconfig, context, timeoutMillis });
  out.onCluster(cluster.target);
  return cluster;
}

/** `namespace/name`, or a name in the default namespace. */
export function subjectOf(text: string): { name: string; namespace: string } {
  const [left, right, more] = text.split("/");
  if (!left || more !== undefined || right === "")
    throw new ToolError("usage", `"${text}": not a policy; write namespace/name`);
  return right === undefined
    ? { namespace: "default", name: left }
    : { namespace: left, name: right };
}
