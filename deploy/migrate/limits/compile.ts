// Envoy's local rate limit → limits of rate-limit. Each descriptor becomes one limit: the condition
// under which a request has it, and the parts of the request that tell its buckets apart. Where the
// same requests would not get the same answers, or stricter ones that can be named, nothing is made
// and the reason is given.
import type { Fields } from "../../core/value.ts";
import type { Action } from "../../native/rate-limit/action.ts";
import type { Descriptor, LimiterSettings, RateLimit } from "../../native/rate-limit/settings.ts";
import { fillRate } from "../../native/rate-limit/token-bucket.ts";
import type { BucketFigures } from "../../native/rate-limit/token-bucket.ts";
import {
  addressIn,
  always,
  both,
  either,
  firstValueIn,
  headerCondition,
  headerPresent,
  not,
  queryCondition,
} from "./condition.ts";
import type { Condition, Matches } from "./condition.ts";

export interface Compiled {
  limits: Limit[];
  /** What is stricter than before, in words. */
  stricter: string[];
  maxKeys: number;
}

/** A limit of rate-limit's settings; its name and percentages are the caller's. */
export interface Limit {
  /** `default`, or the descriptor's place. */
  of: "default" | number;
  match?: Matches;
  key?: Fields[];
  whenMissing?: "skip";
  whenRepeated?: "first";
  tokenBucket: { maxTokens: number; tokensPerFill?: number; fillInterval: string };
  cost?: number;
  shadow?: true;
}

/** The settings' own limit. */
const limitsMax = 64;
const maxKeysDefault = 10_000;
const maxKeysMax = 4_000_000;
const keyPartsMax = 8;
/** rate-limit refuses a bucket that takes more than a year to fill. */
const fillNanosMax = 366 * 24 * 3600 * 1e9;

/** Where an entry's value comes from. */
type Source =
  | { kind: "fixed"; value: string }
  | { kind: "header"; name: string }
  | { kind: "query"; name: string }
  | { kind: "address" }
  | { kind: "network"; v4Prefix: number; v6Prefix: number };

/** A descriptor that requests under a condition have. */
interface Template {
  limit: number;
  condition: Condition;
  entries: { key: string; source: Source }[];
  hits: number;
}

/** Text: why it stays native. */
export function compileLimits(
  settings: LimiterSettings,
  rateLimits: readonly RateLimit[],
): Compiled | string {
  if (settings.perConnection) return "a bucket for each connection: rate-limit has none";
  const templates = settings.descriptors.length > 0 ? templatesOf(rateLimits) : [];
  if (typeof templates === "string") return templates;
  const found = settings.descriptors.map((descriptor, at) =>
    usesOf(settings.descriptors, descriptor, at, templates),
  );
  const refused = found.find((use) => typeof use === "string");
  if (typeof refused === "string") return refused;
  const uses = (found as Use[][]).flat();
  const stricter = new Set<string>();
  const limits: (Limit & { rate: number; order: number })[] = [];
  for (const use of uses) {
    const { condition } = use;
    if (!condition.yes)
      return `descriptor ${use.descriptor}: its condition has no match in rate-limit`;
    if (condition.yes.length === 0) continue;
    condition.wider.forEach((text) => stricter.add(text));
    use.wider.forEach((text) => stricter.add(text));
    const { bucket, shadow } = settings.descriptors[use.descriptor]!;
    const tokenBucket = bucketOf(bucket);
    if (typeof tokenBucket === "string") return `descriptor ${use.descriptor}: ${tokenBucket}`;
    if (use.hits === 0 || use.hits > bucket.maxTokens)
      return `descriptor ${use.descriptor}: a cost of ${use.hits} refuses every request`;
    limits.push({
      of: use.descriptor,
      ...matchOf(condition.yes),
      ...(use.key.length > 0 && { key: use.key, whenMissing: "skip" as const }),
      ...(use.key.some((part) => "header" in part || "queryParam" in part) && {
        whenRepeated: "first" as const,
      }),
      tokenBucket,
      ...(use.hits !== 1 && { cost: use.hits }),
      ...(shadow && { shadow: true as const }),
      rate: fillRate(bucket),
      order: use.order,
    });
  }
  if (uses.some(({ key }) => key.length > 0))
    stricter.add(
      `a client's bucket is kept until it is full again, where Envoy forgets one of more than ${settings.maxDynamicDescriptors} clients and lets it start anew`,
    );
  const fallback = defaultLimit(settings, templates, stricter);
  if (typeof fallback === "string") return fallback;
  // Envoy charges the slowest bucket first, and of equal ones in the request's order.
  limits.sort((a, b) => a.rate - b.rate || a.order - b.order);
  const all = [...limits.map(({ rate: _rate, order: _order, ...limit }) => limit), ...fallback];
  if (all.length > limitsMax) return `more than ${limitsMax} limits`;
  return { limits: all, stricter: [...stricter], maxKeys: maxKeysOf(settings, uses) };
}

