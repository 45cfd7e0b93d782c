// The rules of istiod's validating webhook (istio.io/istio/pkg/config/validation, Istio 1.31) that
// no CRD states. One file a kind; this one knows which kind has which.
import type { Finding } from "../../../core/problem.ts";
import { pathText } from "../../../core/source.ts";
import type { Manifest } from "../../../core/source.ts";
import { Field } from "./field.ts";
import type { Refusal } from "./field.ts";

type Check = (spec: Field, name: string, namespace: string) => void;

/** Loaded when a document of the kind is there: some bring a library along. */
const checks: Record<string, () => Promise<Check>> = {
  "networking.istio.io/DestinationRule": async () =>
    (await import("./destination-rule.ts")).checkDestinationRule,
  "networking.istio.io/EnvoyFilter": async () =>
    (await import("./envoy-filter.ts")).checkEnvoyFilter,
  "networking.istio.io/Gateway": async () => (await import("./gateway.ts")).checkGateway,
  "networking.istio.io/ProxyConfig": async () =>
    (await import("./proxy-config.ts")).checkProxyConfig,
  "networking.istio.io/ServiceEntry": async () =>
    (await import("./service-entry.ts")).checkServiceEntry,
  "networking.istio.io/Sidecar": async () => (await import("./sidecar.ts")).checkSidecar,
  "networking.istio.io/VirtualService": async () =>
    (await import("./virtual-service.ts")).checkVirtualService,
  "networking.istio.io/WorkloadEntry": async () =>
    (await import("./workload.ts")).checkWorkloadEntry,
  "networking.istio.io/WorkloadGroup": async () =>
    (await import("./workload.ts")).checkWorkloadGroup,
  "security.istio.io/AuthorizationPolicy": async () =>
    (await import("./authorization-policy.ts")).checkAuthorizationPolicy,
  "security.istio.io/PeerAuthentication": async () =>
    (await import("./authentication.ts")).checkPeerAuthentication,
  "security.istio.io/RequestAuthentication": async () =>
    (await import("./authentication.ts")).checkRequestAuthentication,
  "telemetry.istio.io/Telemetry": async () => (await import("./telemetry.ts")).checkTelemetry,
  "extensions.istio.io/WasmPlugin": async () => (await import("./plugin.ts")).checkWasmPlugin,
  "extensions.istio.io/TrafficExtension": async () =>
    (await import("./plugin.ts")).checkTrafficExtension,
};

/** What the webhook refuses in a resource as the API server hands it over. */
export async function refusedByWebhook(manifest: Manifest, value: unknown): Promise<Finding[]> {
  const check = await checks[`${manifest.group}/${manifest.kind}`]?.();
  if (!check) return [];
  const refusals: Refusal[] = [];
  const resource = new Field(value, [], refusals);
  checkAnnotations(resource, manifest);
  check(resource.at("spec"), manifest.name, manifest.namespace);
  return refusals.map(({ path, what, right }) => ({
    severity: "error",
    rule: "webhook",
    place: manifest.place(path),
    what: `${pathText(path)}: ${what}`,
    why: "istiod's webhook refuses it",
    right,
  }));
}

const internal = [
  "internal.istio.io/parents",
  "internal.istio.io/parent-namespace",
  "internal.istio.io/webhook-always-reject",
];

function checkAnnotations(resource: Field, { kind }: Manifest): void {
  for (const [name, value] of resource.at("metadata").entries("annotations")) {
    if (internal.includes(name)) value.refuse("Istio keeps this annotation to itself", "remove it");
    if (name !== "istio.io/dry-run") continue;
    const action = resource.at("spec", "action").text;
    if (kind !== "AuthorizationPolicy" || action === "AUDIT" || action === "CUSTOM")
      value.refuse("only ALLOW and DENY can be tried like this", "remove it");
    else if (!/^(1|t|T|true|TRUE|True|0|f|F|false|FALSE|False)$/.test(value.text))
      value.refuse(`"${value.text}" is neither true nor false`, 'write "true"');
  }
}
