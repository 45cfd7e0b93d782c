// Where a request goes. Knows routes, splits and guards; refuses to know the proxy.
import { Bytes, NONE, isPresent, lengthOf, text, toText } from "../../lib/bytes";
import { isPreflight } from "../../lib/http/cors";
import { isAmbiguousPath } from "../../lib/http/path";
import { RequestView } from "../../lib/http/request";
import { SharedStore, SharedValue } from "../../lib/shared-store";
import { ClientKeys } from "./client-key";
import { Config, Mode } from "./config";
import { Decision, Reason } from "./decision";
import { GuardMode, GuardSettings, GuardState, TRICKLE_PERCENT } from "./guard";
import { Route } from "./route";
import { variantByRules } from "./rules";
import { placeOf } from "./split";
import { StickySource } from "./sticky";

/** Writes lost to other workers in a row before one answer goes uncounted. */
const ATTEMPTS_MAX = 32;
const TRICKLE_SEED: u64 = 0x747269636b6c65;


@final
export class Policy {
  private readonly decision: Decision = new Decision();
  private readonly routes: StaticArray<Route>;
  private readonly refusesAmbiguousPaths: bool;
  /**
   * Where each route's guard lies in the store; the variant is part of it, so that another one
   * begins with no past.
   */
  private readonly guardKeys: Bytes[] = [];
  private readonly guard: GuardState = new GuardState();
  private readonly stored: SharedValue = new SharedValue();
  private readonly newKeys: ClientKeys;

  /** `seed` is for keys of new clients. */
  constructor(
    readonly config: Config,
    private readonly store: SharedStore,
    seed: u64,
  ) {
    this.routes = StaticArray.fromArray(config.routes);
    this.refusesAmbiguousPaths = config.refusesAmbiguousPaths && config.mode == Mode.Enforce;
    this.newKeys = new ClientKeys(seed);
    for (let i = 0; i < config.routes.length; i++)
      this.guardKeys.push(this.openGuard(config.routes[i]));
  }

  /**
   * The guard's key; its value is put there if it is not, since the first write of a key cannot
   * be conditional.
   */
  private openGuard(route: Route): Bytes {
    const guard = route.guard;
    if (guard === null) return NONE;
    const variant = toText(route.variants[guard.variant]);
    const key = text(
      "canary/" + this.config.instance + "/" + toText(route.name) + "/" + variant + "/guard",
    );
    this.guard.load(NONE);
    this.store.create(key, this.guard.view());
    return key;
  }

  /**
   * The decision on a request at `unixNanos` (for schedules) and `monotonicNanos` (for guards;
   * each may be 0 where the configuration has none). The same object each time.
   */
  decide(request: RequestView, unixNanos: i64, monotonicNanos: i64): Decision {
    const decision = this.decision.reset();
    if (this.refusesAmbiguousPaths && this.isPathAmbiguous(request)) {
      decision.isPathAmbiguous = true;
      return decision;
    }
    const routes = this.routes;
    for (let i = 0; i < routes.length; i++) {
      const route = unchecked(routes[i]);
      if (!route.match.matches(request)) continue;
      decision.route = route;
      decision.routeIndex = i;
      const key = this.choose(route, request, unixNanos);
      const guard = route.guard;
      if (guard !== null && decision.variant == guard.variant)
        this.applyGuard(guard, route, request, key, monotonicNanos);
      break;
    }
    return decision;
  }

  /** Whether servers may read the path differently, and it decides about route or variant. */
  private isPathAmbiguous(request: RequestView): bool {
    if (!isAmbiguousPath(request.path())) return false;
    const routes = this.routes;
    for (let i = 0; i < routes.length; i++) {
      const route = unchecked(routes[i]);
      if (route.match.dependsOnPath(request)) return true;
      if (route.match.matches(request)) return route.dependsOnPath(request);
    }
    return false;
  }

  /** When the header map cannot be had: the base of the first route without conditions. */
  decideWithoutHeaders(): Decision {
    const decision = this.decision.reset();
    for (let i = 0; i < this.config.routes.length; i++) {
      const route = unchecked(this.config.routes[i]);
      if (!route.match.isEmpty) continue;
      decision.route = route;
      decision.routeIndex = i;
      decision.choose(route.base, Reason.Split);
      break;
    }
    return decision;
  }

