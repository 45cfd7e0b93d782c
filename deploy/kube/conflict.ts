// Who else claims what we would change: other field managers, as the API server's Status object
// names them, and other policies, by the labels of a live resource.
import type { Resource } from "../core/resource.ts";

import { at, mapsOf } from "../core/value.ts";

export interface Conflict {
  manager: string;
  /** As the API server writes it: `.spec.priority`. */
  field: string;
}

/** The conflicts in a 409; none if it is another kind of conflict. */
export function conflictsIn(body: unknown): Conflict[] {
  let status = body;
  if (typeof body === "string") {
    try {
      status = JSON.parse(body);
    } catch {
      return [];
    }
  }
  return mapsOf(at(status, "details", "causes"))
    .filter(({ reason }) => reason === "FieldManagerConflict")
    .map(({ message, field }) => ({
      manager: /conflict with "([^"]+)"/.exec(String(message))?.[1] ?? "another manager",
      field: String(field),
    }));
}

/**
 * The policy that a live resource belongs to, if it is not the one that the wanted resource
 * belongs to.
 */
export function otherPolicyOf(live: Resource | undefined, wanted: Resource): string | undefined {
  const owner = policyIn(live);
  return owner && owner !== policyIn(wanted) ? owner : undefined;
}

function policyIn(resource: Resource | undefined): string | undefined {
  const labels = resource?.metadata?.labels ?? {};
  const name = labels["gatehouse.dev/policy"];
  return name && `${labels["gatehouse.dev/policy-namespace"]}/${name}`;
}

/** Everything that stands in the way of one resource, a line each. */
export function conflictLines(
  title: string,
  conflicts: Conflict[],
  otherPolicy?: string,
): string[] {
  const owners = otherPolicy ? [`  ${title} belongs to policy ${otherPolicy}`] : [];
  return [
    ...owners,
    ...conflicts.map(({ manager, field }) => `  ${title} ${field} is owned by ${manager}`),
  ];
}
