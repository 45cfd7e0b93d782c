// The attributes that a condition of an AuthorizationPolicy can ask for (`when[].key`).
import { addressOf, isPrefix } from "../go/ip.ts";

const plain = [
  ...["source.namespace", "source.principal", "connection.sni"],
  ...["request.auth.principal", "request.auth.audiences", "request.auth.presenter"],
];
const addresses = ["source.ip", "remote.ip", "destination.ip"];
/** A prefix is enough for istiod; the bracket is checked apart. */
const bracketed = ["request.headers", "request.auth.claims", "experimental.envoy.filters."];

const known = [
  ...plain,
  ...addresses,
  ...["source.serviceAccount", "source.trustDomain", "destination.port"],
  ...["request.headers[NAME]", "request.auth.claims[NAME]"],
];

/** What is wrong with a key and its values; no values are always right. */
export function conditionProblem(key: string, values: string[]): string | undefined {
  if (values.includes("")) return "an empty value matches nothing";
  if (bracketed.some((prefix) => key.startsWith(prefix)))
    return /^[^[]+\[.+\]$/s.test(key) ? undefined : `"${key}" has no name in brackets`;
  if (plain.includes(key)) return undefined;
  if (addresses.includes(key)) return firstProblem(values, addressProblem);
  if (key === "source.serviceAccount") return firstProblem(values, serviceAccountProblem);
  if (key === "source.trustDomain") return firstProblem(values, wildcardProblem);
  if (key === "destination.port") return firstProblem(values, portProblem);
  return `unknown key "${key}"; the keys are ${known.join(", ")}`;
}

function firstProblem(
  values: string[],
  problemOf: (value: string) => string | undefined,
): string | undefined {
  for (const value of values) {
    const problem = problemOf(value);
    if (problem) return problem;
  }
  return undefined;
}

/** An address, or a range of them. */
export function addressProblem(text: string): string | undefined {
  const isGood = text.includes("/") ? isPrefix(text) : addressOf(text) !== undefined;
  return isGood ? undefined : `"${text}" is no IP address and no CIDR`;
}

export function portProblem(text: string): string | undefined {
  return /^\d+$/.test(text) && Number(text) <= 65_535 ? undefined : `"${text}" is no port`;
}

/** `account`, or `namespace/account`. */
export function serviceAccountProblem(text: string): string | undefined {
  if (text.includes("*")) return "a service account has no wildcards";
  if (text.length > 320) return "a service account has at most 320 characters";
  const parts = text.split("/");
  return parts.length > 2 || parts.includes("")
    ? `"${text}" is no service account; write NAME or NAMESPACE/NAME`
    : undefined;
}

/** One `*`, at the start or at the end. */
export function wildcardProblem(text: string): string | undefined {
  const stars = text.split("*").length - 1;
  if (stars > 1) return `"${text}" has more than one *`;
  return stars === 1 && !text.startsWith("*") && !text.endsWith("*")
    ? `"${text}" has a * that is not at an end`
    : undefined;
}
