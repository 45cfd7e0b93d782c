// The settings of canary, read once into something that cannot be wrong.
import { Bytes, compare, equal, utf8, view } from "../../lib/bytes";
import { NOT_AN_INSTANT, parseInstant } from "../../lib/calendar";
import { ConfigErrors, Cursor, readConfig } from "../../lib/config/reader";
import { siphash } from "../../lib/hash";
import { MatchList, lowerCased } from "../../lib/match/match";
import { GuardSettings } from "./guard";
import { PLACES, Split, VARIANTS_MAX } from "./split";
import { Sticky } from "./sticky";

export const ROUTES_MAX = 256;
const SCHEDULE_MAX = 256;
const SECOND: i64 = 1_000_000_000;
const HOUR = 3600 * SECOND;

export const enum Mode {
  Enforce,
  Report,
}

/** A rule that sends its requests to one variant. */
@final
export class VariantRule {
  constructor(
    readonly variant: i32,
    readonly match: MatchList,
  ) {}
}

/** A split from an instant on. */
@final
export class ScheduledSplit {
  constructor(
    readonly atNanos: i64,
    readonly split: Split,
  ) {}
}


@final
export class Route {
  name: StaticArray<u8> = new StaticArray<u8>(0);
  match: MatchList = MatchList.empty();
  /** Request header that carries the verdict. */
  header: StaticArray<u8> = new StaticArray<u8>(0);
  /** All variants, by name. */
  variants: StaticArray<u8>[] = [];
  rules: VariantRule[] = [];
  base: i32 = 0;
  split: Split | null = null;
  schedule: ScheduledSplit[] = [];
  sticky: Sticky = new Sticky();
  /** Senders whose inbound verdict counts. */
  trust: MatchList = MatchList.empty();
  forceHeader: StaticArray<u8> = new StaticArray<u8>(0);
  forceTrust: MatchList = MatchList.empty();
  /** Response header that names the variant; empty: none. */
  responseHeader: StaticArray<u8> = new StaticArray<u8>(0);
  /** Key of the W3C baggage member that carries the variant on; empty: none. */
  baggage: StaticArray<u8> = new StaticArray<u8>(0);
  guard: GuardSettings | null = null;
  /** The route as a number, the same on every replica. */
  seed: u64 = 0;

  /** The index of a variant, or -1. */
  variantOf(name: Bytes): i32 {
    for (let i = 0; i < this.variants.length; i++) {
      if (equal(view(unchecked(this.variants[i])), name)) return i;
    }
    return -1;
  }

  /** The split in force at `nowNanos` (Unix time). */
  splitAt(nowNanos: i64): Split | null {
    let split = this.split;
    for (let i = 0; i < this.schedule.length; i++) {
      const entry = unchecked(this.schedule[i]);
      if (entry.atNanos > nowNanos) break;
      split = entry.split;
    }
    return split;
  }
}


@final
export class Config {
  instance: string = "default";
  mode: Mode = Mode.Enforce;
  routes: Route[] = [];

  /** Reads a configuration; when `errors.any` afterwards, what came back must not be used. */
  static read(configuration: StaticArray<u8>, errors: ConfigErrors): Config {
    const at = readConfig(configuration, errors);
    const config = new Config();
    config.instance = at.optionalText("instance", config.instance);
    config.mode = <Mode>at.choice("mode", ["enforce", "report"], Mode.Enforce);
    const items = at.list("routes");
    if (items.length > ROUTES_MAX) at.refuse("routes", "expected at most " + ROUTES_MAX.toString() + " routes");
    for (let i = 0; i < items.length; i++) {
      const route = readRoute(items[i]);
      for (let j = 0; j < i; j++) {
        if (equal(view(config.routes[j].name), view(route.name)))
          items[i].refuse("name", "the name of another route too");
      }
      config.routes.push(route);
    }
    at.done();
    return config;
  }
}

