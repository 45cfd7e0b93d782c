// jwt-auth beside what it replaces. While the native JWT filter or older policies are still there,
// they have to find what they read: the token, and the headers of the settings before.
import { ToolError } from "../core/problem.ts";
import { moduleIn, titleOf } from "../core/resource.ts";
import type { Resource } from "../core/resource.ts";
import { at, fieldsOf, isFields, mapsOf, textAt } from "../core/value.ts";
import type { Fields } from "../core/value.ts";

/** The settings of jwt-auth in a plugin; undefined where it runs none. */
export function jwtSettingsIn(plugin: Resource): Fields | undefined {
  const { pluginName, pluginConfig } = moduleIn(plugin);
  const settings = pluginName === "edge" ? at(pluginConfig, "jwt-auth") : pluginConfig;
  const isOurs = pluginName === "jwt-auth" || pluginName === "edge";
  return isOurs && isFields(settings) ? settings : undefined;
}

/** The same plugin, which leaves the token in the request for the native JWT filter. */
export function keepingToken(plugin: Resource): Resource {
  return withProviders(plugin, (provider) => ({ ...provider, forwardOriginalToken: true }));
}

/**
 * The same plugin, which also sets the headers that a live one sets and that still have readers.
 * Throws `conflict` where one header has two meanings.
 */
export function keepingHeaders(plugin: Resource, live: Resource | undefined): Resource {
  const older = mapsOf(live && jwtSettingsIn(live)?.providers);
  return withProviders(plugin, (provider) => {
    const before = headersOf(older.find(({ name }) => name === provider.name));
    const own = headersOf(provider);
    for (const [header, entries] of own)
      if (before.has(header) && JSON.stringify(before.get(header)) !== JSON.stringify(entries))
        throw twoMeanings(plugin, header);
    const missing = [...before].filter(([header]) => !own.has(header));
    if (missing.length === 0) return provider;
    const outputMatchToHeaders = [...own.values(), ...missing.map(([, entries]) => entries)].flat();
    return { ...provider, outputMatchToHeaders };
  });
}

function headersOf(provider: Fields | undefined): Map<string, Fields[]> {
  const byHeader = new Map<string, Fields[]>();
  for (const entry of mapsOf(provider?.outputMatchToHeaders)) {
    const header = String(entry.header);
    byHeader.set(header, [...(byHeader.get(header) ?? []), entry]);
  }
  return byHeader;
}

function twoMeanings(plugin: Resource, header: string): ToolError {
  const what = `${titleOf(plugin)} gives the header ${header} another meaning, and the policies that read it change too`;
  return new ToolError("conflict", `nothing was applied: ${what}; give the header another name`);
}

/**
 * True if the native JWT filter passes and changes nothing once jwt-auth has taken the token away:
 * it writes no header, and does not ask for a token.
 */
export function isQuietBehind(plugin: Resource): boolean {
  const settings = jwtSettingsIn(plugin);
  if (!settings) return true;
  const writes = mapsOf(settings.providers).some(
    (provider) =>
      textAt(provider, "outputPayloadToHeader") || mapsOf(provider.outputClaimToHeaders).length > 0,
  );
  return !writes && mapsOf(settings.rules).every(({ allowMissing }) => allowMissing === true);
}

function withProviders(plugin: Resource, change: (provider: Fields) => Fields): Resource {
  const settings = jwtSettingsIn(plugin);
  if (!settings) return plugin;
  const next = { ...settings, providers: mapsOf(settings.providers).map(change) };
  const module = moduleIn(plugin);
  const pluginConfig =
    module.pluginName === "edge" ? { ...fieldsOf(module.pluginConfig), "jwt-auth": next } : next;
  const changed = { ...module, pluginConfig };
  const spec = plugin.kind === "TrafficExtension" ? { ...plugin.spec, wasm: changed } : changed;
  return { ...plugin, spec };
}
