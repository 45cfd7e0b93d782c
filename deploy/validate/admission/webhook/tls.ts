// TLS settings of a server (Gateway, Sidecar) and of a client (DestinationRule).
import type { Field } from "./field.ts";

export function isPassthrough(tls: Field): boolean {
  return /^(AUTO_)?PASSTHROUGH$/.test(tls.at("mode").text);
}

export function checkServerTls(tls: Field): void {
  if (!tls.isSet) return;
  const mode = tls.at("mode").text || "PASSTHROUGH";
  const given = (name: string) => tls.at(name).text !== "" || tls.items(name).length > 0;
  const sources = ["credentialName", "credentialNames", "tlsCertificates"].filter(given);
  if (mode === "ISTIO_MUTUAL") {
    for (const name of ["serverCertificate", "privateKey", "caCertificates", ...sources])
      if (given(name)) tls.at(name).refuse("ISTIO_MUTUAL brings its own certificates", "remove it");
    return;
  }
  if (given("serverCertificate") && given("privateKey")) sources.push("serverCertificate");
  if (sources.length > 1) tls.refuse(`${sources.join(" and ")} are set together`, "keep one");
  const isMutual = mode === "MUTUAL" || mode === "OPTIONAL_MUTUAL";
  const isTerminated = mode === "SIMPLE" || isMutual;
  if (isTerminated && (given("credentialName") || given("credentialNames"))) return;
  if (isMutual && !given("caCertificates"))
    tls.refuse(`${mode} needs the clients' CA`, "set credentialName or caCertificates");
  if (isTerminated) checkCertificates(tls);
  if (given("caCrl") && given("credentialName"))
    tls.at("caCrl").refuse("the list belongs into the credential", "remove caCrl");
  if (given("caCrl") && mode === "SIMPLE")
    tls.at("caCrl").refuse("SIMPLE asks for no client certificates", "remove caCrl");
}

function checkCertificates(tls: Field): void {
  const listed = tls.items("tlsCertificates");
  for (const pair of listed.length > 0 ? listed : [tls])
    for (const name of ["serverCertificate", "privateKey"])
      if (pair.at(name).text === "")
        pair.refuse(`TLS needs ${name}`, "set credentialName, or both files");
}

const configMap = "configmap://";

export function checkClientTls(tls: Field, namespace: string): void {
  if (!tls.isSet) return;
  const mode = tls.at("mode").text;
  const credential = tls.at("credentialName");
  const given = (name: string) => tls.at(name).text !== "";
  if (credential.text.startsWith(configMap)) {
    const [where = "", name = ""] = credential.text.slice(configMap.length).split("/");
    if (where !== namespace || name === "")
      credential.refuse(
        "names no ConfigMap of this namespace",
        `write ${configMap}${namespace}/NAME`,
      );
  }
  if (tls.at("insecureSkipVerify").isTrue) {
    const others = [
      ...(given("caCertificates") ? ["caCertificates"] : []),
      ...(mode === "SIMPLE" && given("credentialName") ? ["credentialName"] : []),
      ...(tls.items("subjectAltNames").length > 0 ? ["subjectAltNames"] : []),
    ];
    if ((mode === "SIMPLE" || mode === "MUTUAL") && others.length > 0)
      tls.refuse(`insecureSkipVerify and ${others[0]} are set together`, "remove one of them");
  }
  if ((mode === "SIMPLE" || mode === "MUTUAL") && credential.text !== "") {
    for (const name of ["clientCertificate", "caCertificates", "privateKey", "caCrl"])
      if (given(name)) tls.at(name).refuse("credentialName is set as well", "remove one of them");
    return;
  }
  if (mode !== "MUTUAL") return;
  for (const name of ["clientCertificate", "privateKey"])
    if (!given(name)) tls.refuse(`MUTUAL needs ${name}`, "set credentialName, or both files");
}
