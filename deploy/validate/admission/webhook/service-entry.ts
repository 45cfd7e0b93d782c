// ServiceEntry.
import type { Field } from "./field.ts";
import {
  checkLabels,
  checkPortName,
  checkProtocol,
  hostProblem,
  isAddress,
  isHttp,
  isTls,
  isWildcard,
  subnetProblem,
  wildcardHostProblem,
} from "./names.ts";
import { checkExportTo, checkWorkloadSelector } from "./selector.ts";
import { checkPort } from "./values.ts";
import { checkEntry, checkEntryPorts } from "./workload.ts";

export function checkServiceEntry(spec: Field, _name: string, namespace: string): void {
  checkWorkloadSelector(spec);
  const endpoints = spec.items("endpoints");
  if (spec.has("workloadSelector") && endpoints.length > 0)
    spec.at("endpoints").refuse("workloadSelector is set as well", "remove one of them");
  const hosts = spec.items("hosts");
  if (hosts.length === 0) spec.refuse("it has no hosts", "add one");
  for (const host of hosts) {
    if (host.text === "*") host.refuse('"*" is no host of a ServiceEntry', "write the hosts");
    else host.check(wildcardHostProblem(host.text));
  }
  const resolution = spec.at("resolution").text || "NONE";
  for (const address of spec.items("addresses")) {
    address.check(subnetProblem(address.text));
    if (address.text.includes("/") && resolution !== "NONE" && resolution !== "STATIC")
      address.refuse(`a CIDR does not go with ${resolution}`, "write STATIC or NONE");
  }
  const ports = checkPorts(spec);
  byResolution[resolution]?.(spec, ports);
  if (resolution !== "NONE" && hosts.length > 1) {
    const plain = spec.items("ports").find((port) => !isDistinct(port.at("protocol").text));
    plain?.refuse("connections to several hosts cannot be told apart", "write one host, or HTTP");
  }
  checkExportTo(spec, { namespace, mayBeNobody: true });
}

function isDistinct(protocol: string): boolean {
  return isHttp(protocol) || isTls(protocol);
}

/** The names of its ports. */
function checkPorts(spec: Field): Set<string> {
  const names = new Set<string>();
  const numbers = new Set<number>();
  for (const port of spec.items("ports")) {
    const name = port.at("name").text;
    const { number } = port.at("number");
    if (names.has(name)) port.at("name").refuse(`"${name}" is here twice`);
    if (numbers.has(number)) port.at("number").refuse(`port ${number} is here twice`);
    names.add(name);
    numbers.add(number);
    if (port.at("targetPort").number !== 0) checkPort(port.at("targetPort"));
    checkPortName(port.at("name"), name);
    checkProtocol(port);
    checkPort(port.at("number"));
  }
  return names;
}

type Check = (spec: Field, ports: Set<string>) => void;

const byResolution: Record<string, Check> = {
  NONE: (spec) => {
    if (spec.items("endpoints").length > 0)
      spec.at("endpoints").refuse("resolution NONE has none", "write resolution: STATIC or DNS");
  },
  STATIC: (spec, ports) => {
    for (const endpoint of spec.items("endpoints")) checkEntry(endpoint, ports);
  },
  DNS: checkDns,
  DNS_ROUND_ROBIN: (spec, ports) => {
    if (spec.items("endpoints").length > 1)
      spec.at("endpoints").refuse("DNS_ROUND_ROBIN has one endpoint", "write DNS, or leave one");
    checkDns(spec, ports);
  },
  DYNAMIC_DNS: checkDynamicDns,
};

function checkDns(spec: Field, ports: Set<string>): void {
  const endpoints = spec.items("endpoints");
  if (endpoints.length === 0)
    for (const host of spec.items("hosts"))
      if (hostProblem(host.text)) {
        host.refuse(
          `"${host.text}" cannot be resolved`,
          "write a host without *, or add endpoints",
        );
        break;
      }
  for (const endpoint of endpoints) {
    const address = endpoint.at("address");
    if (!isAddress(address.text) && hostProblem(address.text))
      address.refuse(`"${address.text}" is no host and no IP address`);
    checkLabels(endpoint, "labels");
    checkEntryPorts(endpoint, ports);
  }
}

const dynamicProtocols = /^(HTTP|HTTP2|GRPC|TLS)$/i;

function checkDynamicDns(spec: Field): void {
  for (const host of spec.items("hosts"))
    if (!isWildcard(host.text)) host.refuse("DYNAMIC_DNS is for wildcards", 'write "*.…"');
  for (const name of ["addresses", "endpoints"])
    if (spec.items(name).length > 0)
      spec.at(name).refuse("DYNAMIC_DNS takes the address from the host", "remove it");
  for (const port of spec.items("ports"))
    if (!dynamicProtocols.test(port.at("protocol").text))
      port.at("protocol").refuse("does not go with DYNAMIC_DNS", "write HTTP, HTTP2, GRPC or TLS");
}
