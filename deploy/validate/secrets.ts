// Secrets that were pasted into a file. Everybody who may read the resource reads them; the
// proxy's environment is better.
import type { Finding } from "../core/problem.ts";
import { pathText } from "../core/source.ts";
import { at, isFields, mapsOf } from "../core/value.ts";
import type { Plugin } from "./plugin.ts";

/** Keys whose string value is a secret wherever they stand. */
const secretKeys = new Set(["secret", "clientSecret", "password", "hashKey", "privateKey"]);
/**
 * Private members of a JWK (RFC 7518 section 6): with one of them the key set could sign, not
 * only verify.
 */
const privateMembers = ["d", "p", "q", "dp", "dq", "qi", "k"];

/** One warning per secret in a plugin's configuration or environment. Never shows the value. */
export function checkSecrets(plugin: Plugin): Finding[] {
  const findings: Finding[] = [];
  const warn = (path: (string | number)[], what: string, right: string) =>
    findings.push({
      severity: "warning",
      rule: "secret",
      place: plugin.configPlace(path),
      what,
      why: "whoever may read the resource reads it",
      right,
    });
  const walk = (value: unknown, path: (string | number)[]): void => {
    if (Array.isArray(value)) return value.forEach((item, at) => walk(item, [...path, at]));
    if (!isFields(value)) return;
    for (const [key, inner] of Object.entries(value)) {
      if (key === "value" && isHeaderSecret(value)) {
        const what = `${pathText([...path, key])} is a secret in the open`;
        const right =
          "write valueFromEnv: NAME and give NAME to the proxy (vmConfig.env, valueFrom: HOST)";
        warn([...path, key], what, right);
      } else if (typeof inner === "string" && secretKeys.has(key) && inner !== "") {
        warn(
          [...path, key],
          `${pathText([...path, key])} is a secret in the open`,
          `write ${key}FromEnv: NAME and give NAME to the proxy (vmConfig.env, valueFrom: HOST)`,
        );
      } else if (key === "jwks") checkKeys(inner, [...path, key], warn);
      else walk(inner, [...path, key]);
    }
  };
  walk(plugin.config, []);
  findings.push(...checkEnvironment(plugin));
  return findings;
}

/** A header of a sink's requests whose name says that its value is a credential. */
function isHeaderSecret(header: Record<string, unknown>): boolean {
  const { name, value } = header;
  if (typeof name !== "string" || typeof value !== "string" || value === "") return false;
  // Access-Control-Allow-Credentials says whether there may be some; it holds none.
  if (/^access-control-/i.test(name)) return false;
  return /authorization|token|secret|passw|credential|(^|[-_])(key|auth|cookie)$/i.test(name);
}

function checkKeys(
  jwks: unknown,
  path: (string | number)[],
  warn: (path: (string | number)[], what: string, right: string) => void,
): void {
  let set = jwks;
  if (typeof jwks === "string") {
    try {
      set = JSON.parse(jwks);
    } catch {
      return; // the filter's own parser says what is wrong with it
    }
  }
  const found = mapsOf(at(set, "keys")).flatMap((key) =>
    privateMembers.filter((member) => typeof key[member] === "string" && key.kty),
  );
  if (found.length === 0) return;
  const right = found.includes("k")
    ? "write secretFromEnv: NAME instead, and give NAME to the proxy (vmConfig.env, valueFrom: HOST)"
    : "leave only the public members of the keys";
  warn(path, `${pathText(path)} holds private keys (${[...new Set(found)].join(", ")})`, right);
}

function checkEnvironment(plugin: Plugin): Finding[] {
  return plugin.env
    .filter(({ value, valueFrom }) => valueFrom !== "HOST" && value)
    .map(({ name }) => ({
      severity: "warning",
      rule: "secret",
      place: plugin.policy ? plugin.manifest.place(["spec", "env"]) : plugin.fieldPlace("vmConfig"),
      what: `the value of ${name} is in the open`,
      why: "whoever may read the resource reads it",
      right: "write valueFrom: HOST and give it to the proxy by its own environment",
    }));
}
