// The client's address, where it decides something. A gateway's proxy sets it from the connection
// and the hops that the mesh trusts; at a sidecar or a waypoint it follows x-forwarded-for as it
// came, which every client inside the mesh can write.
import type { Finding } from "../core/problem.ts";
import type { Path } from "../core/source.ts";
import { isFields } from "../core/value.ts";
import type { Plugin } from "./plugin.ts";

const keys = new Set(["sourceAddress", "sourceAddresses"]);

export function checkSourceAddresses(plugin: Plugin): Finding[] {
  const place = placeOf(plugin);
  if (!plugin.filter || !place) return [];
  return usesIn(plugin.config, []).map((path) => ({
    severity: "warning",
    rule: "source-address",
    place: plugin.configPlace(path),
    what: `${plugin.title} decides by the client's address at a ${place}`,
    why: "there the address follows x-forwarded-for, which a client inside the mesh can write",
    right: "decide at the gateway, or by the peer's identity or a claim",
  }));
}

/** Undefined for a gateway, and where the resource does not say. */
function placeOf(plugin: Plugin): "sidecar" | "waypoint" | undefined {
  const kind = plugin.policy?.placement.kind;
  if (kind === "sidecar" || kind === "waypoint") return kind;
  if (kind === "gateway") return undefined;
  if (plugin.targetRefs.some((ref) => ref.kind === "Service" || ref.kind === "ServiceEntry"))
    return "waypoint";
  return plugin.modes.includes("SERVER") ? "sidecar" : undefined;
}

function usesIn(value: unknown, path: Path): Path[] {
  if (Array.isArray(value)) return value.flatMap((item, at) => usesIn(item, [...path, at]));
  if (!isFields(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    keys.has(key) ? [[...path, key]] : usesIn(inner, [...path, key]),
  );
}
