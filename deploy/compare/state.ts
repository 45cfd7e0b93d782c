// What is in a mesh: its native resources and its plugins, as a decider.
import { isPolicy } from "../core/policy.ts";
import { parsePolicy } from "../core/policy-parser.ts";
import { parse } from "../core/source.ts";
import type { Manifest } from "../core/source.ts";
import { yamlText } from "../core/yaml-text.ts";
import { textAt } from "../core/value.ts";
import { replacesAnnotation } from "../core/migrated.ts";
import { customAuthorization, rbac } from "../native/authorization/rbac.ts";
import { nativeDecider } from "../native/decider.ts";
import { jwtAuthn } from "../native/jwt/jwt-authn.ts";
import { backendTrafficModel } from "../native/rate-limit/backend-traffic.ts";
import { rateLimitModel } from "../native/rate-limit/model.ts";
import { virtualServiceModel } from "../native/routing/model.ts";
import type { Decider, Mesh, NativeModel } from "../native/types.ts";
import { isPlugin, pluginsIn as pluginsOfResource, pluginsOf } from "../validate/plugin.ts";
import type { Plugin } from "../validate/plugin.ts";
import type { Keyring } from "./keyring.ts";
import { pluginModels } from "./plugins.ts";

/** Every native model there is. */
export const nativeModels: readonly NativeModel[] = [
  customAuthorization,
  jwtAuthn,
  rbac,
  rateLimitModel,
  backendTrafficModel,
  virtualServiceModel,
];

/** `next` applied onto `old`: the same resource is replaced, and what a policy stands for is gone. */
export function applied(old: readonly Manifest[], next: readonly Manifest[]): Manifest[] {
  const gone = new Set([...next.map(keyOf), ...next.flatMap(replacedBy)]);
  return [...old.filter((manifest) => !gone.has(keyOf(manifest))), ...next];
}

function keyOf({ kind, namespace, name }: Manifest): string {
  return `${kind}/${namespace}/${name}`;
}

function replacedBy(manifest: Manifest): string[] {
  const text = textAt(manifest.at("metadata", "annotations"), replacesAnnotation);
  return text?.split(" ") ?? [];
}

/** The plugins among resources, those of settings files included. Broken settings are left out. */
export function pluginsIn(manifests: readonly Manifest[]): Plugin[] {
  return manifests.flatMap((manifest): Plugin[] => {
    if (isPlugin(manifest)) return pluginsOfResource(manifest).filter(({ filter }) => filter);
    if (!isPolicy(manifest)) return [];
    const { policy } = parsePolicy(manifest);
    return policy ? pluginsOf(policy, "WasmPlugin", new Date(0)).plugins : [];
  });
}

export interface State {
  decider: Decider;
  close(): void;
}

export function stateOf(
  manifests: readonly Manifest[],
  mesh: Mesh,
  keyring: Keyring,
  models: readonly NativeModel[] = nativeModels,
): State {
  const { models: plugins, close } = pluginModels(pluginsIn(manifests), keyring);
  const all = [...manifests, ...renderedIn(manifests)];
  return { decider: nativeDecider([...models, ...plugins], all, mesh), close };
}

/** What settings files render besides plugins: VirtualServices, and what they need. */
function renderedIn(manifests: readonly Manifest[]): Manifest[] {
  const resources = manifests.filter(isPolicy).flatMap((manifest) => {
    const { policy } = parsePolicy(manifest);
    if (!policy) return [];
    const { resources: made } = pluginsOf(policy, "WasmPlugin", new Date(0));
    return made.filter(({ kind }) => kind !== "WasmPlugin");
  });
  if (resources.length === 0) return [];
  return parse(yamlText(resources.map((value) => ({ value }))), "rendered").manifests;
}
