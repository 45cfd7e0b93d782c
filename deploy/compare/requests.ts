// Makes the requests that tell two sets of resources apart: from starting points and from the
// values that each condition makes interesting. Knows no resource: the models' own files say what
// is interesting to them.
import type { NativeRequest } from "../native/types.ts";
import { Random } from "./random.ts";

/**
 * One change of a request: `path /admin`, `no header x-a`, `two tokens`. Never changes its
 * argument.
 */
export type Edit = (request: NativeRequest) => NativeRequest;

/**
 * One thing that a request can be varied in, with every value that some condition makes a
 * difference of.
 */
export interface Axis {
  /** Unique: `path`, `header x-tenant`, `claim role`. Axes of one name are joined. */
  name: string;
  edits: readonly Edit[];
}

/** What one resource or model finds worth asking. */
export interface Interest {
  /** Requests that meet a whole rule at once: only from there does one condition show by itself. */
  starts: readonly NativeRequest[];
  axes: readonly Axis[];
}

export interface GenerateOptions {
  /** Same seed, same requests. Default 1. */
  seed?: number;
  /** The most requests to make. Default 2,000. */
  max?: number;
  /** Where `max` cuts, edits are left out evenly, and not the last ones. */
  isSpread?: boolean;
}

const maxDefault = 2_000;
/** Edits of one random request. */
const editsMax = 4;

/**
 * First the starting points, then each with every single edit (each boundary of each condition),
 * then pairs and more at random until `max`. No request comes twice.
 */
export function* generate(
  interests: readonly Interest[],
  options: GenerateOptions = {},
): Generator<NativeRequest> {
  const { seed = 1, max = maxDefault } = options;
  const random = new Random(seed);
  const starts = interests.flatMap((interest) => [...interest.starts]);
  const axes = joined(interests.flatMap((interest) => [...interest.axes]));
  if (starts.length === 0) return;
  const seen = new Set<string>();
  const workloads = new Map<object, number>();
  const isNew = (request: NativeRequest) => {
    const { tokens: _tokens, workload, ...rest } = request;
    if (!workloads.has(workload)) workloads.set(workload, workloads.size);
    // Tokens are in the headers and the path already.
    const key = `${workloads.get(workload)} ${JSON.stringify(rest)}`;
    return seen.has(key) ? false : seen.add(key);
  };
  for (const start of starts) if (seen.size < max && isNew(start)) yield start;
  const step = options.isSpread ? stepFor(starts, axes, max) : 1;
  for (const request of single(starts, axes, step)) {
    if (seen.size >= max) return;
    if (isNew(request)) yield request;
  }
  // A small space is used up long before `max`: so many misses in a row end it.
  for (let misses = 0; seen.size < max && misses < 200; misses++) {
    const request = mixed(random, starts, axes);
    if (!isNew(request)) continue;
    misses = 0;
    yield request;
  }
}

/** So that `max` requests are taken from all edits alike, and not from the first alone. */
function stepFor(starts: readonly NativeRequest[], axes: readonly Axis[], max: number): number {
  const edits = axes.reduce((sum, axis) => sum + axis.edits.length, 0);
  const left = Math.max(max - starts.length, 1);
  return Math.max(Math.floor((edits * starts.length) / left), 1);
}

/** Every single edit of every start, by turns: a limit then cuts all starts alike. */
function* single(
  starts: readonly NativeRequest[],
  axes: readonly Axis[],
  step: number,
): Generator<NativeRequest> {
  const edits = axes.flatMap((axis) => axis.edits);
  for (const [at, edit] of edits.entries())
    for (const [turn, start] of starts.entries())
      // The turn moves on with each edit: else a start would always be left out.
      if ((at * starts.length + turn + at) % step === 0) yield edit(start);
}

function mixed(
  random: Random,
  starts: readonly NativeRequest[],
  axes: readonly Axis[],
): NativeRequest {
  let request = random.pick(starts);
  for (const axis of random.some(axes, 1, editsMax)) {
    if (axis.edits.length > 0) request = random.pick(axis.edits)(request);
  }
  return request;
}

export function joined(axes: readonly Axis[]): Axis[] {
  const byName = new Map<string, Edit[]>();
  for (const { name, edits } of axes) {
    const known = byName.get(name);
    if (known) known.push(...edits);
    else byName.set(name, [...edits]);
  }
  return [...byName].map(([name, edits]) => ({ name, edits }));
}

/** The request with a header of this name alone, or without it. */
export function withHeader(name: string, ...values: string[]): Edit {
  return (request) => ({
    ...request,
    headers: [
      ...request.headers.filter(([known]) => known !== name),
      ...values.map((value): [string, string] => [name, value]),
    ],
  });
}

/**
 * The texts next to one that a condition names: itself, empty, longer, shorter, in another case.
 */
export function near(text: string): string[] {
  const swapped = text === text.toLowerCase() ? text.toUpperCase() : text.toLowerCase();
  return [...new Set([text, "", `${text}x`, `x${text}`, text.slice(0, -1), swapped])];
}
