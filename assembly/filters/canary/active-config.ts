// A configuration in force: its policy over the proxy's shared data, its metrics, and the log lines
// of its guards.
import { LogLevel, log } from "../../host/log";
import { SharedData } from "../../host/shared-data";
import { toText } from "../../lib/bytes";
import { Config } from "./config";
import { GuardMetrics, RequestCounters } from "./counters";
import { Decision } from "./decision";
import { GuardMode } from "./guard";
import { Policy } from "./policy";


@final
export class ActiveConfig {
  readonly policy: Policy;
  private readonly counters: RequestCounters;
  /** By route; null for one without a guard. */
  private readonly guards: StaticArray<GuardMetrics | null>;

  /** `seed` is for keys of new clients. */
  constructor(
    readonly config: Config,
    seed: u64,
  ) {
    this.policy = new Policy(config, new SharedData(), seed);
    this.counters = new RequestCounters(config.routes);
    this.guards = new StaticArray<GuardMetrics | null>(config.routes.length);
    for (let i = 0; i < config.routes.length; i++) {
      if (config.routes[i].guard === null) continue;
      const metrics = new GuardMetrics(config.routes[i]);
      // A guard may have been open before this configuration came.
      metrics.setMode(this.policy.guardModeOf(i));
      this.guards[i] = metrics;
    }
  }

  count(decision: Decision): void {
    if (decision.routeIndex < 0) return;
    this.counters.count(decision);
    if (decision.reopened) this.reportGuardMode(decision.routeIndex);
  }

  /**
   * One line and one gauge each time a guard changes its mode; called by the one worker that
   * changed it.
   */
  reportGuardMode(routeIndex: i32): void {
    const route = unchecked(this.config.routes[routeIndex]);
    const guard = route.guard;
    const metrics = unchecked(this.guards[routeIndex]);
    if (guard === null || metrics === null) return;
    const mode = this.policy.guardMode;
    metrics.setMode(mode);
    if (mode == GuardMode.Open) metrics.countEjection();
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
