// Conditions of native resources in the words of our `match`. A condition is a formula over what a
// request has; what a `match` can say is a list of maps. What it cannot say exactly is widened, and
// the widening is named, or refused.
import type { HeaderMatcher } from "../../native/envoy/header-matcher.ts";
import type { QueryMatcher } from "../../native/envoy/query.ts";
import { matchesString } from "../../native/envoy/string-matcher.ts";
import type { StringMatcher } from "../../native/envoy/string-matcher.ts";
import { isSingleHeader } from "../../emulator/headers.ts";
import { anyBut, anyOf } from "./words.ts";
import { escapedRegex } from "../../native/envoy/regex.ts";

/** One map of `match`: all of it must hold. */
export interface Match {
  uri?: Text;
  scheme?: Text;
  method?: Text;
  authority?: Text;
  headers?: Record<string, Text>;
  withoutHeaders?: Record<string, Text>;
  queryParams?: Record<string, Text>;
  sourceAddresses?: string[] | Networks;
}

/** Networks that an address is in, and networks that it is not in. */
interface Networks {
  in?: string[];
  not?: string[];
}

/** Our StringMatch. */
export interface Text {
  exact?: string;
  prefix?: string;
  suffix?: string;
  contains?: string;
  regex?: string;
  present?: true;
  ignoreCase?: true;
  invert?: true;
}

/** One of the maps must hold. `[]` never does, `[{}]` always. */
export type Matches = readonly Match[];

/**
 * What `match` says of a condition and of its opposite. Each holds for at least the requests that
 * it should: `undefined` where even that cannot be said.
 */
export interface Condition {
  yes: Matches | undefined;
  no: Matches | undefined;
  /** How they hold for more requests than they should, in words. */
  wider: readonly string[];
}

/** More maps than anyone reads, and the module looks at them one after the other. */
const matchesMax = 24;

export const always: Condition = { yes: [{}], no: [], wider: [] };

export function both(a: Condition, b: Condition): Condition {
  return { yes: crossed(a.yes, b.yes), no: joined(a.no, b.no), wider: [...a.wider, ...b.wider] };
}

export function either(a: Condition, b: Condition): Condition {
  return { yes: joined(a.yes, b.yes), no: crossed(a.no, b.no), wider: [...a.wider, ...b.wider] };
}

export function not({ yes, no, wider }: Condition): Condition {
  return { yes: no, no: yes, wider };
}

function joined(a: Matches | undefined, b: Matches | undefined): Matches | undefined {
  if (isAlways(a) || isAlways(b)) return always.yes;
  if (!a || !b) return undefined;
  return limited([
    ...new Map([...a, ...b].map((match) => [JSON.stringify(match), match])).values(),
  ]);
}

function isAlways(matches: Matches | undefined): boolean {
  return matches?.some((match) => Object.keys(match).length === 0) ?? false;
}

function crossed(a: Matches | undefined, b: Matches | undefined): Matches | undefined {
  if (a?.length === 0 || b?.length === 0) return [];
  if (!a || !b) return undefined;
  const all: Match[] = [];
  for (const one of a) {
    for (const other of b) {
      const match = merged(one, other);
      if (match === undefined) return undefined;
      if (match !== "never") all.push(match);
    }
  }
  return limited(all);
}

function limited(matches: readonly Match[]): Matches | undefined {
  return matches.length > matchesMax ? undefined : matches;
}

const maps = ["headers", "withoutHeaders", "queryParams"] as const;
const texts = ["uri", "scheme", "method", "authority"] as const;

/** Both maps in one; `never` if no request can meet both, undefined if one map cannot hold them. */
function merged(one: Match, other: Match): Match | "never" | undefined {
  const match: Match = { ...one };
  for (const key of texts) {
    const text = agreed(one[key], other[key]);
    if (text === "never" || text === "clash") return text === "never" ? "never" : undefined;
    if (text) match[key] = text;
  }
  for (const key of maps) {
    const all: Record<string, Text> = { ...one[key] };
    for (const [name, condition] of Object.entries(other[key] ?? {})) {
      // Of a header that came twice one value may meet the one, another value the other.
      const isSingle = key !== "headers" || isSingleHeader(name);
      const text =
        key === "withoutHeaders" ? neither(all[name], condition) : agreed(all[name], condition);
      if (text === "clash" || (text === "never" && !isSingle)) return undefined;
      if (text === "never") return "never";
      all[name] = text!;
    }
    if (Object.keys(all).length > 0) match[key] = all;
  }
  const [a, b] = [networksOf(one), networksOf(other)];
  if (a.in && b.in && JSON.stringify(a.in) !== JSON.stringify(b.in)) return undefined;
  const included = a.in ?? b.in;
  const excluded = [...new Set([...(a.not ?? []), ...(b.not ?? [])])];
  if (excluded.length > 0)
    match.sourceAddresses = { ...(included && { in: included }), not: excluded };
  else if (included) match.sourceAddresses = included;
  return contradicts(match) ? "never" : match;
}

