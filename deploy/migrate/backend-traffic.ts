// Envoy Gateway's BackendTrafficPolicy → rate-limit settings at the Gateways that it names.
import type { Manifest } from "../core/source.ts";
import type { Fields } from "../core/value.ts";
import { Unmodelled } from "../native/envoy/message.ts";
import { readBackendTraffic } from "../native/rate-limit/backend-traffic.ts";
import { refusalOf } from "../validate/module-check.ts";
import type { Context } from "./context.ts";
import { compileLimits } from "./limits/compile.ts";
import { settingsOf } from "./limits/settings.ts";
import { proveLimits } from "./traffic-proof.ts";

const group = "gateway.envoyproxy.io";

export function migrateBackendTraffic(context: Context): void {
  const all = context.ofKind(group, "BackendTrafficPolicy");
  for (const manifest of all) {
    try {
      migrateOne(context, manifest, all.length);
    } catch (cause) {
      if (!(cause instanceof Unmodelled)) throw cause;
      const where = cause.path.length > 0 ? ` (${cause.path.join(".")})` : "";
      context.report.kept(manifest, ["spec"], `stays native, because ${cause.message}${where}`);
    }
  }
}

function migrateOne(context: Context, manifest: Manifest, policies: number): void {
  const { report } = context;
  const { gateways, settings } = readBackendTraffic(manifest);
  const compiled = compileLimits(settings, settings.rateLimits);
  if (typeof compiled === "string") throw new Unmodelled(["spec", "rateLimit"], compiled);
  const made: Fields = {
    ...settingsOf(compiled, manifest.name),
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
  const planned = { namespace: manifest.namespace, placement, filters: { "rate-limit": made } };
  const { result, failed, examples } = proveLimits(context, [manifest], [planned], policies);
  if (failed) throw new Unmodelled(["spec", "rateLimit"], failed);
  context.proofs.push({ title: manifest.title, result });
  context.drafts
    .at(manifest.namespace, placement, manifest.name)
    .settings("rate-limit", manifest, () => made);
  report.carried(manifest, ["spec", "rateLimit"], "rate-limit.limits (charging: inOrder)");
  report.carried(
    manifest,
    manifest.at("spec", "targetRefs") ? ["spec", "targetRefs"] : ["spec", "targetRef"],
    "placement.targetRefs; the Gateways are then Istio's",
  );
  const notes = [
    ...compiled.stricter,
    "one bucket for all routes of a Gateway, where Envoy Gateway has one for each",
  ];
  for (const text of notes) report.changed(manifest, ["spec", "rateLimit"], `stricter: ${text}`);
  for (const text of examples) report.changed(manifest, ["spec", "rateLimit"], text);
  report.close(manifest);
}
