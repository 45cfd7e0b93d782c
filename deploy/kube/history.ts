// The history of a policy in the cluster: one ConfigMap beside it, each revision in an annotation, so that a rollback
// needs nothing from the machine that applied it.
import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { ToolError } from "../problem.ts";
import type { Resource } from "../render/plugin.ts";
import type { Cluster, Header } from "./cluster.ts";

export interface Revision {
  number: number;
  /** When it was applied, RFC 3339. */
  at: string;
  /** Hash of the settings it came from; the same settings keep their `start`. */
  settings: string;
  /** What `after` in schedules counted from. */
  start: string;
  /** Why: `apply`, or `rollback to 3`. */
  cause: string;
  resources: Resource[];
}

export interface History {
  /** Newest last. */
  revisions: Revision[];
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

export function anchorOf({ name, namespace }: Subject): Header {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: `gatehouse-${name}`, namespace } };
}

export async function readHistory(cluster: Cluster, subject: Subject): Promise<History> {
  const anchor = await cluster.read(anchorOf(subject));
  const annotations: Record<string, string> = anchor?.metadata?.annotations ?? {};
  const revisions = Object.entries(annotations)
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, text]) => decode(Number(key.slice(prefix.length)), text))
    .sort((a, b) => a.number - b.number);
  return { revisions };
}

/** Writes the history, without its oldest revisions as far as it has to be. Gives how many were kept. */
export async function writeHistory(cluster: Cluster, subject: Subject, history: History): Promise<number> {
  const kept: [string, string][] = [];
  let bytes = 0;
  for (const revision of history.revisions.toReversed().slice(0, revisionsMax)) {
    const text = encode(revision);
    bytes += text.length;
    if (bytes > annotationBytesMax) break;
    kept.push([`${prefix}${revision.number}`, text]);
  }
  const anchor = anchorOf(subject);
  const labels = { "app.kubernetes.io/managed-by": "gatehouse", "gatehouse.dev/policy": subject.name };
  const annotations = Object.fromEntries(kept.toReversed());
  const applied = await cluster.apply(
    { ...anchor, metadata: { ...anchor.metadata, labels, annotations } },
    { force: true },
  );
  if (applied.conflicts)
    throw new ToolError("conflict", `the history in ConfigMap ${anchor.metadata.name} belongs to somebody else`);
  return kept.length;
}

function encode({ number: _number, ...rest }: Revision): string {
  return gzipSync(JSON.stringify(rest)).toString("base64");
}

function decode(number: number, text: string): Revision {
  try {
    return { number, ...JSON.parse(gunzipSync(Buffer.from(text, "base64")).toString("utf8")) };
  } catch (error) {
    throw new ToolError("cluster", `revision ${number} in the history cannot be read: somebody has edited it`, {
      cause: error,
    });
  }
}

/** A stable fingerprint of settings or resources. */
export function fingerprint(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}