function matchOf(matches: Matches): { match?: Matches } {
  return matches.some((match) => Object.keys(match).length === 0) ? {} : { match: matches };
}

/** The condition and entries of every descriptor that the actions can make. */
function templatesOf(rateLimits: readonly RateLimit[]): Template[] | string {
  const all: Template[] = [];
  for (const [limit, { actions, hits = 1 }] of rateLimits.entries()) {
    let partial: Omit<Template, "limit" | "hits">[] = [{ condition: always, entries: [] }];
    for (const action of actions) {
      const ways = waysOf(action);
      if (typeof ways === "string") return ways;
      partial = partial.flatMap((before) =>
        ways.map(({ condition, entry }) => ({
          condition: both(before.condition, condition),
          entries: entry ? [...before.entries, entry] : before.entries,
        })),
      );
    }
    all.push(...partial.map((template) => ({ ...template, limit, hits })));
  }
  return all;
}

/** What one action can add: an entry, or nothing, each under a condition. */
function waysOf(
  action: Action,
): { condition: Condition; entry?: { key: string; source: Source } }[] | string {
  const fixed = (condition: Condition, { key, value }: { key: string; value: string }) => [
    { condition, entry: { key, source: { kind: "fixed" as const, value } } },
  ];
  switch (action.kind) {
    case "fixed":
      return fixed(always, action);
    case "header": {
      const there = headerPresent(action.header);
      const entry = {
        key: action.key,
        source: { kind: "header" as const, name: action.header },
      };
      return action.skipIfAbsent
        ? [{ condition: there, entry }, { condition: not(there) }]
        : [{ condition: there, entry }];
    }
    case "query": {
      const there = queryCondition({ name: action.parameter, absent: false });
      const entry = { key: action.key, source: { kind: "query" as const, name: action.parameter } };
      return action.skipIfAbsent
        ? [{ condition: there, entry }, { condition: not(there) }]
        : [{ condition: there, entry }];
    }
    case "address":
      return [{ condition: always, entry: { key: "remote_address", source: { kind: "address" } } }];
    case "network": {
      const { v4Prefix, v6Prefix } = action;
      const source = { kind: "network" as const, v4Prefix, v6Prefix };
      return [{ condition: always, entry: { key: "masked_remote_address", source } }];
    }
    case "headerMatch": {
      let all: Condition = always;
      for (const matcher of action.headers) {
        const one = headerCondition(matcher);
        if (typeof one === "string") return one;
        all = both(all, one);
      }
      return fixed(action.expect ? all : not(all), action);
    }
    case "queryMatch": {
      const all = action.query.map(queryCondition).reduce(both, always);
      return fixed(action.expect ? all : not(all), action);
    }
    case "addressMatch": {
      if (action.networks.length === 0) return fixed(action.invert ? always : not(always), action);
      const inside = addressIn(action.networks.map(({ prefix, bits }) => `${prefix}/${bits}`));
      return fixed(action.invert ? not(inside) : inside, action);
    }
  }
}

/** One way in which a descriptor of the settings is charged. */
interface Use {
  descriptor: number;
  condition: Condition;
  key: Fields[];
  hits: number;
  order: number;
  wider: string[];
}

