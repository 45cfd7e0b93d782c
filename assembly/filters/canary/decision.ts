// Where one request goes, and why.
import { Bytes, NONE } from "../../lib/bytes";
import { Route } from "./route";

/** Why a variant was chosen. `counters.ts` counts each under a name of its own. */
export const enum Reason {
  /** No route is for this request, or none of its variants. */
  None,
  /** A trusted hop before us decided. */
  Trusted,
  Forced,
  Rule,
  Split,
  /** The guard sent it to the fallback. */
  Ejected,
}

/** The decision on one request; one object, used again for the next. */
@final
export class Decision {
  route: Route | null = null;
  /** Servers may read the path differently, and conditions decide by it: no variant was chosen. */
  isPathAmbiguous: bool = false;
  routeIndex: i32 = -1;
  variant: i32 = -1;
  reason: Reason = Reason.None;
  /** Whether the route's guard counts the response. */
  isGuarded: bool = false;
  /** Whether this request made the guard go from open to trickle, in this worker. */
  reopened: bool = false;
  /** The key of a client that has none yet: the answer sets its cookie. NONE otherwise. */
  issued: Bytes = NONE;

  reset(): this {
    this.route = null;
    this.isPathAmbiguous = false;
    this.routeIndex = -1;
    this.variant = -1;
    this.reason = Reason.None;
    this.isGuarded = false;
    this.reopened = false;
    this.issued = NONE;
    return this;
  }

  choose(variant: i32, reason: Reason): void {
    this.variant = variant;
    this.reason = variant < 0 ? Reason.None : reason;
  }

  /** The variant's name, or NONE. */
  get name(): Bytes {
    const route = this.route;
    return route === null || this.variant < 0 ? NONE : unchecked(route.variants[this.variant]);
  }
}
