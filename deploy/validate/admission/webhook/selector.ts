// What a resource applies to: labels, references, and the namespaces that see it.
import type { Field } from "./field.ts";
import { isDnsLabel } from "./names.ts";

const targets = new Set([
  "/Service",
  "networking.istio.io/ServiceEntry",
  "gateway.networking.k8s.io/Gateway",
  "gateway.networking.k8s.io/GatewayClass",
]);

/** `selector`, `targetRef` or `targetRefs` of a policy. */
export function checkTargets(spec: Field): void {
  const references = spec.items("targetRefs");
  const given = [spec.has("selector"), spec.has("targetRef"), references.length > 0];
  if (given.filter(Boolean).length > 1)
    spec.refuse("selector and targetRefs are set together", "keep one of them");
  checkSelector(spec);
  if (spec.has("targetRef")) references.push(spec.at("targetRef"));
  references.forEach(checkReference);
}

function checkReference(reference: Field): void {
  if (reference.at("name").text === "") reference.refuse("the reference has no name", "set name");
  if (reference.at("namespace").text !== "")
    reference
      .at("namespace")
      .refuse("a reference into another namespace is not possible", "remove namespace");
  const group = reference.at("group").text;
  const kind = reference.at("kind").text;
  if (!targets.has(`${group === "core" ? "" : group}/${kind}`))
    reference.refuse(
      `a policy cannot refer to ${group || "core"}/${kind}`,
      "write a Gateway, a GatewayClass, a Service or a ServiceEntry",
    );
}

export function checkSelector(spec: Field): void {
  checkSelectorLabels(spec.at("selector"), "matchLabels");
}

export function checkWorkloadSelector(spec: Field, labels = "labels"): void {
  checkSelectorLabels(spec.at("workloadSelector"), labels);
}

function checkSelectorLabels(selector: Field, name: string): void {
  for (const [key, value] of selector.entries(name)) {
    if (key === "") value.refuse("the label's key is empty");
    if (key.includes("*") || value.text.includes("*"))
      value.refuse("a selector has no wildcards", "write the whole label");
  }
}

export interface Exported {
  namespace: string;
  /** A ServiceEntry may be exported to nobody. */
  mayBeNobody?: boolean;
  /** A DestinationRule for some workloads stays in its namespace. */
  isForWorkloads?: boolean;
}

export function checkExportTo(spec: Field, exported: Exported): void {
  const entries = spec.items("exportTo");
  if (entries.length === 0) return;
  const list = spec.at("exportTo");
  const seen = new Set<string>();
  for (const entry of entries) {
    const key = entry.text === "." ? exported.namespace : entry.text;
    if (seen.has(key)) {
      entry.refuse(`"${entry.text}" is here twice`);
      continue;
    }
    const isNobody = key === "~" && exported.mayBeNobody;
    if (isNobody || key === "*" || isDnsLabel(key)) seen.add(key);
    else entry.refuse(`"${entry.text}" is no namespace`, 'write a namespace, "." or "*"');
  }
  const isBeyond = seen.size > 1 || (seen.size === 1 && !seen.has(exported.namespace));
  if (exported.isForWorkloads && isBeyond)
    list.refuse("a rule with a workloadSelector stays in its namespace", 'write ["."]');
  if (seen.has("*") && entries.length > 1) list.refuse('"*" stands alone', "remove the others");
  if (seen.has("~") && entries.length > 1) list.refuse('"~" stands alone', "remove the others");
}
