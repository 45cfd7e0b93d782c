// The variants of a route, and how requests are split among them. Variants come from the
// rules, the split and the schedule (and, without a split, from `base`); together they are
// numbered by name, since a map's order is lost on the way through Istio.
import { Bytes, compare, equal, utf8, view } from "../../lib/bytes";
import { NOT_AN_INSTANT, parseInstant } from "../../lib/calendar";
import { Cursor } from "../../lib/config/reader";
import { MatchList } from "../../lib/match/match";
import { MatchSettings } from "../../lib/match/match-settings";
import { sort } from "../../lib/sort";
import { NAME_WANTED, isName, readName } from "./names";
import { Route, ScheduledSplit } from "./route";
import { VariantRule } from "./rules";
import { Split, VARIANTS_MAX } from "./split";
import { hasSplit, readWeights, splitOf } from "./weights";
import { decimal } from "../../lib/writer";

export const SCHEDULE_MAX = 256;
const KNOWN_WANTED = "expected the name of a variant of this route";

/** Reads `variants`, `split`, `schedule` and `base`. */
export function readVariants(at: Cursor, route: Route, matching: MatchSettings): void {
  const rules = at.list("variants");
  const schedule = at.list("schedule");
  const splits: Cursor[] = [];
  if (hasSplit(at)) splits.push(splitOf(at));
  for (let i = 0; i < schedule.length; i++) {
    if (schedule[i].expectObject()) splits.push(splitOf(schedule[i]));
  }
  checkShape(at, rules, schedule);
  const members = namesOfSplits(splits);
  const names = allNames(at, rules, members);
  const variants = new StaticArray<Bytes>(names.length);
  for (let i = 0; i < names.length; i++) variants[i] = route.keep(names[i]);
  route.variants = variants;
  if (at.errors.any) return;
  readRules(rules, route, matching);
  const base = readBase(at, route);
  readSplits(at, schedule, route, indexesOf(members, route), base);
}

function checkShape(at: Cursor, rules: Cursor[], schedule: Cursor[]): void {
  if (!hasSplit(at) && !at.has("variants")) at.refuse("", "expected a split or variants");
  if (at.has("variants") && rules.length == 0) at.refuse("variants", "expected at least one item");
  if (at.has("schedule") && !hasSplit(at))
    at.refuse("split", "missing; what holds before the schedule begins");
  if (schedule.length > SCHEDULE_MAX)
    at.refuse("schedule", "expected at most " + decimal(SCHEDULE_MAX) + " entries");
}

/** The variants that take part in a split. */
function namesOfSplits(splits: Cursor[]): StaticArray<u8>[] {
  const names: StaticArray<u8>[] = [];
  for (let i = 0; i < splits.length; i++) {
    if (!splits[i].isObject) splits[i].refuse("", "expected an object: variant and percent");
    const entries = splits[i].entries();
    if (entries.length == 0) splits[i].refuse("", "expected at least one variant");
    for (let k = 0; k < entries.length; k++) {
      if (!isName(entries[k].key)) entries[k].at.refuse("", "a variant's name: " + NAME_WANTED);
      addName(names, entries[k].key);
    }
  }
  return names;
}

function allNames(at: Cursor, rules: Cursor[], members: StaticArray<u8>[]): StaticArray<u8>[] {
  const names: StaticArray<u8>[] = [];
  for (let i = 0; i < rules.length; i++) {
    if (!rules[i].expectObject()) continue;
    if (!addName(names, readName(rules[i], "name")))
      rules[i].refuse(
        "name",
        "the name of another variant too; expected all its conditions in one match list",
      );
  }
  for (let i = 0; i < members.length; i++) addName(names, members[i]);
  if (at.has("base") && !hasSplit(at)) addName(names, readName(at, "base"));
  if (names.length > VARIANTS_MAX)
    at.refuse(
      "",
      "expected at most " + decimal(VARIANTS_MAX) + " variants, those of splits counted",
    );
  return sort(names, (a, b) => compare(view(a), view(b)));
}

/** False when the name is there already. */
function addName(names: StaticArray<u8>[], name: StaticArray<u8>): bool {
  for (let i = 0; i < names.length; i++) {
    if (equal(view(names[i]), view(name))) return false;
  }
  names.push(name);
  return true;
}

function indexesOf(names: StaticArray<u8>[], route: Route): i32[] {
  const indexes: i32[] = [];
  for (let i = 0; i < names.length; i++) indexes.push(route.variantOf(view(names[i])));
  return sort(indexes, (a, b) => a - b);
}

/**
 * A variant without conditions is only made known: splits, `force` and a trusted hop can name it.
 */
function readRules(rules: Cursor[], route: Route, matching: MatchSettings): void {
  const found: VariantRule[] = [];
  for (let i = 0; i < rules.length; i++) {
    const match = MatchList.read(rules[i], "match", matching);
    if (!match.isEmpty)
      found.push(new VariantRule(route.variantOf(view(rules[i].bytes("name"))), match));
    rules[i].done();
  }
  route.rules = StaticArray.fromArray(found);
}

/** The base that the settings name, or -1. */
function readBase(at: Cursor, route: Route): i32 {
  const name = at.optionalBytes("base", utf8(""));
  if (!at.has("base")) return -1;
  const base = route.variantOf(view(name));
  if (base < 0) at.refuse("base", KNOWN_WANTED);
  return base;
}

function readSplits(at: Cursor, schedule: Cursor[], route: Route, members: i32[], base: i32): void {
  route.base = base;
  if (!hasSplit(at)) return;
  const weights = readWeights(at, route);
  if (base < 0) route.base = heaviest(weights, members, -1);
  route.second = heaviest(weights, members, route.base);
  if (members.indexOf(route.base) < 0) {
    members.push(route.base);
    sort(members, (a, b) => a - b);
  }
  route.members = members;
  if (at.errors.any) return;
  route.split = new Split(weights, route.base, members);
  const entries: ScheduledSplit[] = [];
  let earlier = NOT_AN_INSTANT;
  for (let i = 0; i < schedule.length && !at.errors.any; i++) {
    const entry = schedule[i];
    const instant = parseInstant(view(entry.bytes("at")));
    if (instant == NOT_AN_INSTANT)
      entry.refuse("at", 'expected an instant such as "2026-11-24T09:00:00Z"');
    else if (instant <= earlier) entry.refuse("at", "expected to be later than the entry before");
    earlier = instant;
    const next = readWeights(entry, route);
    entry.done();
    if (!at.errors.any)
      entries.push(new ScheduledSplit(instant, new Split(next, route.base, members)));
  }
  if (entries.length > 0) route.schedule = entries;
}

/**
 * The member of the largest weight beside `except`; of equal ones the first by name; -1 when
 * there is none.
 */
function heaviest(weights: i32[], members: i32[], except: i32): i32 {
  let best = -1;
  for (let i = 0; i < members.length; i++) {
    const member = members[i];
    if (member != except && (best < 0 || weights[member] > weights[best])) best = member;
  }
  return best;
}
