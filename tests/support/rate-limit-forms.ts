// Random settings of Envoy's local_ratelimit, and requests that tell their parts apart. Everything
// a user writes occurs: each kind of action and condition, wildcards, shadows, costs, several
// limits for one bucket.
import { Random } from "../../deploy/compare/random.ts";
import type { NativeRequest } from "../../deploy/native/types.ts";

/** A form as in YAML, and what it is called in a failure. */
export interface Form {
  seed: number;
  // The JSON form of a protobuf message.
  config: any;
}

const headers = ["x-a", "x-b", "authorization", ":path", ":method", ":authority", "host"];
const texts: Record<string, string[]> = {
  ":path": ["/a", "/b", "/a?q=1"],
  ":method": ["GET", "POST"],
  ":authority": ["one.example", "two.example"],
  host: ["one.example", "two.example"],
};
const plainTexts = ["a", "b", "ab", "A", "7"];
const textsOf = (header: string) => texts[header] ?? plainTexts;
/**
 * So slow that nothing comes back within a test, and all different: the order of charging is then
 * fixed.
 */
const intervals = [3600, 7200, 10800, 14400, 18000, 21600, 25200];

export function randomForm(seed: number): Form {
  const random = new Random(seed);
  const limits = Array.from({ length: 1 + random.below(3) }, () => rateLimit(random));
  const descriptors = uniqueBy(
    Array.from({ length: 1 + random.below(4) }, () => descriptorFor(random, random.pick(limits))),
    ({ entries }) => JSON.stringify(entries),
  );
  const order = random.some(intervals, intervals.length, intervals.length);
  descriptors.forEach((descriptor, at) => {
    descriptor.token_bucket.fill_interval = `${order[at]}s`;
  });
  const all = { default_value: { numerator: 100, denominator: "HUNDRED" } };
  const config: any = {
    stat_prefix: "form",
    filter_enabled: all,
    filter_enforced: random.chance(0.95) ? all : { default_value: {} },
    descriptors,
    rate_limits: limits,
  };
  if (random.chance(0.85)) config.token_bucket = bucket(random, 2 + random.below(12), "1800s");
  if (random.chance(0.5)) config.always_consume_default_token_bucket = random.chance(0.3);
  if (random.chance(0.3)) config.max_dynamic_descriptors = random.pick([1, 2, 1000]);
  if (random.chance(0.2)) config.status = { code: random.pick(["ServiceUnavailable", 403, 200]) };
  return { seed, config };
}

function bucket(random: Random, maxTokens: number, interval: string): any {
  return {
    max_tokens: maxTokens,
    ...(random.chance(0.5) && { tokens_per_fill: 1 }),
    fill_interval: interval,
  };
}

function rateLimit(random: Random): any {
  const limit: any = {
    actions: Array.from({ length: random.pick([1, 1, 1, 2, 2, 3]) }, () => action(random)),
  };
  if (random.chance(0.08)) limit.hits_addend = { number: random.pick([1, 2]) };
  return limit;
}

const actionMakers: ((random: Random) => any)[] = [
  (random) => ({
    request_headers: {
      header_name: random.pick(headers),
      descriptor_key: random.pick(["k", "l"]),
      ...(random.chance(0.25) && { skip_if_absent: true }),
    },
  }),
  (random) => ({
    generic_key: {
      descriptor_value: random.pick(["g", "h"]),
      ...(random.chance(0.3) && { descriptor_key: "k" }),
    },
  }),
  (random) => ({
    header_value_match: {
      descriptor_value: random.pick(["m", "n"]),
      ...(random.chance(0.3) && { descriptor_key: "k" }),
      ...(random.chance(0.4) && { expect_match: random.chance(0.4) }),
      headers: Array.from({ length: random.pick([1, 1, 1, 2]) }, () => headerMatcher(random)),
    },
  }),
  () => ({ remote_address: {} }),
  (random) => ({
    masked_remote_address: {
      v4_prefix_mask_len: random.pick([8, 24, 32]),
      ...(random.chance(0.5) && { v6_prefix_mask_len: 48 }),
    },
  }),
  (random) => ({
    query_parameters: {
      query_parameter_name: "q",
      descriptor_key: "k",
      ...(random.chance(0.3) && { skip_if_absent: true }),
    },
  }),
  (random) => ({
    query_parameter_value_match: {
      descriptor_value: "m",
      ...(random.chance(0.4) && { expect_match: random.chance(0.4) }),
      query_parameters: [
        random.chance(0.7)
          ? { name: "q", string_match: stringMatch(random, ["1", "ab"]) }
          : { name: "q", present_match: random.chance(0.7) },
      ],
    },
  }),
  (random) => ({
    remote_address_match: {
      descriptor_value: "m",
      address_matcher: {
        ranges: [{ address_prefix: "10.1.0.0", prefix_len: random.pick([16, 24]) }],
      },
    },
  }),
];

function action(random: Random): any {
  // The first three are what people write most.
  return (random.chance(0.65) ? actionMakers[random.below(3)]! : random.pick(actionMakers))(random);
}

