// A policy beside the cluster: what it renders to, what is there already, what would have to go.
import type { Policy } from "../core/policy.ts";
import { render } from "../render/render.ts";
import type { Api, Header, Resource } from "../core/resource.ts";
import type { Cluster } from "./cluster.ts";
import { fingerprint, readHistory } from "./history.ts";
import type { History, Subject } from "./history.ts";
import type { Intent } from "./release.ts";

/** The kinds that a policy may render; a resource of them that carries its labels belongs to it. */
const ownKinds: [apiVersion: string, kind: string][] = [
  ["extensions.istio.io/v1alpha1", "WasmPlugin"],
  ["extensions.istio.io/v1alpha1", "TrafficExtension"],
  ["networking.istio.io/v1", "VirtualService"],
  ["networking.istio.io/v1", "DestinationRule"],
  ["networking.istio.io/v1", "ServiceEntry"],
];

/** Settings that were applied before keep the moment from which their schedule counts. */
export async function planFor(
  cluster: Cluster,
  policy: Policy,
  api: Api,
  now: Date,
): Promise<Intent> {
  const { name, namespace } = policy;
  const history = await readHistory(cluster, policy);
  const settings = fingerprint(policy.manifest.value);
  const last = history.revisions.at(-1);
  const start = last && last.settings === settings ? new Date(last.start) : now;
  const resources = render(policy, { api, start });
  const orphans = await orphansOf(cluster, policy, history, resources);
  return {
    subject: { name, namespace },
    resources,
    orphans,
    history,
    settings,
    start,
    cause: "apply",
  };
}

/** What the cluster has of a policy beyond `resources`. */
export async function orphansOf(
  cluster: Cluster,
  subject: Subject,
  history: History,
  resources: Resource[],
): Promise<Header[]> {
  const wanted = new Set(resources.map(keyOf));
  const owned = await ownedBy(cluster, subject, history, resources);
  return owned
    .filter((resource) => !wanted.has(keyOf(resource)))
    .map(({ apiVersion, kind, metadata }) => ({
      apiVersion,
      kind,
      metadata: { name: metadata.name, namespace: metadata.namespace },
    }));
}

/**
 * What the cluster has of a policy, in every namespace that any of its revisions used: no
 * cluster-wide right is needed.
 */
export async function ownedBy(
  cluster: Cluster,
  subject: Subject,
  history: History,
  resources: Resource[] = [],
): Promise<Resource[]> {
  const all = [...resources, ...history.revisions.flatMap((revision) => revision.resources)];
  const namespaces = new Set([
    subject.namespace,
    ...all.map(({ metadata }) => String(metadata.namespace)),
  ]);
  const lists = [...namespaces].flatMap((namespace) =>
    ownKinds.map(([apiVersion, kind]) =>
      cluster.list(apiVersion, kind, selectorOf(subject), namespace),
    ),
  );
  return (await Promise.all(lists)).flatMap((list) => list ?? []);
}

/** The label selector of everything that belongs to a policy. */
function selectorOf({ name, namespace }: Subject): string {
  return `app.kubernetes.io/managed-by=gatehouse,gatehouse.dev/policy=${name},gatehouse.dev/policy-namespace=${namespace}`;
}

export function keyOf({ kind, metadata }: Resource): string {
  return [kind, metadata.namespace ?? "", metadata.name].join("\0");
}
