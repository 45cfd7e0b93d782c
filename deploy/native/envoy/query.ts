// Query parameters as Envoy's QueryParamsMulti has them (source/common/http/utility.cc): `%`
// decoded, `+` kept, of several of one name the first.
import type { Message } from "./message.ts";
import { matchesString, readStringMatcher } from "./string-matcher.ts";
import type { StringMatcher } from "./string-matcher.ts";

/** The first value of each parameter. */
export function queryOf(path: string): Map<string, string> {
  const start = path.indexOf("?");
  const end = path.indexOf("#");
  const query = start < 0 ? "" : path.slice(start + 1, end < start ? undefined : end);
  const found = new Map<string, string>();
  for (const part of query.split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const name = decoded(equals < 0 ? part : part.slice(0, equals));
    if (!found.has(name)) found.set(name, equals < 0 ? "" : decoded(part.slice(equals + 1)));
  }
  return found;
}

/** Percent-decoding as Http::Utility::PercentEncoding: what is no escape stays. */
function decoded(text: string): string {
  if (!text.includes("%")) return text;
  const bytes = Buffer.from(text);
  const out: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const escape = bytes.subarray(at, at + 3).toString("latin1");
    if (/^%[0-9A-Fa-f]{2}$/.test(escape)) {
      out.push(Number.parseInt(escape.slice(1), 16));
      at += 2;
    } else out.push(bytes[at]!);
  }
  return Buffer.from(out).toString();
}

/** envoy.config.route.v3.QueryParameterMatcher. */
export interface QueryMatcher {
  name: string;
  /** Undefined: the parameter is there at all. */
  text?: StringMatcher;
  /** `present_match: false`. */
  absent: boolean;
}

export function readQueryMatcher(message: Message): QueryMatcher {
  const name = message.text("name");
  const kind = message.oneOf(["string_match", "present_match"]);
  const matcher: QueryMatcher = { name, absent: !message.flag("present_match", true) };
  if (kind === "string_match") matcher.text = readStringMatcher(message.message(kind)!);
  message.done();
  return matcher;
}

export function matchesQuery(matcher: QueryMatcher, query: ReadonlyMap<string, string>): boolean {
  const value = query.get(matcher.name);
  if (matcher.text) return value !== undefined && matchesString(matcher.text, value);
  return (value !== undefined) !== matcher.absent;
}
