// Rate limits compared: a bucket shows itself only once it is empty. So requests come in bursts,
// two kinds after each other, and then again after the time in which one token comes back.
import type { Decider, NativeRequest } from "../native/types.ts";
import { compareOne } from "./compare.ts";
import type { Row } from "./compare.ts";
import type { Interest } from "./requests.ts";
import { joined } from "./requests.ts";
import { Random } from "./random.ts";
import { requestText } from "./shown.ts";
import type { Sides } from "./sides.ts";

/** What the limits of both sides have in common. */
export interface Figures {
  /** The most requests that a bucket admits at once. */
  burst: number;
  /** Times in which buckets get one token. */
  tokenMillis: readonly number[];
}

/** Kinds of requests in one random sequence, and changes of each. */
const kindsMax = 4;
const changesMax = 3;

/**
 * Requests in the order in which they come, from full buckets on. Ends after about `max` requests.
 */
export function* sequences(
  interests: readonly Interest[],
  figures: Figures,
  { seed, max }: { seed: number; max: number },
): Generator<NativeRequest[]> {
  const random = new Random(seed);
  const turns = interests.map((interest) => kindsOf(interest, random));
  let [left, count] = [max, 0];
  while (turns.length > 0) {
    for (const turn of [...turns]) {
      const { value: kinds, done } = turn.next();
      if (left <= 0) return;
      if (done) {
        turns.splice(turns.indexOf(turn), 1);
        continue;
      }
      const made = sequence(kinds, figures, count++);
      left -= made.length;
      yield made;
    }
  }
}

/**
 * Each start; at the first start each change, with the next change of its axis; so the others; then
 * some at random.
 */
function* kindsOf({ starts, axes }: Interest, random: Random): Generator<NativeRequest[]> {
  const all = joined(axes);
  for (const start of starts) yield [start];
  for (const start of starts)
    for (const { edits } of all)
      for (const [at, edit] of edits.entries()) {
        const near = edits[(at + 1) % edits.length]!;
        yield different([edit(start), near(start), start]);
      }
  const edits = all.flatMap((axis) => axis.edits);
  // Without changes everything was asked by now.
  while (edits.length > 0 && starts.length > 0) {
    const count = 1 + random.below(kindsMax);
    yield Array.from({ length: count }, () => {
      const changes = random.some(edits, 1, Math.min(changesMax, edits.length));
      return changes.reduce((made, edit) => edit(made), random.pick(starts));
    });
  }
}

function different(requests: readonly NativeRequest[]): NativeRequest[] {
  return [...new Map(requests.map((request) => [JSON.stringify(request), request])).values()];
}

/** `turn` says which of the times is tried: all of them in every sequence would be too many. */
function sequence(
  kinds: readonly NativeRequest[],
  { burst, tokenMillis }: Figures,
  turn: number,
): NativeRequest[] {
  // One more than the largest bucket holds, and one more to see that nothing comes back by itself.
  const made = kinds.flatMap((kind) => Array<NativeRequest>(burst + 2).fill(kind));
  const millis = tokenMillis[turn % tokenMillis.length];
  if (millis === undefined) return made;
  let passed = 0;
  // Shortly before a token comes back, and shortly after it.
  for (const part of [0.9, 0.2]) {
    passed += Math.max(1, Math.round(millis * part));
    for (const kind of kinds)
      for (let count = 0; count < 2; count++)
        made.push({ ...kind, timeMillis: kind.timeMillis + passed });
  }
  return made;
}

/** Who is asked starts anew with each sequence. From the first difference on, buckets differ. */
export function* burstRows(
  sides: () => Sides,
  all: Iterable<readonly NativeRequest[]>,
): Generator<Row> {
  for (const requests of all) {
    const { old, next, close } = sides();
    try {
      for (const [at, request] of requests.entries()) {
        const row = compareOne(request, admission(old, request), admission(next, request));
        if (row.outcome !== "same") row.what += placeIn(requests, at);
        yield row;
        if (row.outcome !== "same") break;
      }
    } finally {
      close();
    }
  }
}

/** Which request of how many it is, and what came before. */
function placeIn(requests: readonly NativeRequest[], at: number): string {
  const [first] = requests;
  if (at === 0 || !first) return "";
  const same = { ...requests[at], timeMillis: first.timeMillis };
  const isSame = JSON.stringify(same) === JSON.stringify(first);
  return `, as request ${at + 1}${isSame ? " of a burst" : ` after ${requestText(first)}`}`;
}

/** Who passes: headers are compared by single requests. */
function admission(decider: Decider, request: NativeRequest) {
  const { refusal } = decider.decide(request);
  return refusal ? { refusal } : {};
}