function networksOf({ sourceAddresses = {} }: Match): Networks {
  return Array.isArray(sourceAddresses) ? { in: sourceAddresses } : sourceAddresses;
}

/** One condition that says what both say. */
function agreed(a: Text | undefined, b: Text | undefined): Text | undefined | "never" | "clash" {
  if (!a || !b) return a ?? b;
  if (JSON.stringify(a) === JSON.stringify(b)) return a;
  if (a.present && !a.invert) return b.present && b.invert ? "never" : b;
  if (b.present && !b.invert) return a.present && a.invert ? "never" : a;
  if (a.exact !== undefined && !a.invert && !a.ignoreCase) return fits(b, a.exact) ? a : "never";
  if (b.exact !== undefined && !b.invert && !b.ignoreCase) return fits(a, b.exact) ? b : "never";
  return "clash";
}

/** For `withoutHeaders`: that no value meets the one, and none the other. */
function neither(a: Text | undefined, b: Text): Text | "never" | "clash" {
  if (!a || JSON.stringify(a) === JSON.stringify(b)) return b;
  // Absent, which counts as empty for the other.
  if (a.present) return fits(b, "") ? "never" : a;
  if (b.present) return fits(a, "") ? "never" : b;
  const [one, other] = [asRegex(a), asRegex(b)];
  return one === undefined || other === undefined ? "clash" : { regex: `${one}|${other}` };
}

function asRegex({ exact, prefix, suffix, contains, regex, ignoreCase }: Text): string | undefined {
  if (ignoreCase) return undefined;
  if (exact !== undefined) return escapedRegex(exact);
  if (prefix !== undefined) return `${escapedRegex(prefix)}.*`;
  if (suffix !== undefined) return `.*${escapedRegex(suffix)}`;
  return contains === undefined ? regex : `.*${escapedRegex(contains)}.*`;
}

/** Whether a value that is there meets a condition. */
function fits(text: Text, value: string): boolean {
  if (text.present) return !text.invert;
  const kind = (["exact", "prefix", "suffix", "contains", "regex"] as const).find(
    (name) => text[name] !== undefined,
  )!;
  const matcher: StringMatcher = { kind, text: text[kind]!, ignoreCase: text.ignoreCase ?? false };
  return matchesString(matcher, value) !== (text.invert ?? false);
}

/** A header that must be there and must not. */
function contradicts({ headers = {}, withoutHeaders = {} }: Match): boolean {
  return Object.entries(withoutHeaders).some(
    ([name, condition]) => condition.present && headers[name] !== undefined,
  );
}

/** `header_value_match` and its like: exactly Envoy's HeaderMatcher, or the reason why not. */
export function headerCondition(matcher: HeaderMatcher): Condition | string {
  const { name, test, invert } = matcher;
  if (test.kind === "range")
    return `a range of numbers (header ${name}): rate-limit's conditions compare texts`;
  const pseudo = pseudoCondition(name, test.kind === "present" ? undefined : test.text);
  if (pseudo !== undefined) return typeof pseudo === "string" || !invert ? pseudo : not(pseudo);
  if (test.kind === "present") {
    // A header whose absence counts as an empty value is always there.
    const present = matcher.missingIsEmpty ? always : presence(name);
    return invert ? not(present) : present;
  }
  const text = textOf(test.text);
  const absentMeets = matchesString(test.text, "");
  const [absent] = presence(name).no!;
  const has: Match = { headers: { [name]: text } };
  const lacks: Match = { withoutHeaders: { [name]: text } };
  if (matcher.missingIsEmpty) {
    const meets: Condition = {
      yes: absentMeets ? [has, absent!] : [has],
      no: [lacks],
      wider: [],
    };
    return invert ? not(meets) : meets;
  }
  if (invert)
    return {
      yes: [{ headers: { [name]: { present: true } }, withoutHeaders: { [name]: text } }],
      no: [absent!, has],
      wider: [],
    };
  return { yes: [has], no: absentMeets ? [lacks, absent!] : [lacks], wider: [] };
}

function presence(name: string): Condition {
  return {
    yes: [{ headers: { [name]: { present: true } } }],
    no: [{ withoutHeaders: { [name]: { present: true } } }],
    wider: [],
  };
}