/** Text: why this descriptor cannot be expressed. */
function usesOf(
  descriptors: readonly Descriptor[],
  descriptor: Descriptor,
  at: number,
  templates: readonly Template[],
): Use[] | string {
  const uses: Use[] = [];
  for (const template of templates) {
    const fit = fitOf(descriptor, template);
    if (fit === undefined) continue;
    if (typeof fit === "string") return `descriptor ${at}: ${fit}`;
    const rest = withoutBetterFits(descriptors, at, template, fit);
    if (typeof rest === "string") return `descriptor ${at}: ${rest}`;
    if (rest.yes?.length === 0) continue;
    const wider = [...fit.wider];
    uses.push({
      descriptor: at,
      condition: rest,
      key: fit.key,
      hits: template.hits,
      order: template.limit,
      wider,
    });
  }
  return joinedUses(uses, at);
}

/** Several ways to one bucket: one limit if no request takes two of them. */
function joinedUses(uses: readonly Use[], at: number): Use[] | string {
  const [first] = uses;
  if (!first || uses.length === 1) return [...uses];
  const isOneLimit = uses.every(({ order }) => order === first.order);
  const isOneKey = uses.every(({ key }) => JSON.stringify(key) === JSON.stringify(first.key));
  if (!isOneLimit)
    return `descriptor ${at}: several rate_limits entries make it, and a request that meets two of them is charged twice`;
  if (!isOneKey) return `descriptor ${at}: skip_if_absent gives it different keys`;
  return [
    {
      ...first,
      condition: uses.map(({ condition }) => condition).reduce(either),
      wider: uses.flatMap(({ wider }) => wider),
    },
  ];
}

interface Fit {
  condition: Condition;
  key: Fields[];
  wider: string[];
}

/**
 * When a request of the template has this descriptor, and what its bucket depends on; undefined:
 * never.
 */
function fitOf(descriptor: Descriptor, template: Template): Fit | string | undefined {
  if (descriptor.entries.length !== template.entries.length) return undefined;
  const fit: Fit = { condition: template.condition, key: [], wider: [] };
  for (const [at, { key, value }] of descriptor.entries.entries()) {
    const entry = template.entries[at]!;
    if (entry.key !== key) return undefined;
    const { source } = entry;
    if (value === "") {
      const part = partOf(source);
      if (typeof part === "string") return part;
      if (part) fit.key.push(part.key);
      if (part?.wider) fit.wider.push(part.wider);
      continue;
    }
    const condition = valueCondition(source, value);
    if (condition === undefined) return undefined;
    if (typeof condition === "string") return condition;
    fit.condition = both(fit.condition, condition);
  }
  if (fit.key.length > keyPartsMax) return `more than ${keyPartsMax} wildcards`;
  return fit;
}

/**
 * The part of our key that stands for a wildcard; undefined for a value that is always the same.
 */
function partOf(source: Source): { key: Fields; wider?: string } | string | undefined {
  switch (source.kind) {
    case "fixed":
      return undefined;
    case "query":
      return { key: { queryParam: source.name } };
    case "address":
      return { key: { sourceAddress: { v6Prefix: 128 } } };
    case "network":
      return {
        key: { sourceAddress: { v4Prefix: source.v4Prefix, v6Prefix: source.v6Prefix } },
      };
    case "header":
      return headerPart(source.name);
  }
}

function headerPart(name: string): { key: Fields; wider?: string } | string {
  if (name === ":authority" || name === "host") return { key: { authority: true } };
  if (name === ":method") return { key: { method: true } };
  if (name === ":path")
    return {
      key: { uri: true },
      wider: "paths that differ in the query alone share a bucket, where Envoy has one for each",
    };
  if (name.startsWith(":")) return `header ${name}: no key names it`;
  return { key: { header: name } };
}

/** The value is this one: a condition, or undefined if it never is. */
function valueCondition(source: Source, value: string): Condition | string | undefined {
  switch (source.kind) {
    case "fixed":
      return source.value === value ? always : undefined;
    case "header":
      return firstValueIn(source.name, [value]);
    case "query":
      return queryCondition({
        name: source.name,
        absent: false,
        text: { kind: "exact", text: value, ignoreCase: false },
      });
    case "address":
      return addressIn([value]);
    case "network": {
      const [, prefix, bits] = /^(.+)\/(\d+)$/.exec(value) ?? [];
      const wanted = prefix?.includes(":") ? source.v6Prefix : source.v4Prefix;
      return prefix !== undefined && Number(bits) === wanted ? addressIn([value]) : undefined;
    }
  }
}

