// Resources that say something different about the same requests, and what Istio makes of them.
import { mapsOf, listOf, textAt } from "../core/value.ts";
import type { Manifest } from "../core/source.ts";
import { gatewayName } from "../native/routing/hosts.ts";
import { isSameScope, scopeOf } from "./authorization/scope.ts";
import type { Context } from "./context.ts";

export function reportContradictions(context: Context): void {
  reportSameIssuers(context);
  reportSameHosts(context);
}

/** Of two rules for one issuer Istio takes what either accepts. */
function reportSameIssuers(context: Context): void {
  const all = context.ofKind("security.istio.io", "RequestAuthentication");
  const issuers = all.flatMap((manifest) =>
    mapsOf(manifest.at("spec", "jwtRules")).map((rule, index) => ({
      manifest,
      index,
      issuer: textAt(rule, "issuer") ?? "",
      scope: scopeOf(context, manifest),
    })),
  );
  for (const [at, one] of issuers.entries()) {
    const first = issuers
      .slice(0, at)
      .find(({ issuer, scope }) => issuer === one.issuer && isSameScope(scope, one.scope));
    if (!first || one.issuer === "") continue;
    const where = `${first.manifest.title} spec.jwtRules[${first.index}]`;
    const isMigrated = context.replaced.includes(one.manifest);
    context.report[isMigrated ? "carried" : "kept"](
      one.manifest,
      ["spec", "jwtRules", one.index, "issuer"],
      `${where} has the same issuer for the same workloads: a token passes that either of them accepts`,
    );
  }
}

/** Istio joins VirtualServices at a gateway, and takes the oldest alone elsewhere. */
function reportSameHosts(context: Context): void {
  const all = context.ofKind("networking.istio.io", "VirtualService");
  for (const [at, one] of all.entries())
    for (const other of all.slice(0, at)) {
      const hosts = new Set(listOf(other.at("spec", "hosts")).map(String));
      const host = listOf(one.at("spec", "hosts"))
        .map(String)
        .find((name) => hosts.has(name));
      const places = gatewaysOf(other);
      const shared = gatewaysOf(one).filter((name) => places.includes(name));
      if (host === undefined || shared.length === 0) continue;
      const isMesh = shared.includes("mesh");
      const why = isMesh
        ? `${other.title} has the host ${host} too: sidecars use the older one alone`
        : `${other.title} has the host ${host} at the same gateway: Istio joins their rules, the older one's first`;
      context.report.kept(one, ["spec", "hosts"], why);
    }
}

function gatewaysOf(manifest: Manifest): string[] {
  const named = listOf(manifest.at("spec", "gateways")).map(String);
  if (named.length === 0) return ["mesh"];
  return named.map((name) => (name === "mesh" ? name : gatewayName(name, manifest.namespace)));
}
