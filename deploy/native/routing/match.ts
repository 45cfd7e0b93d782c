// HTTPMatchRequest as istiod translates it for Envoy (istio/istio
// pilot/pkg/networking/core/route/route.go).
import { matchesHeader } from "../envoy/header-matcher.ts";
import type { HeaderMatcher } from "../envoy/header-matcher.ts";
import type { Lookup } from "../envoy/headers.ts";
import { Message } from "../envoy/message.ts";
import { matchesQuery } from "../envoy/query.ts";
import type { QueryMatcher } from "../envoy/query.ts";
import { wholeMatch } from "../envoy/regex.ts";
import { matchesString } from "../envoy/string-matcher.ts";
import type { StringMatcher } from "../envoy/string-matcher.ts";

/** What chooses among proxies: istiod leaves the route out for others. */
export interface SourceMatch {
  port?: number;
  gateways: string[];
  labels: Record<string, string>;
  namespace?: string;
}

/** What chooses among requests. All of it must hold. */
export interface RequestMatch {
  /** Undefined: any path. */
  path?: StringMatcher;
  headers: HeaderMatcher[];
  query: QueryMatcher[];
}

export interface RouteMatch {
  source: SourceMatch;
  request: RequestMatch;
}

/** The match of a rule without any. */
export const everything: RouteMatch = {
  source: { gateways: [], labels: {} },
  request: { headers: [], query: [] },
};

const pseudoFields = { method: ":method", authority: ":authority", scheme: ":scheme" } as const;

/** Throws Unmodelled for what the model cannot decide: claims, expressions that are not RE2's. */
export function readMatch(message: Message): RouteMatch {
  for (const name of ["name", "statPrefix"]) message.get(name);
  const source: SourceMatch = {
    port: message.whole("port") || undefined,
    gateways: textsAt(message, "gateways"),
    labels: Object.fromEntries(entriesAt(message, "sourceLabels").map(([k, v]) => [k, String(v)])),
    namespace: message.text("sourceNamespace") || undefined,
  };
  const headers = [
    ...entriesAt(message, "headers").map(([name, value]) => readHeader(message, name, value)),
    ...entriesAt(message, "withoutHeaders").map(([name, value]) =>
      without(readHeader(message, name, value)),
    ),
  ];
  for (const [field, name] of Object.entries(pseudoFields))
    if (message.has(field)) headers.push(readHeader(message, name, message.get(field)));
  const request: RequestMatch = {
    ...readPath(message),
    headers,
    query: entriesAt(message, "queryParams").map(([name, value]) => ({
      name,
      text: readString(message, "queryParams", value),
      absent: false,
    })),
  };
  message.done();
  return { source, request };
}

function readPath(message: Message): { path?: StringMatcher } {
  const ignoreCase = message.flag("ignoreUriCase", false);
  if (!message.has("uri")) return {};
  const path = readString(message, "uri", message.get("uri"));
  if (!path) throw message.refuse("uri", "says no text to match");
  return { path: path.kind === "regex" ? path : { ...path, ignoreCase } };
}

function readHeader(message: Message, name: string, value: unknown): HeaderMatcher {
  if (name.startsWith("@"))
    throw message.refuse("headers", `${name}: claims as conditions of routes are not modelled`);
  const text = readString(message, "headers", value);
  return {
    name: name.toLowerCase(),
    test: text ? { kind: "text", text } : { kind: "present" },
    invert: false,
    missingIsEmpty: false,
  };
}

function without(matcher: HeaderMatcher): HeaderMatcher {
  return { ...matcher, invert: true, missingIsEmpty: matcher.test.kind !== "present" };
}

/** Istio's StringMatch; undefined: there at all (nothing set, or the regex `*`). */
function readString(message: Message, field: string, value: unknown): StringMatcher | undefined {
  if (value === null || value === undefined) return undefined;
  const match = new Message(value, message.at(field));
  const kind = match.oneOf(["exact", "prefix", "regex"]) as
    "exact" | "prefix" | "regex" | undefined;
  if (kind === undefined) {
    match.done();
    return undefined;
  }
  const text = match.text(kind);
  match.done();
  if (kind === "regex" && text === "*") return undefined;
  if (kind === "regex" && !wholeMatch(text))
    throw match.refuse(kind, "is not an expression that can be modelled");
  return { kind, text, ignoreCase: false };
}

function entriesAt(message: Message, name: string): [string, unknown][] {
  const value = message.get(name);
  if (value === undefined) return [];
  if (typeof value !== "object" || Array.isArray(value))
    throw message.refuse(name, "expected a map");
  return Object.entries(value as object);
}

export function textsAt(message: Message, name: string): string[] {
  const value = message.get(name);
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw message.refuse(name, "expected a list");
  return value.map(String);
}

/** What a route's conditions look at. */
export interface RouteFacts {
  header: Lookup;
  query: ReadonlyMap<string, string>;
  /** With the query. */
  path: string;
}

export function meetsRequest(match: RequestMatch, facts: RouteFacts): boolean {
  const bare = facts.path.replace(/[?#].*$/s, "");
  return (
    (match.path === undefined || matchesString(match.path, bare)) &&
    match.headers.every((matcher) => matchesHeader(matcher, facts.header)) &&
    match.query.every((matcher) => matchesQuery(matcher, facts.query))
  );
}

/** IsCatchAllRoute: nothing after it is ever reached. */
export function isCatchAll({ path, headers, query }: RequestMatch): boolean {
  const anyPath =
    path === undefined ||
    (path.kind === "prefix" && path.text === "/") ||
    (path.kind === "regex" && path.text === ".*");
  return anyPath && headers.length === 0 && query.length === 0;
}