function readRoute(at: Cursor): Route {
  const route = new Route();
  if (!at.expectObject()) return route;
  route.name = at.bytes("name");
  if (!isName(route.name)) at.refuse("name", "expected letters, digits, '-', '_' and '.', at most 64");
  route.seed = siphash(view(route.name), 0, 0);
  route.match = MatchList.read(at, "match");
  route.header = readHeader(at, "header", "x-variant");
  readVariants(at, route);
  route.sticky = Sticky.read(at);
  route.trust = MatchList.read(at, "trust");
  readForce(at, route);
  route.responseHeader = readHeader(at, "responseHeader", "");
  route.baggage = at.optionalBytes("baggage", route.baggage);
  if (at.has("baggage") && !isName(route.baggage)) at.refuse("baggage", "expected the key of a baggage member");
  readGuard(at, route);
  at.done();
  return route;
}

/** Variants come from the rules, the split and the schedule; together they are numbered by name. */
function readVariants(at: Cursor, route: Route): void {
  const rules = at.list("variants");
  const names: StaticArray<u8>[] = [];
  for (let i = 0; i < rules.length; i++) {
    if (rules[i].expectObject()) addName(names, rules[i].bytes("name"), rules[i], "name");
  }
  const split = at.object("split").entries();
  for (let i = 0; i < split.length; i++) addName(names, split[i].key, split[i].at, "");
  const schedule = at.list("schedule");
  for (let i = 0; i < schedule.length; i++) {
    const entries = schedule[i].object("split").entries();
    for (let k = 0; k < entries.length; k++) addName(names, entries[k].key, entries[k].at, "");
  }
  if (names.length == 0 && !at.errors.any) at.refuse("", "expected a split or variants");
  if (names.length > VARIANTS_MAX) at.refuse("split", "expected at most " + VARIANTS_MAX.toString() + " variants");
  if (at.errors.any) return;
  route.variants = names.sort((a, b) => compare(view(a), view(b)));
  readSplits(at, route);
  for (let i = 0; i < rules.length; i++) {
    const match = MatchList.read(rules[i], "match");
    if (match.isEmpty) rules[i].refuse("match", "missing; a variant for everyone belongs in the split");
    route.rules.push(new VariantRule(route.variantOf(view(rules[i].bytes("name"))), match));
    rules[i].done();
  }
}

function addName(names: StaticArray<u8>[], name: StaticArray<u8>, at: Cursor, member: string): void {
  if (!isName(name)) at.refuse(member, "expected a name of letters, digits, '-', '_' and '.', at most 64");
  for (let i = 0; i < names.length; i++) {
    if (equal(view(names[i]), view(name))) return;
  }
  names.push(name);
}

function readSplits(at: Cursor, route: Route): void {
  const first = at.has("split") ? readWeights(at, route) : [];
  const base = at.optionalBytes("base", new StaticArray<u8>(0));
  if (base.length > 0) {
    route.base = route.variantOf(view(base));
    if (route.base < 0) at.refuse("base", "expected the name of a variant");
  } else {
    route.base = heaviest(first);
  }
  if (at.errors.any) return;
  if (first.length > 0) route.split = new Split(first, route.base);
  const schedule = at.list("schedule");
  if (schedule.length > SCHEDULE_MAX) at.refuse("schedule", "expected at most " + SCHEDULE_MAX.toString() + " entries");
  for (let i = 0; i < schedule.length; i++) {
    const entry = schedule[i];
    if (!entry.expectObject()) continue;
    const instant = parseInstant(view(entry.bytes("at")));
    if (instant == NOT_AN_INSTANT) entry.refuse("at", 'expected an instant such as "2026-11-24T09:00:00Z"');
    const earlier = route.schedule.length;
    if (earlier > 0 && route.schedule[earlier - 1].atNanos >= instant)
      entry.refuse("at", "expected to be later than the entry before");
    const weights = readWeights(entry, route);
    entry.done();
    if (!at.errors.any) route.schedule.push(new ScheduledSplit(instant, new Split(weights, route.base)));
  }
}