/** Envoy looks for the very entries first: a wildcard has what no fixed descriptor takes. */
function withoutBetterFits(
  descriptors: readonly Descriptor[],
  at: number,
  template: Template,
  fit: Fit,
): Condition | string {
  if (!isWild(descriptors[at]!)) return fit.condition;
  const fixed: Descriptor[] = [];
  for (const [other, descriptor] of descriptors.entries()) {
    if (other === at) continue;
    const better = fitOf(descriptor, template);
    if (better === undefined) continue;
    if (typeof better === "string") return better;
    if (!isWild(descriptor)) fixed.push(descriptor);
    else if (both(fit.condition, better.condition).yes?.length !== 0)
      return `another descriptor has wildcards for the same requests, and Envoy takes either`;
  }
  return both(fit.condition, not(anyOfThem(fixed, template)));
}

function isWild({ entries }: Descriptor): boolean {
  return entries.some(({ value }) => value === "");
}

/** That a request of the template has one of these descriptors. */
function anyOfThem(descriptors: readonly Descriptor[], template: Template): Condition {
  /** Descriptors that only one header's value decides: one condition for all of its values. */
  const byHeader = new Map<string, string[]>();
  let all: Condition = not(always);
  for (const { entries } of descriptors) {
    const deciding = entries.flatMap(({ value }, at) => {
      const { source } = template.entries[at]!;
      return value === "" || source.kind === "fixed" ? [] : [{ source, value }];
    });
    const [only] = deciding;
    if (deciding.length === 1 && only!.source.kind === "header")
      byHeader.set(only!.source.name, [...(byHeader.get(only!.source.name) ?? []), only!.value]);
    else
      all = either(
        all,
        deciding
          .map(({ source, value }) => known(valueCondition(source, value)))
          .reduce(both, always),
      );
  }
  for (const [name, values] of byHeader)
    all = either(all, known(firstValueIn(name, [...new Set(values)])));
  return all;
}

function known(condition: Condition | string | undefined): Condition {
  if (condition === undefined) return not(always);
  return typeof condition === "string" ? { yes: undefined, no: undefined, wider: [] } : condition;
}

/** The bucket that the filter has besides; not charged with a descriptor if the settings say so. */
function defaultLimit(
  settings: LimiterSettings,
  templates: readonly Template[],
  stricter: Set<string>,
): Limit[] | string {
  if (!settings.bucket) return [];
  const tokenBucket = bucketOf(settings.bucket);
  if (typeof tokenBucket === "string") return tokenBucket;
  if (settings.alwaysConsumeDefault) return [{ of: "default", tokenBucket }];
  const rest = templates
    .map((template) => {
      const fitting = settings.descriptors.filter(
        (descriptor) => fitOf(descriptor, template) !== undefined,
      );
      return not(both(template.condition, anyOfThem(fitting, template)));
    })
    .reduce(both, always);
  if (!rest.yes)
    return 'always_consume_default_token_bucket is false, and "no descriptor" has no match in rate-limit';
  rest.wider.forEach((text) => stricter.add(text));
  return rest.yes.length === 0 ? [] : [{ of: "default", ...matchOf(rest.yes), tokenBucket }];
}

function bucketOf(figures: BucketFigures): Limit["tokenBucket"] | string {
  const { maxTokens, tokensPerFill, fillIntervalNanos } = figures;
  if (
    fillIntervalNanos > fillNanosMax ||
    (maxTokens / tokensPerFill) * fillIntervalNanos > fillNanosMax
  )
    return "a bucket that takes more than a year to fill";
  return {
    maxTokens,
    ...(tokensPerFill !== 1 && { tokensPerFill }),
    fillInterval: durationOf(fillIntervalNanos),
  };
}

function durationOf(nanos: number): string {
  const millis = nanos / 1e6;
  return millis % 1000 === 0 ? `${millis / 1000}s` : `${millis}ms`;
}

function maxKeysOf(settings: LimiterSettings, uses: readonly Use[]): number {
  const keyed = uses.filter(({ key }) => key.length > 0).length;
  return Math.min(Math.max(maxKeysDefault, keyed * settings.maxDynamicDescriptors), maxKeysMax);
}
