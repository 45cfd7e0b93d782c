// A policy beside the cluster: what it renders to, what is there already, what would have to go.
import type { Policy } from "../policy.ts";
import { render } from "../render/render.ts";
import type { Api, Resource } from "../render/plugin.ts";
import type { Cluster, Header } from "./cluster.ts";
import { fingerprint, readHistory } from "./history.ts";
import type { History } from "./history.ts";
import { ownedBy } from "./rollout.ts";

export interface Plan {
  policy: Policy;
  resources: Resource[];
  /** Belongs to the policy in the cluster, and is no longer rendered. */
  orphans: Header[];
  history: History;
  settings: string;
  start: Date;
}

/** Settings that were applied before keep the moment from which their schedule counts. */
export async function planFor(cluster: Cluster, policy: Policy, api: Api, now: Date): Promise<Plan> {
  const history = await readHistory(cluster, policy);
  const settings = fingerprint(policy.manifest.value);
  const last = history.revisions.at(-1);
  const start = last && last.settings === settings ? new Date(last.start) : now;
  const resources = render(policy, { api, start });
  return { policy, resources, orphans: await orphansOf(cluster, policy, resources), history, settings, start };
}

export async function orphansOf(
  cluster: Cluster,
  subject: { name: string; namespace: string },
  resources: Resource[],
): Promise<Header[]> {
  const wanted = new Set(resources.map(keyOf));
  const owned = await ownedBy(cluster, subject);
  return owned
    .filter((resource) => !wanted.has(keyOf(resource)))
    .map(({ apiVersion, kind, metadata }) => ({
      apiVersion,
      kind,
      metadata: { name: metadata.name, namespace: metadata.namespace },
    }));
}

export function keyOf({ kind, metadata }: Resource): string {
  return [kind, metadata.namespace ?? "", metadata.name].join("\0");
}
