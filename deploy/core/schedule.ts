// `after` in a canary's schedule: short for people who plan in steps. The filter only knows moments
// (`at`).
import { nameOf } from "./canary.ts";
import { ToolError } from "./problem.ts";
import { at, fieldsOf } from "./value.ts";
import type { Fields } from "./value.ts";

const unitMillis: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Milliseconds of a duration as the configurations write it (`90s`, `1m30s`, `24h`); undefined if
 * it is none.
 */
export function millisOf(duration: string): number | undefined {
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join("") !== duration) return undefined;
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * unitMillis[unit!]!, 0);
}

/**
 * The canary settings with every `after` counted from `start`. A copy; the same start gives the
 * same moments.
 */
export function stamped(settings: Fields, start: Date): Fields {
  if (!Array.isArray(settings.routes)) return settings;
  return { ...settings, routes: settings.routes.map((route) => stampedRoute(route, start)) };
}

function stampedRoute(route: unknown, start: Date): unknown {
  const steps = at(route, "schedule");
  if (!Array.isArray(steps)) return route;
  const schedule = steps.map((step: unknown) => {
    const after = at(step, "after");
    if (after === undefined) return step;
    const millis = millisOf(String(after));
    if (millis === undefined) {
      const what = `route "${nameOf(route)}": "${String(after)}" is no duration`;
      throw new ToolError("invalid", `${what}; write one like 10m or 1h30m`);
    }
    const { after: _after, ...rest } = fieldsOf(step);
    // Whole seconds: fractions would only make a diff harder to read.
    const moment = new Date(Math.floor((start.getTime() + millis) / 1000) * 1000);
    return { at: moment.toISOString().replace(".000Z", "Z"), ...rest };
  });
  return { ...fieldsOf(route), schedule };
}
