// Names of hosts, labels and ports, as istio.io/istio/pkg/config reads them. A check gives its
// complaint, or undefined.
import { addressOf, isPrefix } from "../go/ip.ts";
import type { Field } from "./field.ts";

const labelFormat = "[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?";
const dnsLabel = new RegExp(`^${labelFormat}$`);
const wildcardLabel = new RegExp(`^(?:\\*|(?:\\*|\\*-)?${labelFormat})$`);
const qualifiedName = "(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const tagKey = new RegExp(`^(${labelFormat}(?:\\.${labelFormat})*/)?(${qualifiedName})$`);
const tagValue = new RegExp(`^(?:${qualifiedName})?$`);

const labelCharactersMax = 63;
const hostCharactersMax = 255;
const prefixCharactersMax = 253;

export function isDnsLabel(text: string): boolean {
  return text.length <= labelCharactersMax && dnsLabel.test(text);
}

export function isAddress(text: string): boolean {
  return addressOf(text) !== undefined;
}

export function subnetProblem(text: string): string | undefined {
  const isGood = text.split("/").length === 2 ? isPrefix(text) : isAddress(text);
  return isGood ? undefined : `"${text}" is no IP address and no CIDR`;
}

/** A host without wildcards. */
export function hostProblem(host: string): string | undefined {
  return lengthProblem(host) ?? labelsProblem(host, host);
}

/** A host whose first label may be a wildcard. */
export function wildcardHostProblem(host: string): string | undefined {
  const problem = lengthProblem(host);
  if (problem) return problem;
  const dot = host.indexOf(".");
  const first = dot < 0 ? host : host.slice(0, dot);
  if (first.length > labelCharactersMax || !wildcardLabel.test(first))
    return `"${host}" is no host: its part "${first}" is no label`;
  return dot < 0 ? undefined : labelsProblem(host, host.slice(dot + 1));
}

function lengthProblem(host: string): string | undefined {
  if (host === "") return "the host is empty";
  return host.length > hostCharactersMax
    ? `the host has more than ${hostCharactersMax} characters`
    : undefined;
}

function labelsProblem(host: string, text: string): string | undefined {
  const labels = text.split(".");
  if (/^[+-]?\d+$/.test(labels.at(-1)!)) return `"${host}" is no host: its last part is a number`;
  for (const [index, label] of labels.entries()) {
    // A full stop at the end is fine.
    if (label === "" && index === labels.length - 1) return undefined;
    if (!isDnsLabel(label)) return `"${host}" is no host: its part "${label}" is no label`;
  }
  return undefined;
}

export function isWildcard(host: string): boolean {
  return host.startsWith("*");
}

/** True if both can mean the same host. */
export function hostsOverlap(a: string, b: string): boolean {
  if (!isWildcard(a)) return isWildcard(b) ? a.endsWith(b.slice(1)) : a === b;
  if (!isWildcard(b)) return b.endsWith(a.slice(1));
  return a.length < b.length ? b.slice(1).endsWith(a.slice(1)) : a.slice(1).endsWith(b.slice(1));
}

/** True if every host of `a` is one of `b`. */
export function isWithin(a: string, b: string): boolean {
  if (!isWildcard(a)) return isWildcard(b) ? a.endsWith(b.slice(1)) : a === b;
  return isWildcard(b) && a.length >= b.length && a.slice(1).endsWith(b.slice(1));
}

/** `a*.example.com` and the like: neither a host nor a wildcard for all below one. */
export function partialWildcardProblem(host: string): string | undefined {
  return host.includes("*") && host.length !== 1 && !host.startsWith("*.")
    ? `"${host}" has a wildcard for a part of a label`
    : undefined;
}

export function checkLabels(field: Field, name: string): void {
  for (const [key, value] of field.entries(name)) {
    const [, prefix = "", own = ""] = tagKey.exec(key) ?? [];
    if (own === "" || prefix.length - 1 > prefixCharactersMax || own.length > labelCharactersMax)
      value.refuse(`"${key}" is no label's key`);
    if (!tagValue.test(value.text)) value.refuse(`"${value.text}" is no label's value`);
  }
}

/** `namespace/name`, or the host name of a gateway of old. */
export function checkGatewayNames(gateways: Field[]): void {
  for (const gateway of gateways) {
    const slash = gateway.text.indexOf("/");
    if (slash < 0) {
      // Istio stops at the first of these.
      gateway.check(hostProblem(gateway.text), "write namespace/name, or mesh");
      return;
    }
    const [namespace, name] = [gateway.text.slice(0, slash), gateway.text.slice(slash + 1)];
    if (!isDnsLabel(namespace) || !isDnsLabel(name))
      gateway.refuse(`"${gateway.text}" names no gateway`, "write namespace/name, or mesh");
  }
}

/** `namespace/host` of a Gateway's server or of a Sidecar's egress. */
export function checkNamespacedHost(field: Field, isGateway: boolean): void {
  const slash = field.text.indexOf("/");
  if (slash < 0) {
    if (isGateway) checkListedHost(field, field.text, true);
    else field.refuse("has no namespace", 'write "namespace/host", such as "./*"');
    return;
  }
  const [namespace, host] = [field.text.slice(0, slash), field.text.slice(slash + 1)];
  if (namespace === "" || host === "") field.refuse("the namespace or the host is empty");
  const bare = isGateway ? namespace : namespace.replace(/^~/, "");
  const isPlain = bare === "*" || bare === "." || (!isGateway && bare === "");
  if (!isPlain && !isDnsLabel(bare)) field.refuse(`"${namespace}" is no namespace`);
  checkListedHost(field, host, isGateway);
}

function checkListedHost(field: Field, host: string, isGateway: boolean): void {
  if (host !== "*" && !host.includes("."))
    field.refuse(`"${host}" is a short name`, "write the whole host name");
  const problem = wildcardHostProblem(host);
  if (problem && !(isGateway && isAddress(host))) field.refuse(problem);
  field.check(partialWildcardProblem(host));
}

const protocols = new Set([
  ...["tcp", "udp", "grpc", "grpc-web", "http", "http_proxy"],
  ...["http2", "https", "tls", "mongo", "redis", "mysql"],
]);

export function isProtocol(text: string): boolean {
  return protocols.has(text.toLowerCase());
}

export function isHttp(protocol: string): boolean {
  return /^(http|http2|http_proxy|grpc|grpc-web)$/i.test(protocol);
}

export function isTls(protocol: string): boolean {
  return /^(https|tls)$/i.test(protocol);
}

export const protocolsText = "HTTP, HTTP2, HTTPS, GRPC, GRPC-WEB, TLS, TCP, MONGO, REDIS, MYSQL";

export function checkProtocol(port: Field): void {
  const { text } = port.at("protocol");
  if (text !== "" && !isProtocol(text))
    port.at("protocol").refuse(`"${text}" is no protocol`, `write one of ${protocolsText}`);
}

export function checkPortName(field: Field, name: string): void {
  if (!isDnsLabel(name)) field.refuse(`"${name}" is no port's name`, "write letters, digits and -");
}
