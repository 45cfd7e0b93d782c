// Envoy names an inbound virtual host by the port of the Service; a plugin is placed by the port
// that the workload binds.
import type { Manifest } from "../../core/source.ts";
import { at, fieldsOf, mapsOf } from "../../core/value.ts";

/**
 * The workload's port behind a port of its Service; undefined if no Service that was read says so.
 */
export function targetPortOf(
  resources: readonly Manifest[],
  filter: Manifest,
  servicePort: number,
): number | undefined {
  const labels = fieldsOf(at(filter.value, "spec", "workloadSelector", "labels"));
  const found = new Set<unknown>();
  for (const { kind, group, namespace, value } of resources) {
    if (kind !== "Service" || group !== "" || namespace !== filter.namespace) continue;
    const selector = Object.entries(fieldsOf(at(value, "spec", "selector")));
    const isForWorkload =
      selector.length > 0 && selector.every(([name, label]) => labels[name] === label);
    if (!isForWorkload) continue;
    for (const entry of mapsOf(at(value, "spec", "ports")))
      if (entry.port === servicePort) found.add(entry.targetPort ?? servicePort);
  }
  const [only] = found;
  // A named port is resolved by each Pod; several Services may differ.
  return found.size === 1 && typeof only === "number" ? only : undefined;
}