function headerMatcher(random: Random): any {
  const name = random.pick(headers.filter((header) => header !== "host"));
  const text = random.pick(textsOf(name));
  const kinds: any[] = [
    { string_match: stringMatch(random, textsOf(name)) },
    { string_match: stringMatch(random, textsOf(name)) },
    { exact_match: text },
    { prefix_match: text.slice(0, 1) },
    { suffix_match: text.slice(-1) },
    { contains_match: text.slice(0, 1) },
    { safe_regex_match: { regex: random.pick(["a.*", "[ab]+", ".*", "/a(\\?.*)?"]) } },
    { range_match: { start: 3, end: 8 } },
    { present_match: random.chance(0.6) },
    {},
  ];
  const matcher = { name, ...random.pick(kinds) };
  if (random.chance(0.25)) matcher.invert_match = true;
  const isPresence = "present_match" in matcher || Object.keys(matcher).length === 1;
  if (!isPresence && random.chance(0.1)) matcher.treat_missing_header_as_empty = true;
  return matcher;
}

function stringMatch(random: Random, from: readonly string[]): any {
  const text = random.pick(from);
  const kinds: any[] = [
    { exact: text },
    { exact: text },
    { prefix: text.slice(0, 1) },
    { suffix: text.slice(-1) },
    { contains: text.slice(0, 1) },
    { safe_regex: { regex: `${text.replace("?", "\\?")}.*` } },
  ];
  const matcher = random.pick(kinds);
  return "safe_regex" in matcher || random.chance(0.8)
    ? matcher
    : { ...matcher, ignore_case: true };
}

/** A descriptor that requests of the limit can have, mostly. */
function descriptorFor(random: Random, { actions }: any): any {
  const entries = actions.map((made: any) => entryFor(random, made));
  if (random.chance(0.08)) entries.pop();
  if (random.chance(0.05)) entries.reverse();
  if (entries.length === 0) entries.push({ key: "k", value: "a" });
  const descriptor: any = { entries, token_bucket: bucket(random, 1 + random.below(4), "") };
  if (random.chance(0.1)) descriptor.shadow_mode = true;
  return descriptor;
}

function entryFor(random: Random, made: any): any {
  const [kind] = Object.keys(made);
  const fields = made[kind!];
  const values: Record<string, [key: string, values: string[]]> = {
    request_headers: [fields.descriptor_key, textsOf(fields.header_name ?? "")],
    query_parameters: [fields.descriptor_key, ["1", "ab"]],
    generic_key: [fields.descriptor_key ?? "generic_key", ["g", "h"]],
    header_value_match: [fields.descriptor_key ?? "header_match", [fields.descriptor_value]],
    query_parameter_value_match: ["query_match", ["m"]],
    remote_address_match: ["remote_address_match", ["m"]],
    remote_address: ["remote_address", ["10.1.0.1", "10.2.0.1"]],
    masked_remote_address: ["masked_remote_address", ["10.0.0.0/8", "10.1.0.0/24", "10.1.0.1/32"]],
  };
  const [key, from] = values[kind!]!;
  return random.chance(0.35) ? { key } : { key, value: random.pick(from) };
}

function uniqueBy<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  return [...new Map(items.map((item) => [keyOf(item), item])).values()];
}

/** A run of requests, many of them alike, so that buckets run out. */
export function randomRequests(random: Random, count: number): NativeRequest[] {
  const kinds = Array.from({ length: 6 }, () => randomRequest(random));
  return Array.from({ length: count }, () =>
    random.chance(0.8) ? random.pick(kinds) : randomRequest(random),
  );
}

function randomRequest(random: Random): NativeRequest {
  const path = random.pick(["/a", "/b", "/a?q=1", "/a?q=ab", "/b?z=1&q=%31", "/"]);
  const chosen: [string, string][] = [];
  for (const name of ["x-a", "x-b", "authorization"]) {
    if (random.chance(0.6)) chosen.push([name, random.pick([...plainTexts, ""])]);
    if (random.chance(0.08)) chosen.push([name, random.pick(plainTexts)]);
  }
  return plainRequest({
    method: random.chance(0.8) ? "GET" : "POST",
    host: random.pick(["one.example", "two.example"]),
    path,
    headers: chosen,
    address: random.pick(["10.1.0.1", "10.1.0.2", "10.2.0.1"]),
  });
}

export interface Plain {
  method?: string;
  host?: string;
  path?: string;
  headers?: readonly (readonly [string, string])[];
  address?: string;
  timeMillis?: number;
}

/** A request to a gateway, of which only what matters is said. */
export function plainRequest(plain: Plain = {}): NativeRequest {
  const address = plain.address ?? "10.1.0.1";
  return {
    method: plain.method ?? "GET",
    scheme: "http",
    host: plain.host ?? "one.example",
    path: plain.path ?? "/a",
    headers: plain.headers ?? [],
    source: { direct: address, remote: address },
    destination: { address: "10.9.9.9", port: 8080 },
    direction: "inbound",
    workload: { namespace: "istio-system", labels: { istio: "ingressgateway" }, kind: "gateway" },
    timeMillis: plain.timeMillis ?? 0,
    tokens: [],
  };
}
