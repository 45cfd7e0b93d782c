// Envoy's LocalRateLimit message → settings of rate-limit. Takes snake_case and camelCase.
import { STATUS_CODES } from "node:http";
import type { Manifest } from "../core/source.ts";
import { listOf } from "./context.ts";
import type { Context } from "./context.ts";
import { descriptorLimits } from "./descriptors.ts";
import { Fields } from "./fields.ts";
import { tokenBucketOf } from "./token-bucket.ts";
import type { Tell } from "./token-bucket.ts";

export function addLimits(
  context: Context,
  manifest: Manifest,
  settings: any,
  fields: Fields,
  match: any[],
  actions: any[],
): void {
  const { report } = context;
  const tell = {
    carried: (names: string, note: string) => report.carried(manifest, fields.path(names), note),
    changed: (names: string, note: string) => report.changed(manifest, fields.path(names), note),
    lost: (names: string, note: string) => report.lost(manifest, fields.path(names), note),
  };
  if (!fields.get("token_bucket") && listOf(fields.get("descriptors")).length === 0) {
    tell.carried("", "the filter itself: it has no limit of its own, those are in other patches");
    return;
  }
  const name = limitName(settings, String(fields.get("stat_prefix") ?? manifest.name));
  if (fields.get("stat_prefix"))
    tell.changed("stat_prefix", `the limit's name: its metrics are gatehouse.rate-limit.${name}.*`);
  const percents = percentsOf(fields, tell);
  const common = { ...(match.length > 0 && { match }), ...percents };
  const bucket = fields.get("token_bucket");
  if (bucket) {
    settings.limits.push({ name, ...common, tokenBucket: tokenBucketOf(bucket) });
    tell.carried("token_bucket", `rate-limit.limits "${name}" tokenBucket`);
  }
  settings.limits.push(...descriptorLimits(fields, name, common, actions, tell));
  addReply(settings, fields, tell);
  addRest(fields, tell);
}

function limitName(settings: any, wanted: string): string {
  const base = wanted.replaceAll(/[^A-Za-z0-9._-]/g, "-").slice(0, 60) || "limit";
  const taken = new Set(settings.limits.map((limit: any) => limit.name));
  let name = base;
  for (let number = 2; taken.has(name); number++) name = `${base}-${number}`;
  return name;
}

/** Both default to 0 % in Envoy: a limiter without them does nothing. */
function percentsOf(fields: Fields, tell: Tell): any {
  const percents: any = {};
  const pairs: [string, string][] = [
    ["filter_enabled", "enabled"],
    ["filter_enforced", "enforced"],
  ];
  for (const [native, own] of pairs) {
    const value = fields.get(native);
    if (value === undefined) {
      percents[own] = 0;
      tell.changed(
        "",
        `${native} is absent, which means 0 % in Envoy: ${own} is 0, set 100 to make it work`,
      );
      continue;
    }
    const inner = new Fields(new Fields(value, []).get("default_value") ?? {}, []);
    const per: Record<string, number> = { HUNDRED: 1, TEN_THOUSAND: 100, MILLION: 10_000 };
    percents[own] =
      Number(inner.get("numerator") ?? 0) /
      (per[String(inner.get("denominator") ?? "HUNDRED")] ?? 1);
    tell.carried(native, `${own}: ${percents[own]}`);
    if (new Fields(value, []).get("runtime_key"))
      tell.changed(
        `${native}/runtime_key`,
        "there is no runtime to change it in: apply other settings instead",
      );
  }
  return percents;
}

function addReply(settings: any, fields: Fields, tell: Tell): void {
  const code = new Fields(fields.get("status") ?? {}, []).get("code");
  if (code !== undefined) {
    const status = statusOf(code);
    settings.status = status >= 400 ? status : 429;
    if (status >= 400) tell.carried("status", "status");
    else
      tell.changed("status", "Envoy answers 429 where a status below 400 is written, and so do we");
  }
  const headers = listOf(fields.get("response_headers_to_add"));
  if (headers.length > 0) {
    settings.responseHeaders = [...(settings.responseHeaders ?? []), ...headers.map(headerOf)];
    tell.carried("response_headers_to_add", "responseHeaders");
  }
  const unenforced = listOf(fields.get("request_headers_to_add_when_not_enforced"));
  if (unenforced.length > 0) {
    settings.requestHeadersWhenNotEnforced = [
      ...(settings.requestHeadersWhenNotEnforced ?? []),
      ...unenforced.map(headerOf),
    ];
    tell.carried("request_headers_to_add_when_not_enforced", "requestHeadersWhenNotEnforced");
  }
  if (fields.get("enable_x_ratelimit_headers") === "DRAFT_VERSION_03") {
    settings.headers = "draft03";
    tell.carried("enable_x_ratelimit_headers", "headers: draft03");
  } else if (fields.get("enable_x_ratelimit_headers") !== undefined)
    tell.carried("enable_x_ratelimit_headers", "headers: none");
  if (fields.get("enable_retry_after_header") !== undefined) {
    settings.retryAfter = Boolean(fields.get("enable_retry_after_header"));
    tell.carried("enable_retry_after_header", "retryAfter");
  }
  if (fields.get("rate_limited_as_resource_exhausted") !== undefined) {
    settings.grpcResourceExhausted = Boolean(fields.get("rate_limited_as_resource_exhausted"));
    tell.carried("rate_limited_as_resource_exhausted", "grpcResourceExhausted");
  }
}

/** A number, or a name of Envoy's StatusCode, which are the reason phrases without their blanks. */
function statusOf(code: unknown): number {
  const named = Object.entries(STATUS_CODES).find(
    ([, phrase]) => phrase?.replaceAll(/[^A-Za-z]/g, "") === code,
  );
  return Number(named?.[0] ?? code) || 0;
}

function headerOf(option: any): any {
  return {
    name: String(option?.header?.key ?? "").toLowerCase(),
    value: String(option?.header?.value ?? ""),
  };
}

function addRest(fields: Fields, tell: Tell): void {
  const notes: [string, keyof Tell, string][] = [
    [
      "local_rate_limit_per_downstream_connection",
      "lost",
      "a bucket for each connection: the nearest is key: [{sourceAddress: {}}]",
    ],
    [
      "local_cluster_rate_limit",
      "lost",
      "the number of replicas is not known to a Wasm filter: use global with a rate limit service",
    ],
    [
      "always_consume_default_token_bucket",
      "changed",
      "every limit that matches must admit, and all are charged",
    ],
    [
      "max_dynamic_descriptors",
      "changed",
      "maxKeys (10,000): a full table never hands out a fresh bucket",
    ],
    ["vh_rate_limits", "changed", "each limit says in match where it applies"],
    ["stage", "changed", "limits have no stages"],
  ];
  for (const [name, fate, note] of notes)
    if (fields.get(name) !== undefined) tell[fate](name, note);
  if (fields.get("@type") !== undefined) tell.carried("@type", "the filter itself");
}
