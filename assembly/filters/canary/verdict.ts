// Where one request goes, and why.
import { Bytes, NONE, view } from "../../lib/bytes";
import { Route } from "./route";

/** Why a variant was chosen; counted under the names of OUTCOMES in counters.ts. */
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

/** The verdict on one request; one object, used again for the next. */
@final
export class Verdict {
  route: Route | null = null;
  routeIndex: i32 = -1;
  variant: i32 = -1;
  reason: Reason = Reason.None;
  /** Whether the answer tells the route's guard something. */
  isWatched: bool = false;
  /** Whether the guard let a trickle back, just now and in this worker. */
  reopened: bool = false;
  /** The key of a client that has none yet: the answer sets its cookie. NONE otherwise. */
  issued: Bytes = NONE;

  reset(): this {
    this.route = null;
    this.routeIndex = -1;
    this.variant = -1;
    this.reason = Reason.None;
    this.isWatched = false;
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
    return route === null || this.variant < 0
      ? NONE
      : view(unchecked(route.variants[this.variant]));
  }
}
