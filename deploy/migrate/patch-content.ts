// What a patch of an EnvoyFilter holds for a local rate limit: the limiter's own configuration,
// or actions of routes.
import type { Manifest, Path } from "../core/source.ts";
import { listOf } from "./context.ts";
import type { Context } from "./context.ts";
import { Fields } from "./fields.ts";

export const filterName = "envoy.filters.http.local_ratelimit";

/** Actions (`rate_limits`) that a patch of a virtual host or route adds. */
export function actionsIn(patch: any, path: Path): Located | undefined {
  const value = patch?.patch?.value;
  for (const [holder, more] of [
    [value, []],
    [value?.route, ["route"]],
  ] as [any, string[]][]) {
    const key = ["rate_limits", "rateLimits"].find((name) => Array.isArray(holder?.[name]));
    if (key) return { config: holder[key], path: [...path, "patch", "value", ...more, key] };
  }
  return undefined;
}

export function patchActions(context: Context, manifest: Manifest, patch: any, path: Path): any[] {
  const found = actionsIn(patch, path);
  if (!found) return [];
  context.report.carried(manifest, path, "match and key of the limits");
  const vhost = patch.match?.routeConfiguration?.vhost;
  if (vhost?.name || vhost?.route?.name) {
    const where = [...path, "match", "routeConfiguration", "vhost"];
    context.report.changed(
      manifest,
      where,
      "the limits count on every host and route: add a match where that is too much",
    );
  }
  return found.config.flatMap((limit: any) => listOf(new Fields(limit, []).get("actions")));
}

export interface Located {
  config: any;
  path: Path;
}

/** The limiter's own configuration inside a patch, wherever it hides, with its path. */
export function limiterIn(patch: any, path: Path): Located[] {
  const value = patch?.patch?.value;
  const at = [...path, "patch", "value"];
  const candidates: Located[] = [];
  const key = ["typed_config", "typedConfig"].find((name) => value?.[name]);
  if (key && (value.name === filterName || isLimiter(value[key])))
    candidates.push({ config: value[key], path: [...at, key] });
  for (const name of ["typed_per_filter_config", "typedPerFilterConfig"]) {
    const config = value?.[name]?.[filterName];
    if (config) candidates.push({ config, path: [...at, name, filterName] });
  }
  return candidates.map(({ config, path: where }) =>
    config.value && /TypedStruct/.test(String(config["@type"]))
      ? { config: config.value, path: [...where, "value"] }
      : { config, path: where },
  );
}

/** The HTTP filter's message; the network filter of the same name counts connections. */
function isLimiter(config: any): boolean {
  return ["@type", "type_url", "typeUrl"].some((key) =>
    /filters\.http\.local_ratelimit\.v\d+\.LocalRateLimit$/.test(String(config?.[key])),
  );
}
