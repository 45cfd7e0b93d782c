// Numbers, durations and headers, as istiod's webhook bounds them.
import { durationNanos } from "../go/duration.ts";
import type { Field } from "./field.ts";
import { headerValueProblem } from "./header-value.ts";

const millisecond = 1_000_000n;

export function checkPort(field: Field): void {
  if (!isPort(field.number)) field.refuse(`port ${field.number} is none`, "write 1 to 65535");
}

export function isPort(number: number): boolean {
  return number >= 1 && number <= 65_535;
}

/** A duration of at least one millisecond, in whole ones. */
export function checkDuration(field: Field): void {
  if (!field.isSet) return;
  const nanos = durationNanos(field.text);
  if (nanos === undefined) notDuration(field);
  else if (nanos < millisecond) field.refuse("is shorter than 1ms", "write at least 1ms");
  else if (nanos % millisecond !== 0n)
    field.refuse("is finer than 1ms", "write whole milliseconds");
}

/** Any duration, zero and less too. */
export function checkAnyDuration(field: Field): void {
  if (field.isSet && durationNanos(field.text) === undefined) notDuration(field);
}

function notDuration(field: Field): void {
  field.refuse(`"${field.text}" is no duration`, "write a number with ms, s, m or h, such as 1.5s");
}

export function checkNotNegative(...fields: Field[]): void {
  for (const field of fields) if (field.number < 0) field.refuse("is negative", "write 0 or more");
}

export function checkPercent(field: Field): void {
  if (field.number < 0 || field.number > 100) field.refuse("is no percentage", "write 0 to 100");
}

export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

const token = /^[!#$%&'*+\-.^_`|~A-Za-z0-9]+$/;

export function isHeaderName(name: string): boolean {
  return token.test(name);
}

/** The name of a header that routes look at, or of a claim: `@request.auth.claims.role`. */
export function isHeaderOrClaim(name: string): boolean {
  const pseudo = [":method", ":scheme", ":authority", ":path", ":status"];
  return isRoutingClaim(name) || pseudo.includes(name) || isHeaderName(name);
}

export function isRoutingClaim(name: string): boolean {
  return /^@request\.auth\.claims(\..|\[.+\]$)/is.test(name);
}

/** `headers` of a route or of a destination: what is added, set and removed. */
export function checkHeaderOperations(holder: Field): void {
  for (const side of ["request", "response"]) {
    const operations = holder.at("headers", side);
    for (const kind of ["add", "set"])
      for (const [name, value] of operations.entries(kind)) {
        const isHost = side === "request" && isAuthority(name);
        if (!isHost) checkOperationName(value, name);
        value.check(headerValueProblem(value.text));
      }
    for (const name of operations.items("remove")) checkOperationName(name, name.text);
  }
}

export function isAuthority(name: string): boolean {
  return /^(:authority|host)$/i.test(name);
}

function checkOperationName(field: Field, name: string): void {
  if (name === "") field.refuse("the header's name is empty");
  else if (name.startsWith(":") || /^host$/i.test(name))
    field.refuse(`the header ${name} cannot be changed here`);
}
