// Sidecar: what a proxy listens to and what it sees.
import { checkConnectionPool } from "./connection-pool.ts";
import { checkDestination } from "./destination.ts";
import type { Field } from "./field.ts";
import { checkSocket } from "./gateway.ts";
import {
  checkNamespacedHost,
  checkPortName,
  checkProtocol,
  hostProblem,
  isAddress,
  isTls,
} from "./names.ts";
import { checkWorkloadSelector } from "./selector.ts";
import { checkServerTls } from "./tls.ts";
import { checkPort, isPort } from "./values.ts";

export function checkSidecar(spec: Field): void {
  checkWorkloadSelector(spec);
  const ingress = spec.items("ingress");
  const egress = spec.items("egress");
  const settings = spec.firstSet("outboundTrafficPolicy", "inboundConnectionPool");
  if (ingress.length + egress.length === 0 && !settings)
    return spec.refuse("nothing is set", "set egress or ingress");
  const ports = new Set<number>();
  for (const listener of ingress) checkIngress(listener, ports);
  checkConnectionPool(spec.at("inboundConnectionPool"));
  checkEgress(egress);
  checkOutbound(spec.at("outboundTrafficPolicy"));
}

function checkIngress(listener: Field, ports: Set<number>): void {
  const port = listener.at("port");
  if (!port.isSet) return listener.refuse("port is missing", "set port");
  checkTarget(port);
  if (port.at("name").text !== "") checkPortName(port.at("name"), port.at("name").text);
  checkProtocol(port);
  checkPort(port.at("number"));
  checkBind(listener);
  checkUnique(port, ports);
  checkDefaultEndpoint(listener.at("defaultEndpoint"));
  const tls = listener.at("tls");
  if (tls.isSet) checkIngressTls(tls, port.at("protocol").text);
  checkConnectionPool(listener.at("connectionPool"));
}

function checkTarget(port: Field): void {
  if (port.at("targetPort").number > 0)
    port.at("targetPort").refuse("a Sidecar has no targetPort", "remove it");
}

function checkBind(listener: Field): void {
  const bind = listener.at("bind");
  if (bind.text !== "" && !isAddress(bind.text)) bind.refuse(`"${bind.text}" is no IP address`);
}

function checkUnique(port: Field, ports: Set<number>): void {
  const { number } = port.at("number");
  if (ports.has(number)) port.at("number").refuse(`port ${number} is here twice`);
  ports.add(number);
}

function checkDefaultEndpoint(endpoint: Field): void {
  const { text } = endpoint;
  if (text === "") return;
  if (text.startsWith("unix://")) return checkSocket(endpoint);
  const [, host, port] = /^(127\.0\.0\.1|0\.0\.0\.0|\[::1\]|\[::\]|):([+-]?\d+)$/.exec(text) ?? [];
  if (host === undefined || !isPort(Number(port)))
    endpoint.refuse(
      `"${text}" is no endpoint here`,
      "write 127.0.0.1:PORT, [::1]:PORT or unix://…",
    );
}

function checkIngressTls(tls: Field, protocol: string): void {
  if (tls.items("subjectAltNames").length > 0)
    tls.at("subjectAltNames").refuse("a Sidecar has none", "remove it");
  if (tls.at("httpsRedirect").isTrue) tls.at("httpsRedirect").refuse("a Sidecar has none");
  if (tls.at("credentialName").text !== "") tls.at("credentialName").refuse("a Sidecar has none");
  for (const name of ["credentialNames", "tlsCertificates"])
    if (tls.items(name).length > 0) tls.at(name).refuse("a Sidecar has none");
  if (["ISTIO_MUTUAL", "AUTO_PASSTHROUGH"].includes(tls.at("mode").text))
    tls.at("mode").refuse("is no mode of a Sidecar", "write SIMPLE, MUTUAL or PASSTHROUGH");
  if (!isTls(protocol)) tls.refuse(`${protocol} has no tls`, "write protocol: HTTPS or TLS");
  checkServerTls(tls);
}

function checkEgress(egress: Field[]): void {
  const ports = new Set<number>();
  const sockets = new Set<string>();
  egress.forEach((listener, index) => {
    const port = listener.at("port");
    const isLast = index === egress.length - 1;
    if (!port.isSet && !isLast)
      listener.refuse("only the last listener may have no port", "set port, or put it last");
    if (port.isSet) checkEgressPort(listener, ports, sockets);
    const hosts = listener.items("hosts");
    if (hosts.length === 0) listener.refuse("the listener has no hosts", 'add one, such as "./*"');
    for (const host of hosts) checkNamespacedHost(host, false);
  });
}

function checkEgressPort(listener: Field, ports: Set<number>, sockets: Set<string>): void {
  const port = listener.at("port");
  checkTarget(port);
  if (port.at("name").text !== "") checkPortName(port.at("name"), port.at("name").text);
  checkProtocol(port);
  const number = port.at("number");
  const bind = listener.at("bind");
  if (number.number !== 0) {
    checkPort(number);
    checkBind(listener);
    return checkUnique(port, ports);
  }
  if (bind.text.startsWith("unix://")) checkSocket(bind);
  else number.refuse("port 0 is for sockets", "write a port, or bind: unix://…");
  if (!["", "DEFAULT", "NONE"].includes(listener.at("captureMode").text))
    listener.at("captureMode").refuse("a socket captures nothing", "write DEFAULT or NONE");
  if (sockets.has(bind.text)) bind.refuse(`"${bind.text}" is here twice`);
  sockets.add(bind.text);
}

function checkOutbound(policy: Field): void {
  const mode = policy.at("mode");
  if (mode.text === "ALLOW_ANY_DYNAMIC_DNS")
    return mode.refuse("is for the mesh's configuration", "write ALLOW_ANY or REGISTRY_ONLY");
  const proxy = policy.at("egressProxy");
  if (!proxy.isSet) return;
  if (mode.text !== "ALLOW_ANY")
    return proxy.refuse("goes with mode ALLOW_ANY only", "write mode: ALLOW_ANY");
  proxy.at("host").check(hostProblem(proxy.at("host").text));
  if (!proxy.has("port")) return proxy.refuse("port is missing", "set port.number");
  checkDestination(proxy);
}
