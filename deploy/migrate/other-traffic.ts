// Resources that split traffic and go on doing so: what they do, and what would have to change for
// the filter to do it.
import { at, listOf, mapsOf } from "../core/value.ts";
import type { Context } from "./context.ts";

const routeKinds = ["HTTPRoute", "GRPCRoute"];

export function keepOtherTraffic(context: Context): void {
  const { report } = context;
  for (const manifest of context.ofKind("argoproj.io", "Rollout")) {
    if (at(manifest.value, "spec", "strategy", "canary", "trafficRouting", "istio") === undefined)
      continue;
    report.kept(
      manifest,
      ["spec"],
      "stays native: Argo writes the weights of its VirtualService; canary decides who takes part by setHeaderRoute on its header",
    );
  }
  for (const kind of routeKinds) {
    for (const manifest of context.ofKind("gateway.networking.k8s.io", kind)) {
      const splits = mapsOf(at(manifest.value, "spec", "rules")).some(
        ({ backendRefs }) => listOf(backendRefs).length > 1,
      );
      if (splits)
        report.kept(
          manifest,
          ["spec"],
          `stays native: Istio goes on splitting its backendRefs; canary's header can be a match of a ${kind} that you write`,
        );
    }
  }
}
