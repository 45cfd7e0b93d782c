// A policy that only watches: its filters decide and count in `mode: report`, and the native
// resources go on deciding.
import type { Policy } from "../core/policy.ts";
import type { FilterName } from "../core/catalog.ts";
import { ToolError } from "../core/problem.ts";
import { moduleIn, titleOf } from "../core/resource.ts";
import type { Resource } from "../core/resource.ts";
import { at, textAt } from "../core/value.ts";
import { subjectText } from "./history.ts";

/** The filters that refuse or route; the log has nothing to be held back. */
const deciding: readonly FilterName[] = ["jwt-auth", "rate-limit", "canary"];

/**
 * True if the settings themselves say that the filters only watch. Throws where some enforce: one
 * that takes the token away hides it from the native resources that stay because of another.
 */
export function isReporting(policy: Policy, isReplacing: boolean): boolean {
  const settings = [...policy.filters]
    .filter(([name]) => deciding.includes(name))
    .map(([, each]) => each);
  const watching = settings.filter(({ mode }) => mode === "report");
  if (isReplacing && watching.length > 0 && watching.length < settings.length)
    throw new ToolError(
      "invalid",
      `policy ${subjectText(policy)} replaces native resources, and only some of its filters are in mode: report; set it for all of them, or for none`,
    );
  return settings.length > 0 && watching.length === settings.length;
}

/** The same policy with each filter in `mode: report`. */
export function reporting(policy: Policy): Policy {
  const filters = [...policy.filters].map(
    ([name, settings]) =>
      [name, deciding.includes(name) ? { ...settings, mode: "report" } : settings] as const,
  );
  return { ...policy, filters: new Map(filters) };
}

/** Without the routes: a canary that only watches sets no header for them. */
export function reportOnly(resources: readonly Resource[]): Resource[] {
  return resources.filter(({ kind }) => kind !== "VirtualService");
}

/** Throws where watching would open what the policy closes now. */
export function checkWatching(policy: Policy, live: readonly Resource[]): void {
  const enforcing = live.find(isEnforcing);
  if (!enforcing) return;
  const [name, title] = [subjectText(policy), titleOf(enforcing)];
  throw new ToolError(
    "conflict",
    `nothing was applied: ${title} enforces, and in mode: report every request would pass; go back first (gatehouse rollback ${name} --to native), or --force`,
  );
}

function isEnforcing(resource: Resource): boolean {
  const { pluginName, pluginConfig } = moduleIn(resource);
  const mode = (settings: unknown) => textAt(settings, "mode") ?? "enforce";
  if (pluginName === "edge")
    return deciding.some((name) => {
      const settings = at(pluginConfig, name);
      return settings !== undefined && mode(settings) !== "report";
    });
  return deciding.some((name) => name === pluginName) && mode(pluginConfig) !== "report";
}
