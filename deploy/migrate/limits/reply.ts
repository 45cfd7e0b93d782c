// What a client or the upstream sees of a local rate limit: status, headers, gRPC status.
import { mapsOf, textAt } from "../../core/value.ts";
import type { Fields } from "../../core/value.ts";
import type { Message } from "../../native/envoy/message.ts";
import type { LimiterSettings } from "../../native/rate-limit/settings.ts";

/** Adds it to the settings. Comes back with what is not quite the same. */
export function addReply(
  made: Fields,
  config: Message,
  settings: LimiterSettings,
  base: string,
): string[] {
  const notes: string[] = [];
  if (settings.status !== 429) made.status = settings.status;
  const headers = config.list("response_headers_to_add").map(headerOf);
  if (headers.length > 0)
    made.responseHeaders = headers.map(({ name, value }) => ({ name, value }));
  const unenforced = config.list("request_headers_to_add_when_not_enforced").map(headerOf);
  if (unenforced.length > 0)
    made.requestHeadersWhenNotEnforced = unenforced.map(({ name, value }) => ({ name, value }));
  if ([...headers, ...unenforced].some(({ value }) => /%[^%]/.test(value)))
    notes.push("a header's value is sent as it is written, its %…% operators too");
  if (config.text("enable_x_ratelimit_headers") === "DRAFT_VERSION_03") {
    made.headers = "draft03";
    notes.push(
      "x-ratelimit-limit names the window too, and of several limits the one with least left",
    );
  }
  if (config.flag("enable_retry_after_header", false)) made.retryAfter = true;
  if (config.flag("rate_limited_as_resource_exhausted", false)) made.grpcResourceExhausted = true;
  const [first] = mapsOf(made.limits);
  const name = textAt(first, "name") ?? base;
  notes.push(`metrics are gatehouse.rate-limit.${name}.*, not ${config.text("stat_prefix")}.*`);
  return notes;
}

function headerOf(option: Message): { name: string; value: string } {
  const header = option.message("header");
  return { name: header?.text("key").toLowerCase() ?? "", value: header?.text("value") ?? "" };
}