  /**
   * In this order: a trusted hop before us, who may force, the rules, the split, the base. Gives
   * the client's key where the split asked for it, else NONE.
   */
  private choose(route: Route, request: RequestView, unixNanos: i64): Bytes {
    const decision = this.decision;
    if (!route.trust.isEmpty) {
      const named = variantIn(route, request, route.header);
      if (named >= 0 && route.trust.matches(request)) {
        decision.choose(named, Reason.Trusted);
        return NONE;
      }
    }
    if (lengthOf(route.forceHeader) > 0) {
      const named = variantIn(route, request, route.forceHeader);
      if (named >= 0 && route.forceTrust.matches(request)) {
        decision.choose(named, Reason.Forced);
        return NONE;
      }
    }
    const ruled = variantByRules(route.rules, request);
    if (ruled >= 0) {
      decision.choose(ruled, Reason.Rule);
      return NONE;
    }
    const split = route.splitAt(unixNanos);
    const key = split === null ? NONE : this.keyOf(route, request);
    decision.choose(
      split === null ? route.base : split.variantAt(placeOf(key, route.seed)),
      Reason.Split,
    );
    return key;
  }

  /** Asks the guard of a request that is to go to its variant: it may send it to the fallback. */
  private applyGuard(
    guard: GuardSettings,
    route: Route,
    request: RequestView,
    key: Bytes,
    now: i64,
  ): void {
    const decision = this.decision;
    const isForced = decision.reason == Reason.Forced || decision.reason == Reason.Rule;
    if (isForced && guard.exemptForced) return;
    const guardKey = unchecked(this.guardKeys[decision.routeIndex]);
    this.guard.load(this.store.read(guardKey, this.stored));
    if (this.guard.reopen(guard, now)) {
      // Whoever loses this race reads Trickle with the next request.
      decision.reopened = this.store.write(guardKey, this.guard.view(), this.stored.version);
    }
    const mode = this.guard.mode;
    if (
      mode == GuardMode.Closed ||
      (mode == GuardMode.Trickle && this.isInTrickle(route, request, key))
    ) {
      // In report mode the mesh decides where the request goes, unless a trusted hop told it.
      decision.isGuarded = this.config.mode == Mode.Enforce || decision.reason == Reason.Trusted;
      return;
    }
    decision.choose(guard.fallback, Reason.Ejected);
  }

  /**
   * Whether the sender of this request must not bring the `index`-th decision header, which it
   * brings or may bring.
   */
  isForged(index: i32, request: RequestView): bool {
    const header = unchecked(this.config.headers[index]);
    return request.mayHave(header.name) && !header.isTrustedIn(request);
  }

  /** The client's key; a new one when it has none, which a cookie then carries. */
  private keyOf(route: Route, request: RequestView): Bytes {
    const key = route.sticky.keyOf(request);
    if (isPresent(key)) return key;
    const fresh = this.newKeys.next();
    // A browser keeps no cookie that comes with the answer to a preflight.
    if (route.sticky.source == StickySource.Cookie && !isPreflight(request)) {
      this.decision.issued = fresh;
    }
    return fresh;
  }

  /** Whether this client is among the first that come back to a variant that was out. */
  private isInTrickle(route: Route, request: RequestView, key: Bytes): bool {
    const client = isPresent(key) && lengthOf(key) > 0 ? key : this.keyOf(route, request);
    return placeOf(client, route.seed ^ TRICKLE_SEED) < TRICKLE_PERCENT * 100;
  }

  /**
   * Counts an answer to a watched request of the route: failed or not. True when the guard's mode
   * changed, and it was this worker that changed it; `guardMode` then says to what.
   */
  count(routeIndex: i32, failed: bool, monotonicNanos: i64): bool {
    const guard = unchecked(this.config.routes[routeIndex]).guard;
    if (guard === null) return false;
    const key = unchecked(this.guardKeys[routeIndex]);
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      this.guard.load(this.store.read(key, this.stored));
      const changed = this.guard.count(guard, failed, monotonicNanos);
      if (this.store.write(key, this.guard.view(), this.stored.version)) return changed;
    }
    return false;
  }

  /** The mode of a route's guard as the workers share it. */
  guardModeOf(routeIndex: i32): GuardMode {
    this.guard.load(this.store.read(unchecked(this.guardKeys[routeIndex]), this.stored));
    return this.guard.mode;
  }

  /** The mode that the last `decide` or `count` left. */
  get guardMode(): GuardMode {
    return this.guard.mode;
  }
}

/** The variant that a header names, or -1. */
function variantIn(route: Route, request: RequestView, header: Bytes): i32 {
  const value = request.joinedHeader(header);
  return isPresent(value) ? route.variantOf(value) : -1;
}
