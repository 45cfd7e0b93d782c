// Where a migrated limit runs: the policy's placement for a patch of an EnvoyFilter.
import type { Manifest } from "../../core/source.ts";
import { listOf, textsOf } from "../../core/value.ts";
import type { PatchPlace } from "../../native/rate-limit/patches.ts";
import { targetPortOf } from "../../native/rate-limit/ports.ts";
import { placementFor } from "../context.ts";
import type { Context } from "../context.ts";
import { proxyKind } from "../gateways.ts";
import type { Placement } from "../resource.ts";

const directions = {
  SIDECAR_INBOUND: "inbound",
  SIDECAR_OUTBOUND: "outbound",
  ANY: "both",
} as const;

/** Text: why no placement has these proxies and no others. */
export function limitPlacement(
  context: Context,
  manifest: Manifest,
  place: PatchPlace,
): Placement | string {
  const selector = manifest.at("spec", "workloadSelector", "labels");
  const labels = selector === undefined ? undefined : textsOf(selector);
  const ports = portsOf(context, manifest, place);
  if (listOf(manifest.at("spec", "targetRefs")).length > 0)
    return ports ? "targetRefs together with a port" : placementFor(context, manifest);
  if (place.context === "GATEWAY") {
    if (!labels || Object.keys(labels).length === 0)
      return "without workloadSelector it is for every gateway, and a plugin for those alone is none: write a policy for each gateway";
    return { gateway: { selector: labels, ...ports } };
  }
  if (
    place.context === "ANY" &&
    labels &&
    proxyKind(context, manifest.namespace, labels) === "gateway"
  )
    return { gateway: { selector: labels, ...ports } };
  return {
    sidecar: {
      ...(labels && { selector: labels }),
      direction: directions[place.context],
      ...ports,
    },
  };
}

function portsOf(context: Context, manifest: Manifest, place: PatchPlace): object | undefined {
  if (place.listenerPort !== undefined) return { ports: [place.listenerPort] };
  if (place.servicePort === undefined) return undefined;
  const port = targetPortOf(context.manifests, manifest, place.servicePort);
  return port === undefined ? undefined : { ports: [port] };
}
