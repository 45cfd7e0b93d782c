// Envoy Gateway's BackendTrafficPolicy → rate-limit settings at the Gateways that it names.
import type { Manifest } from "../core/source.ts";
import { Unmodelled } from "../native/envoy/message.ts";
import { readBackendTraffic } from "../native/rate-limit/backend-traffic.ts";
import { refusalOf } from "../validate/module-check.ts";
import type { Context } from "./context.ts";
import { compileLimits } from "./limits/compile.ts";

const group = "gateway.envoyproxy.io";

export function migrateBackendTraffic(context: Context): void {
  for (const manifest of context.ofKind(group, "BackendTrafficPolicy")) {
    try {
      migrateOne(context, manifest);
    } catch (cause) {
      if (!(cause instanceof Unmodelled)) throw cause;
      const where = cause.path.length > 0 ? ` (${cause.path.join(".")})` : "";
      context.report.kept(manifest, ["spec"], `stays native, because ${cause.message}${where}`);
    }
  }
}

function migrateOne(context: Context, manifest: Manifest): void {
  const { report } = context;
  const { gateways, settings } = readBackendTraffic(manifest);
  const compiled = compileLimits(settings, settings.rateLimits);
  if (typeof compiled === "string") throw new Unmodelled(["spec", "rateLimit"], compiled);
  const made = {
    charging: "inOrder",
    limits: compiled.limits.map(({ of, ...limit }) => ({
      name: of === "default" ? manifest.name : `${manifest.name}-${of + 1}`,
      ...limit,
    })),
    ...(compiled.maxKeys !== 10_000 && { maxKeys: compiled.maxKeys }),
    headers: "draft03",
    retryAfter: false,
  };
  const refusal = refusalOf("rate-limit", made, {});
  if (refusal)
    throw new Unmodelled(["spec", "rateLimit"], `rate-limit refuses it: ${refusal.what}`);
  const targetRefs = gateways.map((name) => ({
    group: "gateway.networking.k8s.io",
    kind: "Gateway",
    name,
  }));
  const placement = { targetRefs };
  if (context.drafts.find(manifest.namespace, placement)?.filters["rate-limit"])
    throw new Unmodelled(["spec", "targetRefs"], "another rate limit is at these Gateways already");
  context.drafts
    .at(manifest.namespace, placement, manifest.name)
    .settings("rate-limit", manifest, () => made);
  report.carried(manifest, ["spec", "rateLimit"], "rate-limit.limits (charging: inOrder)");
  report.carried(
    manifest,
    manifest.value.spec.targetRefs ? ["spec", "targetRefs"] : ["spec", "targetRef"],
    "placement.targetRefs; the Gateways are then Istio's",
  );
  const notes = [
    ...compiled.stricter,
    "one bucket for all routes of a Gateway, where Envoy Gateway has one for each",
  ];
  for (const text of notes) report.changed(manifest, ["spec", "rateLimit"], `stricter: ${text}`);
  report.close(manifest);
}
