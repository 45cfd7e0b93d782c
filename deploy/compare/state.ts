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
import { backendTrafficModelWith } from "../native/rate-limit/backend-traffic.ts";
import { rateLimitModelsWith } from "../native/rate-limit/model.ts";
import type { Adapt } from "../native/rate-limit/settings.ts";
import { gatewayRouteModel } from "../native/routing/gateway-api.ts";
import { virtualServiceModel } from "../native/routing/model.ts";
import type { Decider, Mesh as MeshConfig, NativeModel } from "../native/types.ts";
import { isPlugin, pluginsIn as pluginsOfResource, pluginsOf } from "../validate/plugin.ts";
import type { Plugin } from "../validate/plugin.ts";
import type { Keyring } from "./keyring.ts";
import { pluginModels } from "./plugins.ts";
import type { AdaptConfig } from "./plugins.ts";

/** Other rate limits than those that are written, natively and in our settings alike. */
export interface LimitAdaption {
  adapt: Adapt;
  adaptConfig: AdaptConfig;
}

const asWritten: LimitAdaption = {
  adapt: (settings) => settings,
  adaptConfig: (config) => config,
};

/** Every native model there is. */
export const nativeModels = nativeModelsWith(asWritten);

function nativeModelsWith({ adapt }: LimitAdaption): readonly NativeModel[] {
  return [
    customAuthorization,
    jwtAuthn,
    rbac,
    ...rateLimitModelsWith(adapt),
    backendTrafficModelWith(adapt),
    virtualServiceModel,
    gatewayRouteModel,
  ];
}

/**
 * `next` applied onto `old`: the same resource is replaced, and what a policy stands for is gone.
 */
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

/** Read once; `start` is a mesh in which nothing was asked yet. */
export class Mesh {
  readonly resources: readonly Manifest[];
  readonly plugins: readonly Plugin[];
  private readonly config: MeshConfig;
  private readonly keyring: Keyring;

  constructor(manifests: readonly Manifest[], config: MeshConfig, keyring: Keyring) {
    const rendered = renderedIn(manifests);
    const replaced = new Set(rendered.map(keyOf));
    this.resources = [...manifests.filter((each) => !replaced.has(keyOf(each))), ...rendered];
    this.plugins = pluginsIn(manifests);
    this.config = config;
    this.keyring = keyring;
  }

  start(limits: LimitAdaption = asWritten): State {
    const plugins = pluginModels(this.plugins, this.keyring, limits.adaptConfig);
    const models = [...nativeModelsWith(limits), ...plugins.models];
    const decider = nativeDecider(models, this.resources, this.config);
    return { decider, close: () => plugins.close() };
  }
}

export function stateOf(manifests: readonly Manifest[], mesh: MeshConfig, keyring: Keyring): State {
  return new Mesh(manifests, mesh, keyring).start();
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
