// Holds an observation against an expectation and says each difference in one line.
import type { Expectation, Observed, TextMatch } from "./cases.ts";

/** One line for each thing that is not as expected; none when all is. */
export function differences(observed: Observed, expected: Expectation): string[] {
  return [
    ...equal("status", observed.status, expected.status),
    ...headers("header", observed.headers, expected.headers, expected.absentHeaders),
    ...text("body", [observed.body], expected.body),
    ...equal("forwarded", observed.upstreamHeaders !== undefined, expected.forwarded),
    ...upstream(observed, expected),
    ...text("variant", present(observed.variant), expected.variant),
    ...text("limit", present(observed.limit), expected.limit),
    ...text("reason", present(observed.reason), expected.reason),
    ...claims(observed.claims, expected.claims),
    ...text("details", present(observed.details), expected.details),
    ...logLine(observed.log, expected.log),
    ...Object.entries(expected.metrics ?? {}).flatMap(([name, by]) =>
      equal(`metric ${name} grew by`, observed.metrics[name] ?? 0, by),
    ),
  ];
}

const present = (value: string | undefined): string[] => (value === undefined ? [] : [value]);

function equal(what: string, actual: unknown, expected: unknown): string[] {
  if (expected === undefined || actual === expected) return [];
  return [`${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`];
}

function upstream({ upstreamHeaders }: Observed, expected: Expectation): string[] {
  if (!expected.upstreamHeaders && !expected.upstreamAbsent) return [];
  if (!upstreamHeaders) return ["upstream: expected the request to reach it, it did not"];
  return headers(
    "upstream header",
    upstreamHeaders,
    expected.upstreamHeaders,
    expected.upstreamAbsent,
  );
}

function headers(
  what: string,
  actual: [string, string][],
  expected: Record<string, TextMatch> = {},
  absent: string[] = [],
): string[] {
  const valuesOf = (name: string) =>
    actual.filter(([each]) => each === name.toLowerCase()).map(([, value]) => value);
  return [
    ...Object.entries(expected).flatMap(([name, match]) =>
      text(`${what} ${name}`, valuesOf(name), match),
    ),
    ...absent.flatMap((name) => text(`${what} ${name}`, valuesOf(name), false)),
  ];
}

/**
 * `values` are all there are; one that matches is enough, except for a list, which is all of
 * them.
 */
function text(what: string, values: string[], match: TextMatch | undefined): string[] {
  if (match === undefined || matches(values, match)) return [];
  const got =
    values.length === 0 ? "nothing" : values.map((value) => JSON.stringify(value)).join(", ");
  return [`${what}: expected ${match === false ? "nothing" : JSON.stringify(match)}, got ${got}`];
}

function matches(values: string[], match: TextMatch): boolean {
  if (typeof match === "boolean") return match === values.length > 0;
  if (Array.isArray(match)) return JSON.stringify(match.map(String)) === JSON.stringify(values);
  if (typeof match !== "object") return values.includes(String(match));
  return values.some(
    (value) =>
      (match.exact === undefined || value === match.exact) &&
      (match.prefix === undefined || value.startsWith(match.prefix)) &&
      (match.suffix === undefined || value.endsWith(match.suffix)) &&
      (match.contains === undefined || value.includes(match.contains)) &&
      (match.regex === undefined || new RegExp(`^(?:${match.regex})$`, "su").test(value)),
  );
}

function claims(
  actual: string | undefined,
  expected: Record<string, unknown> | undefined,
): string[] {
  return expected === undefined ? [] : fields("claims", actual, expected);
}

const textMatchKinds = ["exact", "prefix", "suffix", "contains", "regex"];

function logLine(actual: string | undefined, expected: Expectation["log"]): string[] {
  const isObject = typeof expected === "object" && !Array.isArray(expected);
  if (!isObject || Object.keys(expected).every((key) => textMatchKinds.includes(key))) {
    return text("log", present(actual), expected as TextMatch | undefined);
  }
  return fields("log", actual, expected as Record<string, unknown>);
}

/**
 * Every expected field must be in the JSON object `actual` with this value; a text match may
 * stand for a text.
 */
function fields(
  what: string,
  actual: string | undefined,
  expected: Record<string, unknown>,
): string[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(actual ?? "");
  } catch {
    return [`${what}: expected a JSON object, got ${JSON.stringify(actual)}`];
  }
  const object = (parsed ?? {}) as Record<string, unknown>;
  return Object.entries(expected).flatMap(([name, value]) => {
    const isMatch =
      value !== null && typeof value === "object" && textMatchKinds.some((kind) => kind in value);
    if (isMatch)
      return text(
        `${what}.${name}`,
        present(object[name] as string | undefined),
        value as TextMatch,
      );
    return JSON.stringify(object[name]) === JSON.stringify(value)
      ? []
      : [`${what}.${name}: expected ${JSON.stringify(value)}, got ${JSON.stringify(object[name])}`];
  });
}
