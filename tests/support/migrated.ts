// A text of resources before and after migration, as two deciders: the models of the native
// resources, and the real modules with what stays native.
import { FilterDecider } from "../../deploy/compare/filters.ts";
import { stringify } from "yaml";
import { parsePolicy } from "../../deploy/core/policy-parser.ts";
import { parse } from "../../deploy/core/source.ts";
import type { Manifest } from "../../deploy/core/source.ts";
import { migrate } from "../../deploy/migrate/migrate.ts";
import type { Report } from "../../deploy/migrate/report.ts";
import { nativeDecider } from "../../deploy/native/decider.ts";
import { renderRoutes } from "../../deploy/render/routes.ts";
import type { Decider, Decision, NativeModel, NativeRequest } from "../../deploy/native/types.ts";

export interface BeforeAndAfter {
  old: Decider;
  next: Decider;
  documents: any[];
  report: Report;
  /** What the report says of fields, one text each: `changed spec.x: why`. */
  notes: string[];
  close(): void;
}

export function beforeAndAfter(text: string, models: readonly NativeModel[]): BeforeAndAfter {
  const { manifests, findings } = parse(text, "in.yaml");
  if (findings.length > 0) throw new Error(JSON.stringify(findings));
  const { documents, report } = migrate(manifests, "registry.example.com/gatehouse");
  const values = documents.map(({ value }) => value as any);
  const policies = values
    .filter(({ kind }) => kind === "Policy")
    .map((policy) => new Placed(policy));
  const rest = nativeDecider(models, [...staying(manifests, report), ...renderedRoutes(values)]);
  return {
    old: nativeDecider(models, manifests),
    next: { decide: (request) => decided(request, policies, rest) },
    documents: values,
    report,
    notes: report.entries.map(({ outcome, path, note }) => `${outcome} ${path.join(".")}: ${note}`),
    close: () => policies.forEach((policy) => policy.close()),
  };
}

/** Whole resources of which the report says that they stay. */
function staying(manifests: readonly Manifest[], report: Report): Manifest[] {
  return manifests.filter((manifest) =>
    report.entries.some(
      (entry) =>
        entry.manifest === manifest && entry.outcome === "kept" && entry.path.join() === "spec",
    ),
  );
}

/** The VirtualServices of the policies: they take the place of those that were read. */
function renderedRoutes(values: readonly any[]): Manifest[] {
  return values.flatMap((value) => {
    if (value.kind !== "Policy") return [];
    const { manifests } = parse(stringify(value), "policy.yaml");
    const { policy, findings } = parsePolicy(manifests[0]!);
    if (!policy) throw new Error(JSON.stringify(findings));
    const services = renderRoutes(policy).filter(({ kind }) => kind === "VirtualService");
    return services.flatMap((service) => parse(stringify(service), "rendered.yaml").manifests);
  });
}

function decided(request: NativeRequest, policies: readonly Placed[], rest: Decider): Decision {
  let now = request;
  for (const policy of policies) {
    if (!policy.isFor(request)) continue;
    const decision = policy.decide(now);
    if (decision.refusal) return decision;
    now = { ...now, headers: decision.headers!, path: decision.effects?.path ?? now.path };
  }
  return rest.decide(now);
}

/** A policy at its place: modules are started at the first request that meets them. */
class Placed {
  private readonly policy: any;
  private decider?: FilterDecider;

  constructor(policy: any) {
    this.policy = policy;
  }

  isFor({ workload, direction, destination }: NativeRequest): boolean {
    const { placement } = this.policy.spec;
    const { namespace } = this.policy.metadata;
    if (namespace !== "istio-system" && namespace !== workload.namespace) return false;
    if (placement.targetRefs) return placement.targetRefs[0].name === workload.gateway;
    const where = placement.gateway ?? placement.sidecar;
    const labels = Object.entries(where.selector ?? {});
    if (!labels.every(([name, label]) => workload.labels[name] === label)) return false;
    if (where.ports && !where.ports.includes(destination.port)) return false;
    const isBoth = placement.gateway || where.direction === "both" || workload.kind === "gateway";
    return isBoth || where.direction === direction;
  }

  decide(request: NativeRequest): Decision {
    this.decider ??= new FilterDecider(this.policy.spec, request.timeMillis);
    return this.decider.decide(request);
  }

  close(): void {
    this.decider?.close();
  }
}
