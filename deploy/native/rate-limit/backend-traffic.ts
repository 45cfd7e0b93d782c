// Envoy Gateway's BackendTrafficPolicy: the local rate limit that its controller makes of one
// (envoyproxy/gateway internal/gatewayapi/backendtrafficpolicy.go,
// internal/xds/translator/local_ratelimit.go).
import type { Manifest } from "../../core/source.ts";
import type { Fields } from "../../core/value.ts";
import { Message, Unmodelled } from "../envoy/message.ts";
import type { Exchange, Gap, NativeModel, Refusal } from "../types.ts";
import { factsOf } from "./action.ts";
import { Limiter } from "./limiter.ts";
import { readSettings } from "./settings.ts";
import type { Adapt, LimiterSettings } from "./settings.ts";

export interface BackendTraffic {
  /** Names of the Gateways, in the policy's namespace. */
  gateways: string[];
  settings: LimiterSettings;
}

const seconds: Record<string, number> = { Second: 1, Minute: 60, Hour: 3600, Day: 86_400 };

export function hasLocalLimit({ value }: Manifest): boolean {
  return JSON.stringify(value ?? {}).includes('"rateLimit"');
}

/** Throws Unmodelled for what is no local rate limit of whole Gateways. */
export function readBackendTraffic({ value }: Manifest): BackendTraffic {
  const spec = new Message((value as Fields | undefined)?.spec ?? {}, ["spec"]);
  const targets = [...spec.list("targetRefs")];
  const single = spec.message("targetRef");
  if (single) targets.push(single);
  const gateways = targets.map(readTarget);
  if (gateways.length === 0) throw spec.refuse("targetRefs", "names no Gateway");
  const rateLimit = spec.message("rateLimit");
  if (!rateLimit) throw spec.refuse("rateLimit", "is missing");
  if (rateLimit.text("type", "Local") !== "Local" || rateLimit.has("global"))
    throw rateLimit.refuse("type", "asks a rate limit service");
  const local = rateLimit.message("local");
  if (!local) throw rateLimit.refuse("local", "is missing");
  const rules = local.list("rules");
  local.done();
  rateLimit.done();
  spec.done();
  return { gateways, settings: readSettings(new Message(limiterOf(rules), local.path)) };
}

function readTarget(target: Message): string {
  target.get("group");
  const kind = target.text("kind");
  const name = target.text("name");
  if (kind !== "Gateway") throw target.refuse("kind", `a ${kind} has conditions of its own`);
  target.done();
  return name;
}

/**
 * The LocalRateLimit that a route gets. Without a rule for everyone, its own bucket is as good as
 * none.
 */
function limiterOf(rules: readonly Message[]): Fields {
  const made = rules.map((rule, index) => readRule(rule, index));
  const fallback = made.filter(({ actions }) => actions.length === 0);
  if (fallback.length > 1) throw rules[0]!.refuse("", "two rules are for everyone");
  const others = made.filter(({ actions }) => actions.length > 0);
  const all = { default_value: { numerator: 100, denominator: "HUNDRED" } };
  return {
    ...(fallback[0] && { token_bucket: fallback[0].bucket }),
    filter_enabled: all,
    filter_enforced: all,
    always_consume_default_token_bucket: false,
    max_dynamic_descriptors: 10_000,
    descriptors: others.map(({ entries, bucket, shadow }) => ({
      entries,
      token_bucket: bucket,
      ...(shadow && { shadow_mode: true }),
    })),
    rate_limits: others.map(({ actions }) => ({ actions })),
  };
}

interface ReadRule {
  actions: Fields[];
  entries: Fields[];
  bucket: Fields;
  shadow: boolean;
}

function readRule(rule: Message, index: number): ReadRule {
  const limit = rule.message("limit");
  const requests = limit?.whole("requests");
  const unit = limit?.text("unit") ?? "";
  if (requests === undefined || seconds[unit] === undefined)
    throw rule.refuse("limit", "is none that can be modelled");
  limit!.done();
  const selectors = rule.list("clientSelectors");
  if (selectors.length > 1)
    throw rule.refuse("clientSelectors", "several of them are not modelled");
  const parts = selectors.flatMap((selector) => readSelector(selector, index));
  const read: ReadRule = {
    actions: parts.map(({ action }) => action),
    entries: parts.map(({ entry }) => entry),
    bucket: {
      max_tokens: requests,
      tokens_per_fill: requests,
      fill_interval: `${seconds[unit]}s`,
    },
    shadow: rule.flag("shadowMode", false),
  };
  rule.done();
  return read;
}

interface Part {
  action: Fields;
  entry: Fields;
}

