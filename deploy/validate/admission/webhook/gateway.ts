// Gateway of networking.istio.io.
import type { Field } from "./field.ts";
import { addressOf } from "../go/ip.ts";
import {
  checkNamespacedHost,
  isDnsLabel,
  isHttp,
  isProtocol,
  isTls,
  protocolsText,
} from "./names.ts";
import { checkServerTls, isPassthrough } from "./tls.ts";
import { checkPort, isPort } from "./values.ts";

export function checkGateway(spec: Field, name: string): void {
  if (!isDnsLabel(name)) spec.refuse(`"${name}" is no name of a Gateway`, "write no full stop");
  const servers = spec.items("servers");
  if (servers.length === 0) spec.refuse("the Gateway has no servers", "add one");
  const names = new Set<string>();
  for (const server of servers) {
    checkServer(server);
    const port = server.at("port");
    if (!port.isSet) continue;
    const portName = port.at("name").text;
    if (names.has(portName))
      port.at("name").refuse(`"${portName}" is here twice`, "give each port its own name");
    names.add(portName);
  }
}

function checkServer(server: Field): void {
  const hosts = server.items("hosts");
  if (hosts.length === 0) server.refuse("the server has no hosts", 'add one, such as "*"');
  for (const host of hosts) checkNamespacedHost(host, true);
  const isPortGood = checkServerPort(server);
  checkBind(server);
  const tls = server.at("tls");
  checkServerTls(tls);
  if (!isPortGood) return;
  const protocol = server.at("port", "protocol").text;
  if (isTls(protocol) && !tls.isSet)
    server.refuse(`${protocol} needs tls`, "set tls with a mode and a credentialName");
  if (!tls.isSet || isTls(protocol)) return;
  const files = ["caCertificates", "privateKey", "serverCertificate"];
  const isRedirect =
    (isPassthrough(tls) || !tls.has("mode")) && files.every((name) => tls.at(name).text === "");
  if (!isHttp(protocol) || !isRedirect)
    tls.refuse(`${protocol} has no tls`, "write protocol: HTTPS, or remove tls");
}

/** True if the port is good. */
function checkServerPort(server: Field): boolean {
  const port = server.at("port");
  const protocol = port.at("protocol");
  if (!isProtocol(protocol.text))
    protocol.refuse(`"${protocol.text}" is no protocol`, `write one of ${protocolsText}`);
  const number = port.at("number");
  const isSocket = server.at("bind").text.startsWith("unix://");
  const isNumberGood = (number.number === 0 && isSocket) || isPort(number.number);
  if (!isNumberGood) checkPort(number);
  const target = port.at("targetPort");
  if (target.number > 0) target.refuse("a Gateway has no targetPort", "remove it");
  const name = port.at("name");
  if (name.text === "") name.refuse("the port has no name", "set name");
  return isProtocol(protocol.text) && isNumberGood && target.number === 0 && name.text !== "";
}

function checkBind(server: Field): void {
  const bind = server.at("bind");
  if (bind.text.startsWith("unix://")) {
    checkSocket(bind);
    if (server.at("port", "number").number !== 0)
      server.at("port", "number").refuse("a socket has no port", "write 0");
  } else if (bind.text !== "" && !addressOf(bind.text))
    bind.refuse(`"${bind.text}" is no IP address`);
}

/** `unix:///path/to/file` or `unix://@name`. */
export function checkSocket(field: Field, text = field.text): void {
  const path = text.slice("unix://".length);
  if (path.startsWith("@")) return;
  if (!path.startsWith("/") || path.endsWith("/"))
    field.refuse(`"${text}" is no socket`, "write unix:// and an absolute path, or @ and a name");
}
