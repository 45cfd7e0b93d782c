// EnvoyFilter around Envoy's local_ratelimit → rate-limit settings. Takes both spellings of TypedStruct, typed_config
// without one, snake_case and camelCase.
import type { Manifest, Path } from "../core/source.ts";
import { listOf } from "./context.ts";
import type { Context } from "./context.ts";
import { Fields } from "./fields.ts";
import { addLimits } from "./limiter-settings.ts";
import { actionsIn, filterName, limiterIn, patchActions } from "./patch-content.ts";
import type { Located } from "./patch-content.ts";
import { placementOf, reportPlace, routeMatch } from "./patch-place.ts";

/** True if some patch of it is about local rate limits. */
export function hasLocalRateLimit(manifest: Manifest): boolean {
  return listOf(manifest.value.spec?.configPatches).some(
    (patch) => limiterIn(patch, []).length > 0,
  );
}

export function migrateLocalRateLimit(context: Context, manifest: Manifest): void {
  const patches = listOf(manifest.value.spec?.configPatches);
  const actions = siblings(context, manifest).flatMap((sibling) =>
    listOf(sibling.value.spec?.configPatches).flatMap((patch, at) =>
      patchActions(context, sibling, patch, ["spec", "configPatches", at]),
    ),
  );
  patches.forEach((patch, at) => {
    const path = ["spec", "configPatches", at];
    const found = limiterIn(patch, path);
    if (found.length > 0) migratePatch(context, manifest, patch, path, found, actions);
  });
  for (const sibling of siblings(context, manifest)) closeReport(context, sibling);
}

/** What of an EnvoyFilter nobody has spoken for yet. */
function closeReport({ report }: Context, manifest: Manifest): void {
  const { configPatches, workloadSelector, priority } = manifest.value.spec ?? {};
  listOf(configPatches).forEach((patch, at) => {
    const path = ["spec", "configPatches", at];
    if (limiterIn(patch, path).length === 0 && !actionsIn(patch, path))
      report.kept(manifest, path, otherPatchNote(patch));
  });
  if (workloadSelector) report.carried(manifest, ["spec", "workloadSelector"], "placement");
  if (priority !== undefined)
    report.changed(manifest, ["spec", "priority"], "the catalog's phase and priority");
  report.close(manifest);
}

/**
 * The EnvoyFilters for the same proxies, itself included: people write the actions into one of
 * their own.
 */
function siblings(context: Context, manifest: Manifest): Manifest[] {
  const placeOf = ({ namespace, value }: Manifest) =>
    JSON.stringify([namespace, value.spec?.workloadSelector?.labels]);
  return context
    .ofKind("networking.istio.io", "EnvoyFilter")
    .filter(
      (other) =>
        other === manifest || (placeOf(other) === placeOf(manifest) && !hasLocalRateLimit(other)),
    );
}

function migratePatch(
  context: Context,
  manifest: Manifest,
  patch: any,
  path: Path,
  found: Located[],
  actions: any[],
): void {
  const { report } = context;
  const labels = manifest.value.spec?.workloadSelector?.labels;
  const settings = context.drafts
    .at(manifest.namespace, placementOf(context, patch?.match, labels), manifest.name)
    .settings("rate-limit", manifest, () => ({ limits: [], headers: "none", retryAfter: false }));
  reportPlace(context, manifest, patch, path);
  const value = patch.patch.value;
  for (const key of [
    "name",
    "typed_config",
    "typedConfig",
    "typed_per_filter_config",
    "typedPerFilterConfig",
  ]) {
    const at = [...path, "patch", "value", key];
    if (key === "name" && value.name) report.carried(manifest, at, "the filter itself");
    for (const type of typeKeys) {
      if (value[key]?.[type]) report.carried(manifest, [...at, type], "the filter itself");
      if (value[key]?.[filterName]?.[type])
        report.carried(manifest, [...at, filterName, type], "the filter itself");
    }
  }
  const match = routeMatch(context, manifest, patch, path);
  for (const { config, path: at } of found)
    addLimits(context, manifest, settings, new Fields(config, at), match, actions);
}

const typeKeys = ["@type", "type_url", "typeUrl"];

/** Why an EnvoyFilter, or a patch of it, is not migrated. */
export function otherPatchNote(value: any): string {
  const text = JSON.stringify(value ?? {});
  if (/filters\.http\.ratelimit\b/.test(text))
    return "it asks a rate limit service: rate-limit.global does so, write its cluster and domain by hand";
  if (/filters\.http\.jwt_authn\b/.test(text))
    return "jwt_authn by an EnvoyFilter is not read: write its providers as jwt-auth's";
  return "of EnvoyFilters only local_ratelimit of HTTP is read, so this stays";
}
