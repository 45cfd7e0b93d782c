// Where a request goes. Knows routes, splits and guards; refuses to know the proxy.
import { Bytes, NONE, isPresent, lengthOf, text, toText, view } from "../../lib/bytes";
import { mix } from "../../lib/hash";
import { RequestView } from "../../lib/http/request";
import { Config, Route } from "./config";
import { GuardMode, GuardState, TRICKLE_PERCENT } from "./guard";
import { placeOf } from "./split";
import { StickySource, newKey } from "./sticky";

/** What the guards need of a place that all workers share. */
export abstract class Store {
  /** The version of the value just read. */
  version: u32 = 0;

  abstract read(key: Bytes): Bytes;

  abstract write(key: Bytes, value: Bytes, version: u32): bool;
}

/** Writes lost to other workers in a row before one answer goes uncounted. */
const ATTEMPTS_MAX = 32;
const TRICKLE_SEED: u64 = 0x747269636b6c65;

/** Why a variant was chosen. */
export const enum Reason {
  /** No route is for this request. */
  None,
  /** A trusted hop before us decided. */
  Trusted,
  Forced,
  Rule,
  Split,
  /** The guard sent it to the fallback. */
  Ejected,
}

/** The verdict on one request; one object, used again for the next. */
@final
export class Verdict {
  route: Route | null = null;
  routeIndex: i32 = -1;
  variant: i32 = -1;
  reason: Reason = Reason.None;
  /** The key of a client that has none yet: the answer sets its cookie. NONE otherwise. */
  issued: Bytes = NONE;

  get name(): Bytes {
    const route = this.route;
    return route === null || this.variant < 0 ? NONE : view(unchecked(route.variants[this.variant]));
  }
}


@final
export class Policy {
  private readonly verdict: Verdict = new Verdict();
  private readonly guardKeys: Bytes[] = [];
  private readonly guard: GuardState = new GuardState();
  private state0: u64;
  private state1: u64;

  /** `seed` is for keys of new clients. */
  constructor(
    private readonly config: Config,
    private readonly store: Store,
    seed: u64,
  ) {
    this.state0 = mix(seed);
    this.state1 = mix(seed ^ TRICKLE_SEED) | 1;
    for (let i = 0; i < config.routes.length; i++) {
      const name = toText(view(config.routes[i].name));
      const key = text("canary/" + config.instance + "/" + name + "/guard");
      this.guardKeys.push(key);
      if (config.routes[i].guard === null || isPresent(store.read(key))) continue;
      this.guard.load(NONE);
      store.write(key, this.guard.view(), 0);
    }
  }

  /** The verdict on one request at `unixNanos` and `monotonicNanos`. */
  judge(request: RequestView, unixNanos: i64, monotonicNanos: i64): Verdict {
    const verdict = this.verdict;
    verdict.route = null;
    verdict.routeIndex = -1;
    verdict.variant = -1;
    verdict.reason = Reason.None;
    verdict.issued = NONE;
    for (let i = 0; i < this.config.routes.length; i++) {
      const route = unchecked(this.config.routes[i]);
      if (!route.match.isEmpty && !route.match.matches(request)) continue;
      verdict.route = route;
      verdict.routeIndex = i;
      this.choose(route, request, unixNanos, monotonicNanos);
      break;
    }
    return verdict;
  }

  /** When the header map cannot be had: the base of the first route without conditions. */
  judgeBlind(): Verdict {
    const verdict = this.verdict;
    verdict.route = null;
    verdict.variant = -1;
    verdict.reason = Reason.None;
    verdict.issued = NONE;
    for (let i = 0; i < this.config.routes.length; i++) {
      const route = unchecked(this.config.routes[i]);
      if (!route.match.isEmpty) continue;
      verdict.route = route;
      verdict.routeIndex = i;
      verdict.variant = route.base;
      verdict.reason = Reason.Split;
      break;
    }
    return verdict;
  }

