// A JSON Web Key Set as istiod reads it: what each key type needs (RFC 7518, section 6).
import { fieldsOf, isFields } from "../../../core/value.ts";
import type { Fields } from "../../../core/value.ts";

const needed: Record<string, { bytes: string[]; texts: string[] }> = {
  RSA: { bytes: ["n", "e"], texts: [] },
  EC: { bytes: ["x", "y"], texts: ["crv"] },
  OKP: { bytes: ["x"], texts: ["crv"] },
  oct: { bytes: ["k"], texts: [] },
};

export function keySetProblem(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "the key set is no JSON";
  }
  if (!isFields(value)) return "the key set is no JSON object";
  // A key by itself is read as a set of one.
  const keys = Object.hasOwn(value, "keys") ? value.keys : [value];
  if (keys === null) return undefined;
  if (!Array.isArray(keys)) return '"keys" of the key set is no list';
  for (const [index, key] of keys.entries()) {
    const problem = isFields(key) ? keyProblem(key) : "is no JSON object";
    if (problem) return `key ${index} of the key set ${problem}`;
  }
  return undefined;
}

function keyProblem(key: Fields): string | undefined {
  const parts = needed[String(key.kty)];
  if (!parts) return `has no kty that is known; write ${Object.keys(needed).join(", ")}`;
  for (const name of parts.texts) if (typeof key[name] !== "string") return `has no ${name}`;
  for (const name of parts.bytes) {
    const text = fieldsOf(key)[name];
    if (typeof text !== "string" || !/^[A-Za-z0-9_+/-]+={0,2}$/.test(text)) return `has no ${name}`;
  }
  for (const name of ["alg", "kid", "use"])
    if (key[name] !== undefined && typeof key[name] !== "string")
      return `has a ${name} that is no text`;
  return undefined;
}
