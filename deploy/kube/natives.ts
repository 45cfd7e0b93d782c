// The native resources that a policy of `migrate` stands for, as the cluster has them: what goes,
// what is rewritten, and whether they are still what `migrate` has read.
import {
  besideAnnotation,
  fingerprintOf,
  headerOf,
  isRewritten,
  marksIn,
  policiesAnnotation,
  referenceOf,
  replacesAnnotation,
  wordsIn,
} from "../core/migrated.ts";
import type { Marks } from "../core/migrated.ts";
import type { Policy } from "../core/policy.ts";
import { ToolError } from "../core/problem.ts";
import { titleOf } from "../core/resource.ts";
import type { Resource } from "../core/resource.ts";
import type { Cluster } from "./cluster.ts";
import { bare } from "./difference.ts";
import { subjectText } from "./history.ts";
import type { Subject } from "./history.ts";

export interface Natives {
  marks: Marks;
  /** Rewritten resources, which need the plugins. */
  companions: Resource[];
  /** What the cluster still has of what goes. */
  replaced: Resource[];
  /** What the cluster had before the policy, for the way back. */
  originals: Resource[];
  /** True if a rewritten resource becomes another one than the cluster has. */
  isReworded: boolean;
}

export const noNatives: Natives = {
  marks: { replaces: [], rewrites: [], read: {} },
  companions: [],
  replaced: [],
  originals: [],
  isReworded: false,
};

/** Istio's default; policies in it are for the whole mesh. */
const rootNamespace = "istio-system";

/** Throws `conflict` where the cluster has something else than `migrate` has read. */
export async function nativesOf(
  cluster: Cluster,
  marks: Marks,
  companions: Resource[],
  force = false,
): Promise<Natives> {
  if (marks.replaces.length === 0) return noNatives;
  const replaced = await liveOf(cluster, marks.replaces);
  const before = await Promise.all(companions.map((companion) => cluster.read(companion)));
  const live = before.flatMap((one) => (one ? [bare(one)] : []));
  const originals = [...replaced, ...live.filter((one) => !isRewritten(one))];
  if (!force) {
    checkRead(marks, originals);
    if (replaced.some(isAuthentication)) await checkReaders(cluster, marks, replaced);
  }
  const isReworded = companions.some((wanted) =>
    live.some(
      (one) =>
        isRewritten(one) &&
        referenceOf(one) === referenceOf(wanted) &&
        fingerprintOf(one) !== fingerprintOf(wanted),
    ),
  );
  return { marks, companions, replaced, originals, isReworded };
}

export function isAuthentication({ kind }: Resource): boolean {
  return kind === "RequestAuthentication";
}

/** True for a rewritten resource that stands beside its original. */
export function isBeside(companion: Resource): boolean {
  return wordsIn(companion, besideAnnotation).length > 0;
}

/**
 * The rewritten resources that belong to a policy. Throws where one is not among the files, or a
 * policy that it needs.
 */
export function companionsOf(
  policy: Policy,
  documents: readonly Resource[],
  policies: readonly Subject[],
): Resource[] {
  const { rewrites } = marksIn(policy.manifest.fields);
  const own = documents.filter((one) => rewrites.includes(referenceOf(one)) && isRewritten(one));
  const there = new Set(policies.map(subjectText));
  const missing = [
    ...rewrites.filter((word) => !own.some((one) => referenceOf(one) === word)),
    ...policiesOf(own)
      .filter((word) => !there.has(word))
      .map((word) => `Policy/${word}`),
  ];
  if (missing.length === 0) return own;
  throw new ToolError(
    "invalid",
    `policy ${subjectText(policy)} needs ${missing.join(", ")}, which is not among the files; add what migrate wrote beside it with -f`,
    { place: policy.manifest.place(["metadata", "annotations"]) },
  );
}

/** The policies that set the headers of rewritten resources, as `namespace/name`. */
export function policiesOf(companions: readonly Resource[]): string[] {
  return [...new Set(companions.flatMap((one) => wordsIn(one, policiesAnnotation)))];
}

async function liveOf(cluster: Cluster, references: readonly string[]): Promise<Resource[]> {
  const found = await Promise.all(
    references.map((reference) => {
      const header = headerOf(reference);
      if (header) return cluster.read(header);
      const right = "write kind/namespace/name of a RequestAuthentication or an EnvoyFilter";
      throw new ToolError(
        "invalid",
        `${replacesAnnotation}: "${reference}" is nothing that a policy replaces; ${right}`,
      );
    }),
  );
  return found.flatMap((one) => (one ? [bare(one)] : []));
}

/** True for a resource that is what `migrate` has read. */
export function isAsRead({ read }: Marks, resource: Resource): boolean {
  return read[referenceOf(resource)] === fingerprintOf(resource);
}

/** A proof is about what was read: something else may decide otherwise. */
function checkRead(marks: Marks, live: readonly Resource[]): void {
  const changed = live.filter((one) => !isAsRead(marks, one));
  const beside = changed.map(titleOf);
  if (beside.length === 0) return;
  const what = `${beside.join(", ")} in the cluster is not what migrate has read`;
  throw new ToolError(
    "conflict",
    `nothing was applied: ${what}; run migrate again on what the cluster has, or --force`,
  );
}

/** A policy that reads tokens finds none when the RequestAuthentication is gone: it may open. */
async function checkReaders(
  cluster: Cluster,
  marks: Marks,
  replaced: readonly Resource[],
): Promise<void> {
  const own = new Set(replaced.map(({ metadata }) => metadata.namespace ?? "default"));
  const namespaces = own.has(rootNamespace) ? [undefined] : [...own, rootNamespace];
  const lists = await Promise.all(
    namespaces.map((namespace) =>
      cluster.list("security.istio.io/v1", "AuthorizationPolicy", undefined, namespace),
    ),
  );
  const strangers = lists
    .flatMap((list) => list ?? [])
    .filter((one) => readsToken(one) && !isAsRead(marks, one));
  if (strangers.length === 0) return;
  const what = `${strangers.map(titleOf).join(", ")} reads tokens, and migrate has not read it as it is now`;
  throw new ToolError(
    "conflict",
    `nothing was applied: ${what}; without the RequestAuthentication it sees no token; run migrate again with it, or --force`,
  );
}

function readsToken({ spec }: Resource): boolean {
  return /"(not)?RequestPrincipals"|request\.auth\./i.test(JSON.stringify(spec ?? {}));
}
