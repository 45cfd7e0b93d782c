// Which requests get a line: conditions on the status, the duration, the flags, the gRPC status and the request, put
// together with and, or, not. All members of one condition must hold.
import { Cursor } from "../../../lib/config/reader";
import { equal, text, view } from "../../../lib/bytes";
import { MatchList } from "../../../lib/match/match";
import { MISSING, RecordView } from "../record";
import { SHORT_FLAGS } from "../format/response-flags";
import { spelled, wordIndex } from "../words";

const DEPTH_MAX = 8;
const ITEMS_MAX = 64;
const DURATION_MAX: i64 = 366 * 24 * 3600 * 1_000_000_000;
const GRPC_MAX: i64 = 1_000_000;


@final
export class Condition {
  private statusLeast: i64 = 0;
  private statusMost: i64 = i64.MAX_VALUE;
  private durationLeast: i64 = 0;
  private durationMost: i64 = i64.MAX_VALUE;
  private asksDuration: bool = false;
  private asksStatus: bool = false;
  /** Of these bits one must be set; 0 does not ask. */
  private flags: i64 = 0;
  private match: MatchList = MatchList.empty();
  private grpcLeast: i64 = 0;
  private grpcMost: i64 = i64.MAX_VALUE;
  private asksGrpc: bool = false;
  private and: Condition[] = [];
  private or: Condition[] = [];
  private not: Condition | null = null;

  static read(at: Cursor, depth: i32): Condition {
    const condition = new Condition();
    if (!at.expectObject()) return condition;
    if (depth > DEPTH_MAX) {
      at.refuse("", "nested deeper than " + DEPTH_MAX.toString());
      return condition;
    }
    condition.readRanges(at);
    condition.flags = readFlags(at);
    condition.match = MatchList.read(at, "match");
    if (at.has("match") && condition.match.isEmpty) at.refuse("match", "expected at least one item");
    condition.and = readItems(at, "and", depth);
    condition.or = readItems(at, "or", depth);
    if (at.has("not")) condition.not = Condition.read(at.value("not"), depth + 1);
    at.done();
    if (!condition.asks) at.refuse("", "expected at least one condition");
    return condition;
  }

  private readRanges(at: Cursor): void {
    this.asksStatus = at.has("status");
    if (this.asksStatus) {
      const status = at.object("status");
      if (status.has("min")) this.statusLeast = status.integer("min", 0, 999, 0);
      if (status.has("max")) this.statusMost = status.integer("max", 0, 999, 0);
      checkRange(status, this.statusLeast, this.statusMost);
    }
    this.asksDuration = at.has("duration");
    if (this.asksDuration) {
      const duration = at.object("duration");
      if (duration.has("min")) this.durationLeast = duration.duration("min", 0, DURATION_MAX, 0);
      if (duration.has("max")) this.durationMost = duration.duration("max", 0, DURATION_MAX, 0);
      checkRange(duration, this.durationLeast, this.durationMost);
    }
    this.asksGrpc = at.has("grpcStatus");
    if (this.asksGrpc) {
      const grpc = at.object("grpcStatus");
      if (grpc.has("min")) this.grpcLeast = grpc.integer("min", 0, GRPC_MAX, 0);
      if (grpc.has("max")) this.grpcMost = grpc.integer("max", 0, GRPC_MAX, 0);
      checkRange(grpc, this.grpcLeast, this.grpcMost);
    }
  }

  private get asks(): bool {
    if (this.asksStatus || this.asksDuration || this.asksGrpc || this.flags != 0 || !this.match.isEmpty) return true;
    return this.and.length > 0 || this.or.length > 0 || this.not !== null;
  }

  holds(record: RecordView): bool {
    if (this.asksStatus && !isWithin(record.code(), this.statusLeast, this.statusMost)) return false;
    if (this.flags != 0 && (record.flags() & this.flags) == 0) return false;
    if (this.asksDuration && !isWithin(record.durationNanos(), this.durationLeast, this.durationMost)) return false;
    if (this.asksGrpc && !isWithin(record.grpcStatus(), this.grpcLeast, this.grpcMost)) return false;
    if (!this.match.isEmpty && !this.match.matches(record.request())) return false;
    for (let i = 0; i < this.and.length; i++) {
      if (!unchecked(this.and[i]).holds(record)) return false;
    }
    const not = this.not;
    if (not !== null && not.holds(record)) return false;
    return this.or.length == 0 || anyHolds(this.or, record);
  }
}

/** Whether one of them holds; of none: no. */
export function anyHolds(conditions: Condition[], record: RecordView): bool {
  for (let i = 0; i < conditions.length; i++) {
    if (unchecked(conditions[i]).holds(record)) return true;
  }
  return false;
}

/** Reads the list `name`; missing is empty. */
export function readConditions(at: Cursor, name: string): Condition[] {
  return readItems(at, name, 0);
}

function readItems(parent: Cursor, name: string, depth: i32): Condition[] {
  const items = parent.list(name);
  const conditions: Condition[] = [];
  if (parent.has(name) && items.length == 0) parent.refuse(name, "expected at least one item");
  if (items.length > ITEMS_MAX) parent.refuse(name, "expected at most " + ITEMS_MAX.toString() + " items");
  for (let i = 0; i < items.length; i++) conditions.push(Condition.read(items[i], depth + 1));
  return conditions;
}

/** A list of Envoy's short names; `any` stands for all of them. */
function readFlags(at: Cursor): i64 {
  const items = at.list("flags");
  let bits: i64 = 0;
  if (at.has("flags") && items.length == 0) at.refuse("flags", "expected at least one item");
  for (let i = 0; i < items.length; i++) {
    const name = items[i].asBytes();
    const bit = wordIndex(SHORT_FLAGS, view(name));
    if (equal(view(name), text("any"))) bits = i64.MAX_VALUE;
    else if (bit < 0) items[i].refuse("", "expected one of: any, " + spelled(SHORT_FLAGS, text(", ")));
    else bits |= (<i64>1) << bit;
  }
  return bits;
}

function checkRange(at: Cursor, least: i64, most: i64): void {
  if (at.node >= 0 && !at.has("min") && !at.has("max")) at.refuse("", "expected min, max or both");
  if (least > most) at.refuse("min", "expected at most max");
  at.done();
}

function isWithin(value: i64, least: i64, most: i64): bool {
  return value != MISSING && value >= least && value <= most;
}
