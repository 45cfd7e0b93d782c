// Envoy's RBAC filters as istiod configures them from AuthorizationPolicy: any denial denies; where
// there is an ALLOW policy, one of its rules must hold. What an external authorizer answers is not
// known: that it is asked is an effect, as is what AUDIT marks.
import { attaches } from "../attachment.ts";
import type { Exchange, Mesh, NativeModel, Refusal, Stage, Workload } from "../types.ts";
import { isAuthorizationPolicy, policyOf } from "./policy.ts";
import type { Action, Policy } from "./policy.ts";
import type { Manifest } from "../../core/source.ts";

type ByAction = Record<Action, Policy[]>;

/** After jwt_authn, whose metadata it reads. */
export const rbac: NativeModel = {
  name: "RBAC",
  order: 500,
  compile: (resources, mesh) => compiled(resources, mesh, decide),
};

/** Before every other filter: what an external authorizer is asked does not know of tokens. */
export const customAuthorization: NativeModel = {
  name: "ext_authz",
  order: 100,
  compile: (resources, mesh) => compiled(resources, mesh, askAuthorizer),
};

function compiled(
  resources: readonly Manifest[],
  mesh: Mesh,
  act: (exchange: Exchange, policies: ByAction, mesh: Mesh) => Refusal | undefined,
): Stage {
  const policies = resources.filter(isAuthorizationPolicy).map((each) => policyOf(each, mesh));
  const known = new Map<Workload, ByAction>();
  return (exchange) => {
    const { workload } = exchange.request;
    let own = known.get(workload);
    if (!own) known.set(workload, (own = policiesAt(policies, workload, mesh)));
    return act(exchange, own, mesh);
  };
}

function policiesAt(policies: readonly Policy[], workload: Workload, mesh: Mesh): ByAction {
  const own = policies.filter(({ attachment }) => attaches(attachment, workload, mesh));
  const of = (action: Action) => own.filter((policy) => policy.action === action);
  return { ALLOW: of("ALLOW"), DENY: of("DENY"), AUDIT: of("AUDIT"), CUSTOM: of("CUSTOM") };
}

function decide(exchange: Exchange, policies: ByAction): Refusal | undefined {
  // Outbound listeners have neither filter.
  if (exchange.request.direction === "outbound") return undefined;
  const audited = firstMatch(exchange, policies.AUDIT);
  if (audited) exchange.effects.audit = "matched";
  const enforced = (list: readonly Policy[]) => list.filter(({ isDryRun }) => !isDryRun);
  const denied = firstMatch(exchange, enforced(policies.DENY));
  if (denied) return { status: 403, reason: `RBAC: denied by ${denied}` };
  const allowing = enforced(policies.ALLOW);
  if (allowing.length === 0 || firstMatch(exchange, allowing)) return undefined;
  return { status: 403, reason: "RBAC: no ALLOW rule matches" };
}

/**
 * Istio 1.31 has one external authorizer for a workload. With a second one, or with one that
 * MeshConfig does not have, what the policies would ask about is refused (builder.go,
 * getBadCustomDenyRules).
 */
function askAuthorizer(exchange: Exchange, { CUSTOM }: ByAction, mesh: Mesh): Refusal | undefined {
  if (exchange.request.direction === "outbound") return undefined;
  const asking = firstMatch(exchange, CUSTOM);
  if (!asking) return undefined;
  const providers = [...new Set(CUSTOM.map(({ provider }) => provider ?? ""))];
  const [only = ""] = providers;
  const known = mesh.extensionProviders;
  if (providers.length > 1)
    return { status: 403, reason: `RBAC: ${asking} is not the only external authorizer's` };
  if (known.length > 0 && !known.includes(only))
    return { status: 403, reason: `RBAC: no external authorizer ${only} for ${asking}` };
  exchange.effects["ext_authz"] = only;
  return undefined;
}

/** `namespace/name rule 2`, or undefined. */
function firstMatch(exchange: Exchange, policies: readonly Policy[]): string | undefined {
  for (const { title, rules } of policies) {
    const rule = rules.find((each) => each.matches(exchange));
    if (rule) return `${title} rule ${rule.index + 1}`;
  }
  return undefined;
}
