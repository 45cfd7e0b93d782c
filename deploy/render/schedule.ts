// `after` in a canary's schedule: the tool's sugar for people who plan in steps. The filter only
// knows moments (`at`).
import { ToolError } from "../core/problem.ts";

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
export function stamped(settings: any, start: Date): any {
  return {
    ...settings,
    routes: settings.routes?.map((route: any) =>
      Array.isArray(route?.schedule) ? stampRoute(route, start) : route,
    ),
  };
}

function stampRoute(route: any, start: Date): any {
  const schedule = route.schedule.map((step: any) => {
    if (step?.after === undefined) return step;
    const millis = millisOf(String(step.after));
    if (millis === undefined) {
      throw new ToolError(
        "invalid",
        `route "${route.name}": "${step.after}" is no duration, write 10m or 1h30m`,
      );
    }
    const { after: _after, ...rest } = step;
    // Whole seconds: more would only be noise in a diff.
    const at = new Date(Math.floor((start.getTime() + millis) / 1000) * 1000);
    return { at: at.toISOString().replace(".000Z", "Z"), ...rest };
  });
  return { ...route, schedule };
}

/** True if any step of the settings counts from the start. */
export function hasAfter(settings: any): boolean {
  return (settings?.routes ?? []).some((route: any) =>
    route.schedule?.some?.((step: any) => step.after !== undefined),
  );
}