/** Weights by variant, adding up to a hundred percent. */
function readWeights(parent: Cursor, route: Route): i32[] {
  const weights: i32[] = [];
  for (let i = 0; i < route.variants.length; i++) weights.push(0);
  const entries = parent.object("split").entries();
  let sum = 0;
  for (let i = 0; i < entries.length; i++) {
    const weight = entries[i].at.asHundredths(0, PLACES);
    weights[route.variantOf(view(entries[i].key))] = weight;
    sum += weight;
  }
  if (sum != PLACES) parent.refuse("split", "weights add up to " + percent(sum) + ", expected 100");
  return weights;
}

function percent(hundredths: i32): string {
  const rest = hundredths % 100;
  return (hundredths / 100).toString() + (rest == 0 ? "" : "." + rest.toString().padStart(2, "0"));
}

function heaviest(weights: i32[]): i32 {
  let best = 0;
  for (let i = 1; i < weights.length; i++) {
    if (weights[i] > weights[best]) best = i;
  }
  return best;
}

function readForce(parent: Cursor, route: Route): void {
  if (!parent.has("force")) return;
  const at = parent.object("force");
  route.forceHeader = readHeader(at, "header", "");
  if (route.forceHeader.length == 0) at.refuse("header", "missing; expected a header name");
  route.forceTrust = MatchList.read(at, "trust");
  if (route.forceTrust.isEmpty) at.refuse("trust", "missing; whom it admits can choose any variant");
  at.done();
}

function readGuard(parent: Cursor, route: Route): void {
  if (!parent.has("guard")) return;
  const at = parent.object("guard");
  const guard = new GuardSettings();
  guard.variant = route.variantOf(view(at.bytes("variant")));
  if (guard.variant < 0) at.refuse("variant", "expected the name of a variant");
  guard.fallback = at.has("fallback") ? route.variantOf(view(at.bytes("fallback"))) : route.base;
  if (guard.fallback < 0) at.refuse("fallback", "expected the name of a variant");
  if (guard.fallback == guard.variant) at.refuse("fallback", "expected another variant than the guarded one");
  guard.maxFailurePercent = at.hundredths("maxFailurePercent", 0, PLACES, guard.maxFailurePercent);
  guard.minRequests = <i32>at.integer("minRequests", 1, 1_000_000, guard.minRequests);
  guard.windowNanos = at.duration("window", SECOND, HOUR, guard.windowNanos);
  guard.ejectForNanos = at.duration("ejectFor", SECOND, 24 * HOUR, guard.ejectForNanos);
  guard.slowerThanNanos = at.duration("slowerThan", SECOND / 1000, HOUR, 0);
  guard.exemptForced = at.boolean("exemptForced", true);
  at.done();
  route.guard = guard;
}

function readHeader(at: Cursor, member: string, fallback: string): StaticArray<u8> {
  const name = lowerCased(at.optionalBytes(member, utf8(fallback)));
  if (name.length > 0 && !isHeaderName(name)) at.refuse(member, "expected a header name");
  if (at.has(member) && name.length == 0) at.refuse(member, "expected a header name");
  return name;
}

/** Names stand in header values, metric names and cookies. */
function isName(name: StaticArray<u8>): bool {
  if (name.length == 0 || name.length > 64) return false;
  for (let i = 0; i < name.length; i++) {
    const byte = name[i];
    const letter = byte | 0x20;
    const isWord = (letter >= 0x61 && letter <= 0x7a) || (byte >= 0x30 && byte <= 0x39);
    if (!isWord && byte != 0x2d && byte != 0x5f && byte != 0x2e) return false;
  }
  return true;
}

/** A token of RFC 9110 section 5.6.2; a pseudo-header is none. */
function isHeaderName(name: StaticArray<u8>): bool {
  for (let i = 0; i < name.length; i++) {
    const byte = name[i];
    const isWord = (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x30 && byte <= 0x39);
    if (!isWord && !"!#$%&'*+-.^_`|~".includes(String.fromCharCode(byte))) return false;
  }
  return true;
}