const pseudoKeys = { ":method": "method", ":scheme": "scheme", ":authority": "authority" } as const;

/**
 * Conditions on `:path` and its like; undefined for real headers. `text` undefined: it is there.
 */
function pseudoCondition(
  name: string,
  text: StringMatcher | undefined,
): Condition | string | undefined {
  const header = name === "host" ? ":authority" : name;
  if (header === ":path") return text === undefined ? always : pathCondition(text);
  const key = pseudoKeys[header as keyof typeof pseudoKeys];
  if (key === undefined)
    return header.startsWith(":") ? `header ${name}: no condition names it` : undefined;
  if (text === undefined) return always;
  const own = textOf(text);
  return { yes: [{ [key]: own }], no: [{ [key]: { ...own, invert: true } }], wider: [] };
}

/** Envoy compares `:path` with its query; our `uri` has none. */
function pathCondition(text: StringMatcher): Condition | string {
  const { kind, ignoreCase } = text;
  const plain = kind === "regex" ? literalOf(text.text) : { kind, text: text.text };
  const why = `${kind === "exact" ? "an" : "a"} ${kind} of :path looks at the query too, which rate-limit's uri does not`;
  if (plain === undefined || (plain.kind !== "exact" && plain.kind !== "prefix")) return why;
  if (plain.text === "") return always;
  if (plain.text.includes("?")) return why;
  const own: Text = { [plain.kind]: plain.text, ...(ignoreCase && { ignoreCase: true }) };
  if (plain.kind === "prefix")
    return { yes: [{ uri: own }], no: [{ uri: { ...own, invert: true } }], wider: [] };
  const wider = `:path "${plain.text}" with any query, where Envoy means the one without`;
  return { yes: [{ uri: own }], no: undefined, wider: [wider] };
}

/** `^/api/v1/.*$` and its like as the prefix that they are. */
function literalOf(regex: string): { kind: "exact" | "prefix"; text: string } | undefined {
  const [, body, rest] =
    /^\^?((?:[A-Za-z0-9 _~/:;,=&@%!<>"'-]|\\[^A-Za-z0-9])*)(\.\*)?\$?$/.exec(regex) ?? [];
  if (body === undefined) return undefined;
  return { kind: rest ? "prefix" : "exact", text: body.replaceAll(/\\(.)/g, "$1") };
}

/** Envoy's StringMatcher as ours. */
export function textOf({ kind, text, ignoreCase }: StringMatcher): Text {
  return { [kind]: text, ...(ignoreCase && { ignoreCase: true }) };
}

export function queryCondition({ name, text, absent }: QueryMatcher): Condition {
  const there: Match = { queryParams: { [name]: { present: true } } };
  const missing: Match = { queryParams: { [name]: { present: true, invert: true } } };
  if (!text)
    return absent
      ? { yes: [missing], no: [there], wider: [] }
      : { yes: [there], no: [missing], wider: [] };
  const own = textOf(text);
  return {
    yes: [{ queryParams: { [name]: own } }],
    no: [missing, { queryParams: { [name]: { ...own, invert: true } } }],
    wider: [],
  };
}

/** The header's first value is one of `values`, as a descriptor's entry asks. */
export function firstValueIn(name: string, values: readonly string[]): Condition | string {
  const one: StringMatcher = { kind: "exact", text: values[0]!, ignoreCase: false };
  const matcher: StringMatcher =
    values.length === 1 ? one : { kind: "regex", text: anyOf(values), ignoreCase: false };
  const pseudo = pseudoCondition(name, matcher);
  if (pseudo !== undefined) return pseudo;
  const text = textOf(matcher);
  const yes: Matches = [{ headers: { [name]: text } }];
  const none: Match = { withoutHeaders: { [name]: text } };
  if (values.includes("")) return `header ${name}: an empty value`;
  // One slot in Envoy: there is no second value.
  if (isSingleHeader(name)) return { yes, no: [none], wider: [] };
  return {
    yes,
    no: [none, { headers: { [name]: { regex: anyBut(values) } } }],
    wider: [
      `a repeated header ${name} counts with each of its values, where Envoy takes the first`,
    ],
  };
}

export function headerPresent(name: string): Condition {
  const pseudo = pseudoCondition(name, undefined);
  return typeof pseudo === "object" ? pseudo : presence(name);
}

export function addressIn(networks: readonly string[]): Condition {
  return {
    yes: [{ sourceAddresses: [...networks] }],
    no: [{ sourceAddresses: { not: [...networks] } }],
    wider: [],
  };
}
