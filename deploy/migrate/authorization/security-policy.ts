// Envoy Gateway's SecurityPolicy: named with what it does, and left where it is.
import type { Manifest, Path } from "../../core/source.ts";
import { mapsOf, fieldsOf } from "../../core/value.ts";
import type { Context } from "../context.ts";

export function keepSecurityPolicies(context: Context): void {
  for (const policy of context.ofKind("gateway.envoyproxy.io", "SecurityPolicy"))
    for (const [path, why] of reasonsOf(policy))
      context.report.kept(policy, path, `it stays native: ${why}`);
}

/** One reason for each part that asks about a token; one for the whole where none does. */
function reasonsOf(policy: Manifest): [path: Path, why: string][] {
  const found: [path: Path, why: string][] = [];
  const add = (path: Path, why: string) => {
    if (policy.at(...path) !== undefined) found.push([path, why]);
  };
  add(
    ["spec", "jwt", "providers"],
    "its tokens are asked for route by route, by a proxy of Envoy Gateway; migrate has no model of that proxy to prove a plugin against",
  );
  add(
    ["spec", "jwt", "optional"],
    "Envoy Gateway lets a missing token pass and refuses a bad one; jwt-auth has allowMissing for the same",
  );
  const isAsked = mapsOf(policy.at("spec", "authorization", "rules")).some(
    ({ principal }) => fieldsOf(principal).jwt !== undefined,
  );
  if (isAsked)
    add(
      ["spec", "authorization"],
      "its rules read the claims that Envoy's JWT filter leaves behind, which no Wasm filter can write",
    );
  return found.length > 0 ? found : [[["spec"], "it asks for no token"]];
}
