// Which requests get a line: conditions on the status, the duration, the flags, the gRPC status and
// the request, put together with and, or, not. All members of one condition must hold.
import { Cursor } from "../../../lib/config/reader";
import { equal, text, view } from "../../../lib/bytes";
import { flagMask, shortFlagNames } from "../../../lib/http/response-flags";
import { MatchList } from "../../../lib/match/match";
import { MatchSettings } from "../../../lib/match/match-settings";
import { itemsOf } from "../items";
import { RecordView, WRONG_STATUS } from "../record";
import { decimal } from "../../../lib/writer";

const ANY = text("any");
const UNKNOWN: i64 = 2;
const DEPTH_MAX = 8;
const ITEMS_MAX = 64;
const DURATION_MAX: i64 = 366 * 24 * 3600 * 1_000_000_000;
const STATUS_MAX: i64 = 999;
const GRPC_MAX: i64 = 1_000_000;

/** What a number has to lie between, both ends in it. */
@final
class Range {
  least: i64 = 0;
  most: i64 = i64.MAX_VALUE;

  /**
   * Reads the member `name`; null when it is missing. Its ends are durations, or numbers from 0 to
   * `limit`.
   */
  static read(parent: Cursor, name: string, limit: i64, ofDuration: bool): Range | null {
    if (!parent.has(name)) return null;
    const at = parent.object(name);
    const range = new Range();
    if (at.has("min")) range.least = endOf(at, "min", limit, ofDuration);
    if (at.has("max")) range.most = endOf(at, "max", limit, ofDuration);
    else if (at.node >= 0 && !at.has("min")) at.refuse("", "expected min, max or both");
    if (range.least > range.most) at.refuse("min", "expected at most max");
    at.done();
    return range;
  }

  /** MISSING is less than any. */
  has(value: i64): bool {
    return value >= this.least && value <= this.most;
  }
}

function endOf(at: Cursor, name: string, limit: i64, ofDuration: bool): i64 {
  return ofDuration ? at.duration(name, 0, limit, 0) : at.integer(name, 0, limit, 0);
}


@final
export class Condition {
  private status: Range | null = null;
  private duration: Range | null = null;
  private grpc: Range | null = null;
  /** Of these bits one must be set; 0 does not ask. */
  private flags: i64 = 0;
  private match: MatchList = MatchList.empty();
  private and: Condition[] = [];
  private or: Condition[] = [];
  private not: Condition | null = null;

  static read(at: Cursor, depth: i32, settings: MatchSettings): Condition {
    const condition = new Condition();
    if (!at.expectObject()) return condition;
    if (depth > DEPTH_MAX) {
      at.refuse("", "nested deeper than " + decimal(DEPTH_MAX));
      return condition;
    }
    condition.status = Range.read(at, "status", STATUS_MAX, false);
    condition.duration = Range.read(at, "duration", DURATION_MAX, true);
    condition.grpc = Range.read(at, "grpcStatus", GRPC_MAX, false);
    condition.flags = readFlags(at);
    condition.match = MatchList.read(at, "match", settings);
    if (at.has("match") && condition.match.isEmpty)
      at.refuse("match", "expected at least one item");
    condition.and = readItems(at, "and", depth, settings);
    condition.or = readItems(at, "or", depth, settings);
    if (at.has("not")) condition.not = Condition.read(at.value("not"), depth + 1, settings);
    at.done();
    if (!condition.asks) at.refuse("", "expected at least one condition");
    return condition;
  }

  private get asks(): bool {
    if (this.status !== null || this.duration !== null || this.grpc !== null || this.flags != 0)
      return true;
    return !this.match.isEmpty || this.and.length > 0 || this.or.length > 0 || this.not !== null;
  }

  holds(record: RecordView): bool {
    const status = this.status;
    if (status !== null && !status.has(record.code())) return false;
    if (this.flags != 0 && (record.flags() & this.flags) == 0) return false;
    const duration = this.duration;
    if (duration !== null && !duration.has(record.durationNanos())) return false;
    const grpc = this.grpc;
    if (grpc !== null && !grpc.has(knownStatus(record.grpcStatus()))) return false;
    if (!this.match.isEmpty && !this.match.matches(record.request())) return false;
    for (let i = 0; i < this.and.length; i++) {
      if (!unchecked(this.and[i]).holds(record)) return false;
    }
    const not = this.not;
    if (not !== null && not.holds(record)) return false;
    return this.or.length == 0 || anyHolds(this.or, record);
  }
}

/** A status that is no number is UNKNOWN to every gRPC client. */
function knownStatus(status: i64): i64 {
  return status == WRONG_STATUS ? UNKNOWN : status;
}

/** Whether one of them holds; of none: no. */
export function anyHolds(conditions: Condition[], record: RecordView): bool {
  for (let i = 0; i < conditions.length; i++) {
    if (unchecked(conditions[i]).holds(record)) return true;
  }
  return false;
}

/** Reads the list `name`; missing is empty. */
export function readConditions(at: Cursor, name: string, settings: MatchSettings): Condition[] {
  return readItems(at, name, 0, settings);
}

function readItems(parent: Cursor, name: string, depth: i32, settings: MatchSettings): Condition[] {
  const items = itemsOf(parent, name, 1, ITEMS_MAX);
  const conditions: Condition[] = [];
  for (let i = 0; i < items.length; i++) {
    conditions.push(Condition.read(items[i], depth + 1, settings));
  }
  return conditions;
}

/** A list of Envoy's short names; `any` stands for all of them. */
function readFlags(at: Cursor): i64 {
  const items = at.list("flags");
  let bits: i64 = 0;
  if (at.has("flags") && items.length == 0) at.refuse("flags", "expected at least one item");
  for (let i = 0; i < items.length; i++) {
    const name = items[i].asBytes();
    const mask = equal(view(name), ANY) ? i64.MAX_VALUE : flagMask(view(name));
    if (mask == 0) items[i].refuse("", "expected one of: any, " + shortFlagNames());
    bits |= mask;
  }
  return bits;
}
