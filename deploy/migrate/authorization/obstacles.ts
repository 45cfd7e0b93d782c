// Why a group of RequestAuthentications and policies stays native: what jwt-auth with conditions on
// headers cannot say exactly, or what others need of the native filter.
import type { Manifest, Path } from "../../core/source.ts";
import { mapsOf, textAt } from "../../core/value.ts";
import type { Context } from "../context.ts";
import { Cursor } from "../cursor.ts";
import { gatewayIn } from "../gateways.ts";
import type { Group, Placed } from "./group.ts";
import { unknownField } from "./provider.ts";
import { headersRead, isPositive, tokenParts } from "./rule.ts";
import { covers, intersection, isSameScope, isWaypoint, mayMeet, placementOf } from "./scope.ts";

export interface Obstacle {
  manifest: Manifest;
  path: Path;
  why: string;
}

/** The first reason found; undefined where the whole group can be migrated. */
export function obstacleOf(context: Context, group: Group): Obstacle | undefined {
  return (
    ofScopes(context, group) ??
    ofFields(context, group) ??
    ofReaders(context, group) ??
    ofHeaders(group) ??
    ofMetadata(context, group)
  );
}

function obstacle({ manifest }: Placed, why: string, path: Path = ["spec"]): Obstacle {
  return { manifest, path, why };
}

function ofScopes(context: Context, { authentications }: Group): Obstacle | undefined {
  for (const [at, one] of authentications.entries()) {
    if (one.scope.unclear)
      return obstacle(
        one,
        `${one.scope.unclear}; name your gateways with --gateway LABELS[@NAMESPACE]`,
      );
    if (!placementOf(context, one.scope))
      return obstacle(
        one,
        "it is for every proxy of the mesh, gateways too, and no plugin has exactly that place",
      );
    const ingress = one.scope.kind === "any" && ingressIn(context, one);
    if (ingress)
      return obstacle(
        one,
        `it is for the gateway of ${ingress} too, where a plugin for sidecars does not run; if that gateway runs elsewhere, say --gateway LABELS@NAMESPACE`,
      );
    const other = authentications
      .slice(at + 1)
      .find(
        (each) => !isSameScope(one.scope, each.scope) && mayMeet(context, one.scope, each.scope),
      );
    if (other)
      return obstacle(
        one,
        `some workloads may have ${other.manifest.title} as well, whose selection is another: Istio joins both there, two plugins would refuse each other's tokens`,
      );
  }
  return undefined;
}

/** What says that a gateway runs in the namespace of a resource without selector. */
function ingressIn(context: Context, { scope }: Placed): string | undefined {
  if (scope.refs.length > 0 || scope.namespace === context.mesh.rootNamespace) return undefined;
  const found = context
    .ofKind("gateway.networking.k8s.io", "Gateway")
    .find(
      (gateway) =>
        gateway.namespace === scope.namespace &&
        !isWaypoint(context, gateway.namespace, gateway.name),
    );
  return found?.title ?? gatewayIn(context, scope.namespace);
}

function ofFields(context: Context, { authentications }: Group): Obstacle | undefined {
  for (const each of authentications) {
    const rules = Cursor.of(each.manifest, context.report).at("spec", "jwtRules").items;
    for (const rule of rules) {
      const unknown = unknownField(rule);
      if (unknown)
        return obstacle(
          each,
          "migrate does not know this field, and it may mean anything",
          unknown.path,
        );
      const presence = rule.at("presence");
      const isPlain = !presence.exists || presence.text === "OPTIONAL";
      const isAlone = authentications.length === 1 && rules.length === 1;
      if (!isPlain && !(presence.text === "REQUIRED" && isAlone))
        return obstacle(each, "presence beside other rules is not migrated", presence.path);
    }
  }
  return undefined;
}

/** A policy for more workloads than have the token stays there, and may not open here. */
function ofReaders(context: Context, { authentications, readers }: Group): Obstacle | undefined {
  for (const reader of readers) {
    const near = authentications.filter(({ scope }) => mayMeet(context, scope, reader.scope));
    if (near.some(({ scope }) => covers(context, scope, reader.scope))) continue;
    const parts = tokenParts(reader.manifest);
    const negated = parts.find((part) => !isPositive([part]));
    if (negated)
      return obstacle(
        reader,
        "it is also for workloads without the RequestAuthentication, and a negated condition on a token that is not there is always met",
        negated.path,
      );
    const odd = near.find(({ scope }) => !intersection(context, scope, reader.scope));
    if (odd)
      return obstacle(
        reader,
        `no selector says which of its workloads have ${odd.manifest.title} too`,
      );
  }
  return undefined;
}

/** Headers that jwt_authn writes are written a little otherwise where a claim is no text. */
function ofHeaders({ authentications, readers, others }: Group): Obstacle | undefined {
  for (const { manifest } of authentications) {
    const written = mapsOf(manifest.at("spec", "jwtRules")).flatMap((rule) => [
      textAt(rule, "outputPayloadToHeader")?.toLowerCase(),
      ...mapsOf(rule.outputClaimToHeaders).map((each) => textAt(each, "header")?.toLowerCase()),
    ]);
    const reader = [...readers, ...others].find((policy) =>
      headersRead(policy.manifest).some((name) => written.includes(name)),
    );
    if (reader)
      return obstacle(
        reader,
        `it has a condition on a header that ${manifest.title} writes, which is not the same for every type of claim`,
      );
  }
  return undefined;
}

const metadataReader = /jwt_authn|request\.auth\.claims/;
const experimentalReader = /experimental\.envoy\.filters\.http\.jwt_authn/;

/** What else needs the metadata of jwt_authn, or its place in the chain. */
function ofMetadata(context: Context, { authentications }: Group): Obstacle | undefined {
  if (!context.mentions(metadataReader)) return undefined;
  const user = context.manifests.find(
    (manifest) =>
      manifest.kind !== "RequestAuthentication" &&
      manifest.kind !== "AuthorizationPolicy" &&
      metadataReader.test(context.textOf(manifest)),
  );
  const experimental = context
    .ofKind("security.istio.io", "AuthorizationPolicy")
    .find((manifest) => experimentalReader.test(context.textOf(manifest)));
  const found = user ?? experimental;
  const [first] = authentications;
  if (!found || !first) return undefined;
  return obstacle(
    first,
    `${found.title} reads what Envoy's JWT filter leaves behind (jwt_authn, request.auth.claims), which no Wasm filter can write`,
  );
}
