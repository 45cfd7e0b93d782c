// A configuration in force: its policy over the proxy's shared data, its metrics, and the log lines of
// its guards.
import { LogLevel, log } from "../../host/log";
import { SharedData } from "../../host/shared-data";
import { toText } from "../../lib/bytes";
import { Config } from "./config";
import { RouteCounters } from "./counters";
import { Decision } from "./decision";
import { GuardMode } from "./guard";
import { Policy } from "./policy";


@final
export class ActiveConfig {
  readonly policy: Policy;
  private readonly counters: StaticArray<RouteCounters>;

  /** `seed` is for keys of new clients. */
  constructor(
    readonly config: Config,
    seed: u64,
  ) {
    this.policy = new Policy(config, new SharedData(), seed);
    this.counters = new StaticArray<RouteCounters>(config.routes.length);
    for (let i = 0; i < config.routes.length; i++) {
      const counters = new RouteCounters(config.routes[i]);
      // A guard may have been open before this configuration came.
      if (config.routes[i].guard !== null) counters.setGuardMode(this.policy.guardModeOf(i));
      this.counters[i] = counters;
    }
  }

  count(decision: Decision): void {
    if (decision.routeIndex < 0) return;
    unchecked(this.counters[decision.routeIndex]).count(decision);
    if (decision.reopened) this.reportGuardMode(decision.routeIndex);
  }

  /**
   * One line and one gauge each time a guard changes its mode; called by the one worker that
   * changed it.
   */
  reportGuardMode(routeIndex: i32): void {
    const route = unchecked(this.config.routes[routeIndex]);
    const guard = route.guard;
    if (guard === null) return;
    const mode = this.policy.guardMode;
    const counters = unchecked(this.counters[routeIndex]);
    counters.setGuardMode(mode);
    if (mode == GuardMode.Open) counters.countEjection();
    const variant = toText(route.variants[guard.variant]);
    const fallback = toText(route.variants[guard.fallback]);
    log(
      LogLevel.Warn,
      "canary: route " + toText(route.name) + ": " + changeText(mode, variant, fallback),
    );
  }
}

function changeText(mode: GuardMode, variant: string, fallback: string): string {
  if (mode == GuardMode.Open) return variant + " fails too often; its traffic goes to " + fallback;
  if (mode == GuardMode.Trickle) return variant + " is tried again with a tenth of its traffic";
  return variant + " is healthy again and takes its traffic back";
}
