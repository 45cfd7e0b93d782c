// The history of a policy in the cluster: one ConfigMap beside it, each revision in an
// annotation, so that a rollback needs nothing from the machine that applied it.
import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Marks } from "../core/migrated.ts";
import { ToolError } from "../core/problem.ts";
import type { Header, Resource } from "../core/resource.ts";
import type { Cluster } from "./cluster.ts";

export interface Revision {
  number: number;
  /** When it was begun, RFC 3339. */
  at: string;
  /** Hash of the settings it came from; the same settings keep their `start`. */
  settings: string;
  /** What `after` in schedules counted from. */
  start: string;
  /** Why: `apply`, or `rollback to 3`. */
  cause: string;
  /** False while it is being applied: it stays so when that broke off. */
  complete: boolean;
  resources: Resource[];
  /** Native resources that `migrate` rewrote with the policy. */
  companions?: Resource[];
  marks?: Marks;
  /** What the cluster had before the policy, and has no longer. */
  originals?: Resource[];
}

export interface History {
  /** Newest last. */
  revisions: Revision[];
  /**
   * Of the ConfigMap as it was read: two who apply at once must not overwrite each other's
   * history.
   */
  resourceVersion?: string;
}

const prefix = "gatehouse.dev/revision-";
/** More would only cost room: older settings are in the users' own version control. */
const revisionsMax = 10;
/** Kubernetes allows 256 KiB of annotations in all. */
const annotationBytesMax = 200 * 1024;

/** Which policy the history is of. */
export interface Subject {
  name: string;
  namespace: string;
}

export function subjectText({ name, namespace }: Subject): string {
  return `${namespace}/${name}`;
}

export function anchorOf({ name, namespace }: Subject): Header {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: `gatehouse-${name}`, namespace },
  };
}

export async function readHistory(cluster: Cluster, subject: Subject): Promise<History> {
  return historyIn(await cluster.read(anchorOf(subject)));
}

/** Every policy that has a history, of one namespace or of all that the user may see. */
export async function listHistories(
  cluster: Cluster,
  namespace?: string,
): Promise<{ subject: Subject; history: History }[]> {
  const selector = "app.kubernetes.io/managed-by=gatehouse,gatehouse.dev/policy";
  const anchors = (await cluster.list("v1", "ConfigMap", selector, namespace)) ?? [];
  return anchors
    .map((anchor) => ({ subject: subjectIn(anchor), history: historyIn(anchor) }))
    .sort((a, b) => (subjectText(a.subject) < subjectText(b.subject) ? -1 : 1));
}

function subjectIn({ metadata }: Resource): Subject {
  return {
    name: metadata.labels?.["gatehouse.dev/policy"] ?? metadata.name,
    namespace: metadata.namespace ?? "default",
  };
}

function historyIn(anchor: Resource | undefined): History {
  const annotations: Record<string, string> = anchor?.metadata?.annotations ?? {};
  const revisions = Object.entries(annotations)
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, text]) => decode(Number(key.slice(prefix.length)), text))
    .sort((a, b) => a.number - b.number);
  return { revisions, resourceVersion: anchor?.metadata?.resourceVersion };
}

/**
 * Writes the history, without its oldest revisions as far as it has to be, and gives it as it is
 * now. Throws `conflict` when it has changed since it was read, `invalid` when its newest
 * revision alone is too large.
 */
export async function writeHistory(
  cluster: Cluster,
  subject: Subject,
  history: History,
): Promise<History> {
  const kept: Revision[] = [];
  const annotations: Record<string, string> = {};
  let bytes = 0;
  for (const revision of history.revisions.toReversed().slice(0, revisionsMax)) {
    const text = encode(revision);
    bytes += text.length;
    if (bytes > annotationBytesMax) break;
    annotations[`${prefix}${revision.number}`] = text;
    kept.unshift(revision);
  }
  if (kept.length === 0 && history.revisions.length > 0) {
    const what = `the resources of ${subjectText(subject)} are too large for a history in annotations (200 KiB compressed)`;
    throw new ToolError(
      "invalid",
      `${what}; let jwksUri name the keys instead of writing them inline`,
    );
  }
  const { apiVersion, kind, metadata } = anchorOf(subject);
  const { resourceVersion } = history;
  const labels = {
    "app.kubernetes.io/managed-by": "gatehouse",
    "gatehouse.dev/policy": subject.name,
  };
  const written = await cluster.apply(
    {
      apiVersion,
      kind,
      metadata: { ...metadata, ...(resourceVersion && { resourceVersion }), labels, annotations },
    },
    { force: true },
  );
  return { revisions: kept, resourceVersion: written.resource?.metadata?.resourceVersion };
}

function encode({ number: _number, ...rest }: Revision): string {
  return gzipSync(JSON.stringify(rest)).toString("base64");
}

function decode(number: number, text: string): Revision {
  try {
    return { number, ...JSON.parse(gunzipSync(Buffer.from(text, "base64")).toString("utf8")) };
  } catch (error) {
    throw new ToolError(
      "cluster",
      `revision ${number} in the history cannot be read: it was edited; choose another with --to`,
      {
        cause: error,
      },
    );
  }
}

/** A stable fingerprint of settings or resources. */
export function fingerprint(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}
