// WorkloadEntry, WorkloadGroup, and the endpoints of a ServiceEntry, which have the same fields.
import type { Field } from "./field.ts";
import { checkSocket } from "./gateway.ts";
import { checkLabels, checkPortName, hostProblem, isAddress } from "./names.ts";
import { checkNotNegative, checkPort } from "./values.ts";

export function checkWorkloadEntry(spec: Field): void {
  checkEntry(spec);
}

/** `ports` has the names of the ServiceEntry's ports, if the entry is an endpoint of one. */
export function checkEntry(entry: Field, ports?: Set<string>): void {
  const address = entry.at("address");
  const isSocket = address.text.startsWith("unix://");
  if (address.text === "" && entry.at("network").text === "")
    return entry.refuse("address is missing", "set address");
  if (isSocket) {
    checkSocket(address);
    if (entry.entries("ports").length > 0) entry.at("ports").refuse("a socket has no ports");
    if (ports && ports.size !== 1) address.refuse("a socket serves one port", "leave one port");
  } else if (address.text !== "" && !isAddress(address.text)) {
    if (ports) address.refuse(`"${address.text}" is no IP address`);
    else if (hostProblem(address.text))
      address.refuse(`"${address.text}" is no host and no IP address`);
  }
  checkEntryPorts(entry, ports);
  checkLabels(entry, "labels");
}

export function checkEntryPorts(entry: Field, ports?: Set<string>): void {
  for (const [name, port] of entry.entries("ports")) {
    if (ports && !ports.has(name)) port.refuse(`the ServiceEntry has no port "${name}"`);
    checkPortName(port, name);
    checkPort(port);
  }
}

export function checkWorkloadGroup(spec: Field): void {
  if (!spec.has("template")) return spec.refuse("template is missing", "set template");
  checkLabels(spec.at("metadata"), "labels");
  const probe = spec.at("probe");
  if (probe.isSet) checkProbe(probe);
}

const probeTimes = ["periodSeconds", "initialDelaySeconds", "timeoutSeconds"];

function checkProbe(probe: Field): void {
  for (const name of [...probeTimes, "successThreshold", "failureThreshold"])
    checkNotNegative(probe.at(name));
  const http = probe.at("httpGet");
  const socket = probe.at("tcpSocket");
  if (!probe.firstSet("httpGet", "tcpSocket", "exec", "grpc"))
    probe.refuse("the probe asks nothing", "set httpGet, tcpSocket or exec");
  if (probe.has("grpc")) probe.at("grpc").refuse("Istio has no such probe");
  if (socket.isSet) checkPort(socket.at("port"));
  if (
    probe.has("exec") &&
    probe.items("exec").length + probe.at("exec").items("command").length === 0
  )
    probe.at("exec").refuse("command is missing", "set command");
  if (!http.isSet) return;
  checkPort(http.at("port"));
  if (!["", "HTTP", "HTTPS"].includes(http.at("scheme").text))
    http.at("scheme").refuse("is no scheme", "write HTTP or HTTPS");
  for (const header of http.items("httpHeaders"))
    if (!/^[-A-Za-z0-9]+$/.test(header.at("name").text))
      header.refuse(`"${header.at("name").text}" is no name of a header`);
}
