// Istio's matching language (exact, prefix, suffix, presence) as Envoy's matchers
// (pilot/pkg/security/authz/matcher, Istio 1.31).
import type { StringMatcher } from "../envoy/string-matcher.ts";
import { matchesString } from "../envoy/string-matcher.ts";

/** A condition on one text. */
export type Test = (text: string) => boolean;

export const anything: Test = (text) => /^.+$/.test(text);

/**
 * `value` with `prefix` in front, as for SPIFFE names; a wildcard alone is any text but an empty
 * one.
 */
export function stringTest(value: string, prefix = "", ignoreCase = false): Test {
  if (value === "*") return anything;
  if (value.startsWith("*") && prefix !== "")
    return regexTest(`${quoted(prefix)}.*${quoted(value.slice(1))}`);
  return testOf(matcherOf(value, prefix, ignoreCase));
}

function matcherOf(value: string, prefix: string, ignoreCase: boolean): StringMatcher {
  if (value.startsWith("*")) return { kind: "suffix", text: value.slice(1), ignoreCase };
  if (value.endsWith("*")) return { kind: "prefix", text: prefix + value.slice(0, -1), ignoreCase };
  return { kind: "exact", text: prefix + value, ignoreCase };
}

function testOf(matcher: StringMatcher): Test {
  return (text) => matchesString(matcher, text);
}

/** The whole text; as in RE2, `.` is no line end. */
export function regexTest(source: string): Test {
  const regex = new RegExp(`^(?:${source})$`);
  return (text) => regex.test(text);
}

/** Go's regexp.QuoteMeta. */
export function quoted(text: string): string {
  return text.replaceAll(/[\\.+*?()|[\]{}^$]/g, "\\$&");
}

/** `{*}` is one segment, `{**}` any number of them (envoy.path.match.uri_template). */
export function templateTest(template: string): Test {
  const segment = "[a-zA-Z0-9-._~%!$&'()+,;:@=]";
  const source = template
    .replaceAll("{*}", "*")
    .replaceAll("{**}", "**")
    .split(/(\*{1,2})/)
    .map((part) =>
      part === "*" ? `${segment}+` : part === "**" ? `${segment.slice(0, -1)}/]*` : quoted(part),
    );
  return regexTest(source.join(""));
}
