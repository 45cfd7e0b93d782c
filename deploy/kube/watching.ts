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

/** True if the settings themselves say that jwt-auth lets everything pass. */
export function isReporting({ filters }: Policy): boolean {
  return filters.get("jwt-auth")?.mode === "report";
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
