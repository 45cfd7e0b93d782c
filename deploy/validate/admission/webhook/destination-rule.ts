// DestinationRule: traffic policies and subsets.
import { addressOf } from "../go/ip.ts";
import { checkConnectionPool } from "./connection-pool.ts";
import type { Field } from "./field.ts";
import { checkLoadBalancer } from "./load-balancer.ts";
import { checkLabels, hostProblem, isDnsLabel, wildcardHostProblem } from "./names.ts";
import { checkExportTo, checkWorkloadSelector } from "./selector.ts";
import { checkClientTls } from "./tls.ts";
import { checkAnyDuration, checkDuration, checkPercent, checkPort } from "./values.ts";

export function checkDestinationRule(spec: Field, _name: string, namespace: string): void {
  spec.at("host").check(wildcardHostProblem(spec.at("host").text));
  checkTrafficPolicy(spec.at("trafficPolicy"), namespace);
  const names = new Set<string>();
  for (const subset of spec.items("subsets")) {
    const { text } = subset.at("name");
    if (names.has(text)) subset.at("name").refuse(`"${text}" is here twice`);
    names.add(text);
    checkSubsetName(subset.at("name"));
    checkLabels(subset, "labels");
    checkTrafficPolicy(subset.at("trafficPolicy"), namespace);
  }
  checkExportTo(spec, { namespace, isForWorkloads: spec.has("workloadSelector") });
  checkWorkloadSelector(spec, "matchLabels");
}

export function checkSubsetName(field: Field): void {
  if (!isDnsLabel(field.text))
    field.refuse(`"${field.text}" is no name of a subset`, "write letters, digits and -");
}

const parts = [
  ...["outlierDetection", "connectionPool", "loadBalancer", "tls"],
  ...["portLevelSettings", "tunnel", "proxyProtocol", "retryBudget"],
];

function checkTrafficPolicy(policy: Field, namespace: string): void {
  if (!policy.isSet) return;
  const hasPorts = policy.items("portLevelSettings").length > 0;
  if (!parts.some((name) => (name === "portLevelSettings" ? hasPorts : policy.has(name))))
    return policy.refuse("nothing is set", `set one of ${parts.join(", ")}`);
  if (policy.has("tunnel") && policy.has("proxyProtocol"))
    return policy.at("tunnel").refuse("proxyProtocol is set as well", "remove one of them");
  checkCommon(policy, namespace);
  for (const port of policy.items("portLevelSettings")) {
    if (!port.has("port")) port.refuse("port is missing", "set port.number");
    if (!parts.slice(0, 4).some((name) => port.has(name)))
      port.refuse("nothing is set", `set one of ${parts.slice(0, 4).join(", ")}`);
    else checkCommon(port, namespace);
  }
  checkTunnel(policy.at("tunnel"));
  checkAnyDuration(policy.at("retryBudget", "budgetInterval"));
}

function checkCommon(policy: Field, namespace: string): void {
  checkOutlierDetection(policy.at("outlierDetection"));
  checkConnectionPool(policy.at("connectionPool"));
  checkLoadBalancer(policy.at("loadBalancer"));
  checkClientTls(policy.at("tls"), namespace);
}

function checkOutlierDetection(outlier: Field): void {
  if (!outlier.isSet) return;
  checkDuration(outlier.at("baseEjectionTime"));
  checkDuration(outlier.at("interval"));
  const local = outlier.at("consecutiveLocalOriginFailures");
  if (local.number > 0 && !outlier.at("splitExternalLocalOriginErrors").isTrue)
    local.refuse("it counts nothing", "set splitExternalLocalOriginErrors: true");
  checkPercent(outlier.at("maxEjectionPercent"));
  checkPercent(outlier.at("minHealthPercent"));
}

function checkTunnel(tunnel: Field): void {
  if (!tunnel.isSet) return;
  const protocol = tunnel.at("protocol");
  if (!["", "CONNECT", "POST"].includes(protocol.text))
    protocol.refuse(`"${protocol.text}" is no protocol of a tunnel`, "write CONNECT or POST");
  const host = tunnel.at("targetHost");
  if (hostProblem(host.text) && !addressOf(host.text))
    host.refuse(`"${host.text}" is no host and no IP address`);
  checkPort(tunnel.at("targetPort"));
}
