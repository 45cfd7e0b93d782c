// A dry run of everything before the first change: refusals and conflicts are known, and what
// would change.
import { ToolError } from "../core/problem.ts";
import { titleOf } from "../core/resource.ts";
import type { Resource } from "../core/resource.ts";
import type { Cluster } from "./cluster.ts";
import { conflictLines, otherPolicyOf } from "./conflict.ts";
import { bare } from "./difference.ts";

export type State = "new" | "changed" | "unchanged";

/**
 * Title of each resource → what applying it would do. Throws `conflict` with all conflicts, or
 * what the server says.
 */
export async function trial(
  cluster: Cluster,
  resources: Resource[],
  isForced: (resource: Resource) => boolean = () => false,
): Promise<Map<string, State>> {
  const states = new Map<string, State>();
  const lines: string[] = [];
  for (const resource of resources) {
    const title = titleOf(resource);
    const force = isForced(resource);
    const live = await cluster.read(resource);
    const { conflicts = [], resource: made } = await cluster.apply(resource, {
      dryRun: true,
      force,
    });
    if (!force) lines.push(...conflictLines(title, conflicts, otherPolicyOf(live, resource)));
    const isSame = live && made && JSON.stringify(bare(live)) === JSON.stringify(bare(made));
    states.set(title, !live ? "new" : isSame ? "unchanged" : "changed");
  }
  if (lines.length > 0) {
    const what = "nothing was applied, since others own what would change";
    throw new ToolError("conflict", `${what}:\n${lines.join("\n")}\n  --force takes it over`);
  }
  return states;
}