  /** In this order: who is trusted, who may force, the rules, the split; then the guard. */
  private choose(route: Route, request: RequestView, unixNanos: i64, monotonicNanos: i64): void {
    const verdict = this.verdict;
    if (!route.trust.isEmpty) {
      verdict.variant = named(route, request, route.header);
      if (verdict.variant >= 0 && route.trust.matches(request)) {
        verdict.reason = Reason.Trusted;
        return;
      }
    }
    if (route.forceHeader.length > 0) {
      verdict.variant = named(route, request, route.forceHeader);
      if (verdict.variant >= 0 && route.forceTrust.matches(request)) verdict.reason = Reason.Forced;
    }
    if (verdict.reason == Reason.None) this.byRule(route, request);
    let key: Bytes = NONE;
    if (verdict.reason == Reason.None) {
      const split = route.splitAt(unixNanos);
      verdict.reason = Reason.Split;
      verdict.variant = route.base;
      if (split !== null) {
        key = this.keyOf(route, request);
        verdict.variant = split.variantAt(placeOf(key, route.seed));
      }
    }
    const guard = route.guard;
    if (guard === null || verdict.variant != guard.variant) return;
    const isForced = verdict.reason == Reason.Forced || verdict.reason == Reason.Rule;
    if (isForced && guard.exemptForced) return;
    this.guard.load(this.store.read(unchecked(this.guardKeys[verdict.routeIndex])));
    const mode = this.guard.mode(guard, monotonicNanos);
    if (mode == GuardMode.Closed) return;
    if (mode == GuardMode.Trickle && this.trickles(route, request, key)) return;
    verdict.variant = guard.fallback;
    verdict.reason = Reason.Ejected;
  }

  private byRule(route: Route, request: RequestView): void {
    for (let i = 0; i < route.rules.length; i++) {
      const rule = unchecked(route.rules[i]);
      if (!rule.match.matches(request)) continue;
      this.verdict.variant = rule.variant;
      this.verdict.reason = Reason.Rule;
      return;
    }
  }

  /** The client's key; a new one when it has none, which a cookie then carries. */
  private keyOf(route: Route, request: RequestView): Bytes {
    const key = route.sticky.keyOf(request);
    if (isPresent(key)) return key;
    const fresh = newKey(this.next(), this.next());
    if (route.sticky.source == StickySource.Cookie) this.verdict.issued = fresh;
    return fresh;
  }

  /** Whether this client is among the first that come back to a healed variant. */
  private trickles(route: Route, request: RequestView, key: Bytes): bool {
    const client = isPresent(key) && lengthOf(key) > 0 ? key : this.keyOf(route, request);
    return placeOf(client, route.seed ^ TRICKLE_SEED) < TRICKLE_PERCENT * 100;
  }

  /**
   * Counts an answer of `variant` on the route: failed or not. True when the guard's mode changed; `guardMode` then says to
   * what.
   */
  count(routeIndex: i32, failed: bool, monotonicNanos: i64): bool {
    const guard = unchecked(this.config.routes[routeIndex]).guard;
    if (guard === null) return false;
    const key = unchecked(this.guardKeys[routeIndex]);
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      this.guard.load(this.store.read(key));
      const version = this.store.version;
      const changed = this.guard.count(guard, failed, monotonicNanos);
      if (!this.store.write(key, this.guard.view(), version)) continue;
      this.guardMode = this.guard.mode(guard, monotonicNanos);
      return changed;
    }
    return false;
  }

  /** The mode that the last `count` left. */
  guardMode: GuardMode = GuardMode.Closed;

  /** xoroshiro128+ (Blackman and Vigna 2018): keys of new clients need be different, not secret. */
  private next(): u64 {
    const result = this.state0 + this.state1;
    const mixed = this.state1 ^ this.state0;
    this.state0 = rotl<u64>(this.state0, 24) ^ mixed ^ (mixed << 16);
    this.state1 = rotl<u64>(mixed, 37);
    return result;
  }
}

/** The variant that a header names, or -1. */
function named(route: Route, request: RequestView, header: StaticArray<u8>): i32 {
  const value = request.header(view(header));
  return isPresent(value) ? route.variantOf(value) : -1;
}