function readSelector(selector: Message, index: number): Part[] {
  const methods = selector.list("methods");
  if (methods.length > 1) throw selector.refuse("methods", "several of them are not modelled");
  const path = selector.message("path");
  const network = selector.message("sourceCIDR");
  const parts = [
    ...selector
      .list("headers")
      .map((header, at) => readHeader(header, `rule-${index}-match-${at}`)),
    ...methods.map((method) =>
      matchPart(":method", { exact: method.text("value") }, method, `rule-${index}-method`),
    ),
    ...(path ? [readPath(path, `rule-${index}-path`)] : []),
    ...(network ? readNetwork(network) : []),
  ];
  selector.done();
  return parts;
}

function readHeader(header: Message, key: string): Part {
  const name = header.text("name");
  const type = header.text("type", "Exact");
  const value = header.text("value");
  if (type === "Distinct") {
    header.done();
    return {
      action: { request_headers: { header_name: name, descriptor_key: key } },
      entry: { key },
    };
  }
  if (type !== "Exact" && type !== "RegularExpression")
    throw header.refuse("type", `${type} is not modelled`);
  const text = type === "Exact" ? { exact: value } : { safe_regex: { regex: value } };
  return matchPart(name, text, header, key);
}

function readPath(path: Message, key: string): Part {
  const type = path.text("type", "PathPrefix");
  const value = path.text("value", "/");
  const kinds: Record<string, Fields> = {
    Exact: { exact: value },
    PathPrefix: { prefix: value },
    RegularExpression: { safe_regex: { regex: value } },
  };
  const text = kinds[type];
  if (!text) throw path.refuse("type", `${type} is not modelled`);
  return matchPart(":path", text, path, key);
}

/** A header_value_match, and the end of what it was read from. */
function matchPart(name: string, text: Fields, from: Message, key: string): Part {
  const expect = !from.flag("invert", false);
  from.done();
  return {
    action: {
      header_value_match: {
        descriptor_key: key,
        descriptor_value: key,
        expect_match: expect,
        headers: [{ name, string_match: text }],
      },
    },
    entry: { key, value: key },
  };
}

function readNetwork(network: Message): Part[] {
  const value = network.text("value");
  const isDistinct = network.text("type", "Exact") === "Distinct";
  if (network.flag("invert", false)) throw network.refuse("invert", "is not modelled");
  network.done();
  const [, address = "", bits = ""] = /^(.+)\/(\d+)$/.exec(value) ?? [];
  if (bits === "") throw network.refuse("value", "is no network");
  const masked: Part = {
    action: {
      masked_remote_address: address.includes(":")
        ? { v6_prefix_mask_len: Number(bits) }
        : { v4_prefix_mask_len: Number(bits) },
    },
    entry: { key: "masked_remote_address", value },
  };
  const each: Part = { action: { remote_address: {} }, entry: { key: "remote_address" } };
  return isDistinct ? [masked, each] : [masked];
}

export function backendTrafficModelWith(adapt: Adapt): NativeModel {
  return {
    name: "BackendTrafficPolicy",
    order: 700,
    compile(resources) {
      const policies = limitPolicies(resources).flatMap((manifest) => {
        const read = readOrGap(manifest);
        if ("gap" in read) return [];
        const { gateways, settings } = read.traffic;
        return [{ manifest, gateways, limiter: new Limiter(adapt(settings)) }];
      });
      return (exchange) => decide(exchange, policies);
    },
    gaps(resources) {
      return limitPolicies(resources).flatMap((manifest): Gap[] => {
        const read = readOrGap(manifest);
        return "gap" in read ? [{ manifest, path: read.gap.path, why: read.gap.message }] : [];
      });
    },
  };
}

export const backendTrafficModel = backendTrafficModelWith((settings) => settings);

interface Compiled {
  manifest: Manifest;
  gateways: readonly string[];
  limiter: Limiter;
}

function decide(exchange: Exchange, policies: readonly Compiled[]): Refusal | undefined {
  const { workload, timeMillis } = exchange.request;
  const facts = factsOf(exchange);
  for (const { manifest, gateways, limiter } of policies) {
    if (!workload.gateway || !gateways.includes(workload.gateway)) continue;
    if (manifest.namespace !== workload.namespace) continue;
    const decision = limiter.decide(limiter.settings.rateLimits, facts, timeMillis / 1000);
    if (!decision.admitted) return { status: 429, reason: `${manifest.title}: ${decision.by}` };
  }
  return undefined;
}

function limitPolicies(resources: readonly Manifest[]): Manifest[] {
  return resources.filter(
    (manifest) => manifest.kind === "BackendTrafficPolicy" && hasLocalLimit(manifest),
  );
}

function readOrGap(manifest: Manifest): { traffic: BackendTraffic } | { gap: Unmodelled } {
  try {
    return { traffic: readBackendTraffic(manifest) };
  } catch (cause) {
    if (cause instanceof Unmodelled) return { gap: cause };
    throw cause;
  }
}
