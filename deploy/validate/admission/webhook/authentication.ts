// RequestAuthentication and PeerAuthentication.
import { parseUrl } from "../go/url.ts";
import type { Field } from "./field.ts";
import { keySetProblem } from "./key-set.ts";
import { checkSelector, checkTargets } from "./selector.ts";
import { checkDuration } from "./values.ts";

export function checkRequestAuthentication(spec: Field): void {
  checkTargets(spec);
  for (const rule of spec.items("jwtRules")) checkRule(rule);
}

function checkRule(rule: Field): void {
  const uri = rule.firstSet("jwksUri", "jwks_uri");
  if (rule.at("issuer").text === "" && !uri?.text)
    rule.refuse("issuer and jwksUri are missing", "set one of them");
  const scheme = uri?.text ? parseUrl(uri.text)?.scheme : "https";
  if (scheme !== "http" && scheme !== "https") uri!.refuse("is no URL of HTTP", "write https://…");
  const keys = rule.at("jwks");
  if (keys.text !== "") keys.check(keySetProblem(keys.text));
  for (const name of ["audiences", "fromParams", "fromCookies"])
    for (const item of rule.items(name)) if (item.text === "") item.refuse("the text is empty");
  for (const header of rule.items("fromHeaders"))
    if (header.at("name").text === "") header.refuse("the header has no name", "set name");
  for (const output of rule.items("outputClaimToHeaders")) checkOutput(output);
  checkDuration(rule.at("timeout"));
}

function checkOutput(output: Field): void {
  const header = output.at("header").text;
  if (header === "" || output.at("claim").text === "")
    output.refuse("header and claim belong together", "set both");
  else if (!/^[-_A-Za-z0-9]+$/.test(header))
    output
      .at("header")
      .refuse(`"${header}" is no name of a header here`, "write letters, digits, - and _");
}

export function checkPeerAuthentication(spec: Field): void {
  const ports = spec.entries("portLevelMtls");
  const hasLabels = spec.at("selector").entries("matchLabels").length > 0;
  if (ports.length > 0 && !hasLabels)
    spec.at("portLevelMtls").refuse("ports go with a selector only", "set selector.matchLabels");
  for (const [port, field] of ports)
    if (!/^\d+$/.test(port) || Number(port) < 1 || Number(port) > 65_535)
      field.refuse(`"${port}" is no port`, "write 1 to 65535");
  checkSelector(spec);
}
