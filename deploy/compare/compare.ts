// Compares two deciders request by request: the same, stricter, weaker, or different in another
// way.
import type { Decider, Decision, Header, NativeRequest } from "../native/types.ts";
import type { Splits } from "./shares.ts";

/**
 * `stricter`: only the new one refuses. `weaker`: only the old one does. `different`: another
 * status, header or route.
 */
export type Outcome = "same" | "stricter" | "weaker" | "different";

export interface Row {
  outcome: Outcome;
  /** What differs, in words; empty for `same`. */
  what: string;
  request: NativeRequest;
  old: Decision;
  new: Decision;
}

export interface Comparison {
  /** Requests compared. */
  count: number;
  counts: Record<Outcome, number>;
  /** The first rows that are not the same, `rowsMax` of each outcome. */
  rows: Row[];
  /** False when time ran out before all requests were compared. */
  isComplete: boolean;
}

export interface CompareOptions {
  /** Rows kept of each outcome. Default 20. */
  rowsMax?: number;
  /** Ends the comparison; `performance.now()` milliseconds. Default: never. */
  deadlineMillis?: number;
  /** Headers whose difference does not count, such as those that the migration adds on purpose. */
  ignoredHeaders?: ReadonlySet<string>;
  /**
   * Compares where requests go by shares; without it destinations are compared as they are written.
   */
  splits?: Splits;
  /** Called now and then with the number of requests done. */
  progress?: (done: number) => void;
}

const rowsMaxDefault = 20;
const progressEvery = 256;

export function compare(
  old: Decider,
  next: Decider,
  requests: Iterable<NativeRequest>,
  options: CompareOptions = {},
): Comparison {
  return collected(rowsOf(old, next, requests, options), options);
}

function* rowsOf(
  old: Decider,
  next: Decider,
  requests: Iterable<NativeRequest>,
  { ignoredHeaders, splits }: CompareOptions,
): Generator<Row> {
  for (const request of requests) {
    const [was, is] = [old.decide(request), next.decide(request)];
    const isSplit = splits && !was.refusal && !is.refusal;
    const moved = isSplit ? splits.difference(request, was, is) : undefined;
    yield compareOne(request, was, is, ignoredHeaders, moved);
  }
}

/** What rows say together, until they or the time end. */
export function collected(rows: Iterable<Row>, options: CompareOptions = {}): Comparison {
  const { rowsMax = rowsMaxDefault, deadlineMillis = Infinity, progress } = options;
  const result: Comparison = {
    count: 0,
    counts: { same: 0, stricter: 0, weaker: 0, different: 0 },
    rows: [],
    isComplete: true,
  };
  const all = rows[Symbol.iterator]();
  for (;;) {
    if (performance.now() > deadlineMillis) {
      result.isComplete = false;
      all.return?.();
      break;
    }
    const { value: row, done } = all.next();
    if (done) break;
    result.count++;
    if (++result.counts[row.outcome] <= rowsMax && row.outcome !== "same") result.rows.push(row);
    if (result.count % progressEvery === 0) progress?.(result.count);
  }
  return result;
}

/** Two comparisons of the same sides as one. */
export function together(one: Comparison, other: Comparison): Comparison {
  const counts = { ...one.counts };
  for (const [outcome, count] of Object.entries(other.counts)) counts[outcome as Outcome] += count;
  return {
    count: one.count + other.count,
    counts,
    rows: [...one.rows, ...other.rows],
    isComplete: one.isComplete && other.isComplete,
  };
}

/** One request's row. */
export function compareOne(
  request: NativeRequest,
  old: Decision,
  next: Decision,
  ignored: ReadonlySet<string> = new Set(),
  moved = movedText(old, next),
): Row {
  const [outcome, what] = outcomeOf(old, next, ignored, moved);
  return { outcome, what, request, old, new: next };
}

function outcomeOf(
  old: Decision,
  next: Decision,
  ignored: ReadonlySet<string>,
  moved: string,
): [Outcome, string] {
  if (old.refusal && !next.refusal)
    return ["weaker", `passes; was ${old.refusal.status} (${old.refusal.reason})`];
  if (!old.refusal && next.refusal)
    return ["stricter", `${next.refusal.status} (${next.refusal.reason}); passed`];
  if (old.refusal && next.refusal) {
    if (old.refusal.status === next.refusal.status) return ["same", ""];
    return ["different", `${next.refusal.status} instead of ${old.refusal.status}`];
  }
  const what = differences(old, next, ignored, moved);
  return what.length === 0 ? ["same", ""] : ["different", what.join("; ")];
}

function movedText(old: Decision, next: Decision): string {
  const [from, to] = [
    JSON.stringify(old.destinations ?? []),
    JSON.stringify(next.destinations ?? []),
  ];
  return from === to ? "" : `destinations ${to} instead of ${from}`;
}

function differences(
  old: Decision,
  next: Decision,
  ignored: ReadonlySet<string>,
  moved: string,
): string[] {
  const found = headerDifferences(old.headers ?? [], next.headers ?? [], ignored);
  if (moved !== "") found.push(moved);
  const names = new Set([...Object.keys(old.effects ?? {}), ...Object.keys(next.effects ?? {})]);
  for (const name of names) {
    const [was, is] = [old.effects?.[name], next.effects?.[name]];
    if (was !== is) found.push(`${name} ${JSON.stringify(is)} instead of ${JSON.stringify(was)}`);
  }
  return found;
}

/** The order of headers of different names does not matter; that of one name's values does. */
function headerDifferences(
  old: readonly Header[],
  next: readonly Header[],
  ignored: ReadonlySet<string>,
): string[] {
  const [was, is] = [byName(old), byName(next)];
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((name) => {
    if (ignored.has(name) || was.get(name) === is.get(name)) return [];
    return [`header ${name}: ${shown(is.get(name))} instead of ${shown(was.get(name))}`];
  });
}

function byName(headers: readonly Header[]): Map<string, string> {
  const values = new Map<string, string>();
  for (const [name, value] of headers) {
    const before = values.get(name);
    values.set(name, before === undefined ? value : `${before}\n${value}`);
  }
  return values;
}

function shown(value: string | undefined): string {
  return value === undefined ? "none" : JSON.stringify(value);
}
