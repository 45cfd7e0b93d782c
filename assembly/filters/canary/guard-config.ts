// The settings of a guard.
import { view } from "../../lib/bytes";
import { Cursor } from "../../lib/config/reader";
import { GuardSettings } from "./guard";
import { Route } from "./route";
import { PLACES } from "./split";

const MILLISECOND: i64 = 1_000_000;
const SECOND: i64 = 1000 * MILLISECOND;
const HOUR = 3600 * SECOND;
const KNOWN_WANTED = "expected the name of a variant of this route";

/** Reads `guard`, when it is there, into the route whose variants are known by now. */
export function readGuard(parent: Cursor, route: Route): void {
  if (!parent.has("guard")) return;
  const at = parent.object("guard");
  const guard = new GuardSettings();
  guard.variant = route.variantOf(view(at.bytes("variant")));
  if (guard.variant < 0) at.refuse("variant", KNOWN_WANTED);
  const other = route.base == guard.variant ? route.second : route.base;
  guard.fallback = at.has("fallback") ? route.variantOf(view(at.bytes("fallback"))) : other;
  if (guard.fallback < 0)
    at.refuse("fallback", at.has("fallback") ? KNOWN_WANTED : "missing; " + KNOWN_WANTED);
  if (guard.fallback == guard.variant)
    at.refuse("fallback", "expected another variant than the guarded one");
  guard.maxFailurePercent = at.hundredths("maxFailurePercent", 0, PLACES, guard.maxFailurePercent);
  guard.minRequests = <i32>at.integer("minRequests", 1, 1_000_000, guard.minRequests);
  guard.windowNanos = at.duration("window", SECOND, 24 * HOUR, guard.windowNanos);
  guard.ejectForNanos = at.duration("ejectFor", SECOND, 24 * HOUR, guard.ejectForNanos);
  guard.slowerThanNanos = at.duration("slowerThan", MILLISECOND, HOUR, 0);
  guard.exemptForced = at.boolean("exemptForced", guard.exemptForced);
  at.done();
  route.guard = guard;
}
