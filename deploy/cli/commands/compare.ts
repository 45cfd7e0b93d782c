// `gatehouse compare`: two sets of resources, the first requests for which they decide otherwise.
import { applied } from "../../compare/state.ts";
import { compareMeshes, decidesAnything } from "../../compare/meshes.ts";
import type { Outcome, Row } from "../../compare/compare.ts";
import { requestText } from "../../compare/shown.ts";
import { partsOf } from "../../core/kustomize.ts";
import { ToolError, textOf } from "../../core/problem.ts";
import { read } from "../../core/source.ts";
import type { Manifest } from "../../core/source.ts";
import type { Answer, Output } from "../output.ts";

export interface CompareFlags {
  /** NEW is laid over OLD. */
  onto?: boolean;
  requests: string;
  seconds: string;
  seed: string;
  show: string;
}

const requestsMost = 1_000_000;
const secondsMost = 3_600;
/** How often a person is told how far it is. */
const progressMillis = 1_000;

export function compareCommand(
  out: Output,
  oldPath: string,
  newPath: string,
  flags: CompareFlags,
): Answer {
  const [max, seconds] = [
    wholeNumber("--requests", flags.requests, requestsMost),
    wholeNumber("--seconds", flags.seconds, secondsMost),
  ];
  const [seed, rowsMax] = [
    wholeNumber("--seed", flags.seed, 2 ** 32),
    wholeNumber("--show", flags.show, 1_000),
  ];
  const old = manifestsOf(oldPath);
  const written = manifestsOf(newPath);
  const next = flags.onto ? applied(old, written) : written;
  let told = performance.now();
  const result = compareMeshes(old, next, {
    max,
    seed,
    rowsMax,
    deadlineMillis: performance.now() + seconds * 1_000,
    progress: (done) => {
      if (performance.now() - told < progressMillis) return;
      told = performance.now();
      out.progress(`${done} of at most ${max} requests compared`);
    },
  });
  const { counts, count, rows, isComplete, unmodelled } = result;
  const summary = `${count} requests: ${counts.same} same, ${counts.stricter} stricter, ${counts.weaker} weaker, ${counts.different} different`;
  const cut = isComplete ? [] : [`stopped after ${seconds} s: not all requests were compared`];
  return {
    ok: counts.same === count && isComplete,
    text: [...sorted(rows).map(rowText), summary].join("\n"),
    data: { counts, count, isComplete, unmodelled, rows: sorted(rows).map(rowData) },
    remarks: [...unmodelled, ...cut],
  };
}

const rank: Record<Outcome, number> = { weaker: 0, stricter: 1, different: 2, same: 3 };

/** What opens something first. */
function sorted(rows: readonly Row[]): Row[] {
  return [...rows].sort((a, b) => rank[a.outcome] - rank[b.outcome]);
}

function rowText({ outcome, what, request }: Row): string {
  return `${outcome}: ${requestText(request)}\n  ${what}`;
}

function rowData(row: Row): object {
  const { outcome, what, request, old } = row;
  return { outcome, what, request: requestText(request), old: old.refusal, new: row.new.refusal };
}

function manifestsOf(path: string): Manifest[] {
  const { manifests, findings } = read([path]);
  const parts = partsOf(manifests);
  const broken = findings
    .filter(({ severity, place }) => severity === "error" && !parts.has(place.file))
    .map(textOf);
  if (broken.length > 0) throw new ToolError("input", broken.join("\n"));
  if (!decidesAnything(manifests))
    throw new ToolError(
      "input",
      `${path}: nothing there decides requests; compare reads RequestAuthentication, AuthorizationPolicy, EnvoyFilter with local_ratelimit, VirtualService, HTTPRoute, GRPCRoute, BackendTrafficPolicy, Telemetry, MeshConfig, plugins and settings files`,
    );
  return manifests;
}

function wholeNumber(flag: string, text: string, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= 1 && value <= most) return value;
  throw new ToolError("usage", `${flag} ${text}: write a whole number from 1 to ${most}`);
}
