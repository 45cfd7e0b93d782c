// Envoy's descriptors: actions say which keys a request has, descriptors which values have which
// bucket. Ours are limits with a match (fixed values) and a key (any value).
import { listOf } from "./context.ts";
import { Fields } from "./fields.ts";
import { tokenBucketOf } from "./token-bucket.ts";
import type { Tell } from "./token-bucket.ts";

/**
 * One limit per descriptor whose keys come from actions in the same configuration, or in other
 * patches beside it.
 */
export function descriptorLimits(
  fields: Fields,
  name: string,
  common: any,
  elsewhere: any[],
  tell: Tell,
): any[] {
  const descriptors = listOf(fields.get("descriptors"));
  if (descriptors.length === 0) return [];
  const own = listOf(fields.get("rate_limits")).flatMap((limit) =>
    listOf(new Fields(limit, []).get("actions")),
  );
  const actions = own.length > 0 ? own : elsewhere;
  if (own.length > 0) tell.carried("rate_limits", "match and key of the limits");
  return descriptors.flatMap((descriptor, at) => {
    const where = `descriptors/${at}`;
    const limit: any = {
      name: `${name}-${at + 1}`,
      ...common,
      tokenBucket: tokenBucketOf(new Fields(descriptor, []).get("token_bucket")),
    };
    const match: any = { ...common.match?.[0] };
    const keys: any[] = [];
    for (const entry of listOf(descriptor?.entries)) {
      const found = entryOf(entry, actions);
      if (typeof found === "string") {
        tell.lost(where, found);
        return [];
      }
      Object.assign(match, merged(match, found.match));
      if (found.key) keys.push(found.key);
    }
    if (Object.keys(match).length > 0) limit.match = [match];
    if (keys.length > 0) {
      limit.key = keys;
      // Without the key there is no descriptor, and so no limit.
      limit.whenMissing = "skip";
    }
    if (new Fields(descriptor, []).get("shadow_mode")) limit.shadow = true;
    tell.carried(where, `rate-limit.limits "${limit.name}"`);
    return [limit];
  });
}

function merged(match: any, more: any): any {
  return {
    ...more,
    ...(match.headers && more?.headers && { headers: { ...match.headers, ...more.headers } }),
  };
}

/**
 * What one entry means: a condition on its value, or a key for any value. Text says why there is
 * no such thing.
 */
function entryOf(entry: any, actions: any[]): { match?: any; key?: any } | string {
  const key = String(entry?.key);
  const value = entry?.value === undefined || entry.value === "" ? undefined : String(entry.value);
  for (const action of actions) {
    const kind = Object.keys(action ?? {})[0] ?? "";
    const fields = new Fields(action[kind], []);
    const made = readers[kind]?.(fields, key, value);
    if (made) return made;
  }
  const where =
    actions.length === 0
      ? "its actions (rate_limits) are on the routes, not in this file"
      : "none of the actions here makes it";
  return `descriptor key "${key}": ${where}`;
}

type Reader = (
  fields: Fields,
  key: string,
  value: string | undefined,
) => { match?: any; key?: any } | undefined;

const readers: Record<string, Reader> = {
  request_headers: (fields, key, value) => {
    if (fields.get("descriptor_key") !== key) return undefined;
    const header = String(fields.get("header_name")).toLowerCase();
    const pseudo: Record<string, string> = {
      ":path": "uri",
      ":method": "method",
      ":authority": "authority",
    };
    const name = pseudo[header];
    if (value === undefined) return { key: name ? { [name]: true } : { header } };
    return {
      match: name ? { [name]: { exact: value } } : { headers: { [header]: { exact: value } } },
    };
  },
  query_parameters: (fields, key, value) => {
    if (fields.get("descriptor_key") !== key) return undefined;
    const queryParam = String(fields.get("query_parameter_name"));
    return value === undefined
      ? { key: { queryParam } }
      : { match: { queryParams: { [queryParam]: { exact: value } } } };
  },
  remote_address: (_fields, key, value) => {
    if (key !== "remote_address") return undefined;
    return value === undefined
      ? { key: { sourceAddress: {} } }
      : { match: { sourceAddresses: [value] } };
  },
  masked_remote_address: (fields, key, value) => {
    if (key !== "masked_remote_address") return undefined;
    if (value !== undefined) return { match: { sourceAddresses: [value] } };
    const prefixes = {
      v4Prefix: Number(fields.get("v4_prefix_mask_len") ?? 32),
      v6Prefix: Number(fields.get("v6_prefix_mask_len") ?? 128),
    };
    return { key: { sourceAddress: prefixes } };
  },
  generic_key: (fields, key, value) => {
    if ((fields.get("descriptor_key") ?? "generic_key") !== key) return undefined;
    return value === undefined || fields.get("descriptor_value") === value ? {} : undefined;
  },
  header_value_match: (fields, key, value) => {
    if (
      (fields.get("descriptor_key") ?? "header_match") !== key ||
      fields.get("descriptor_value") !== value
    )
      return undefined;
    const headers: any = {};
    for (const header of listOf(fields.get("headers"))) {
      const read = new Fields(header, []);
      const match =
        read.get("string_match") ??
        (read.get("exact_match") !== undefined
          ? { exact: read.get("exact_match") }
          : { present: true });
      headers[String(header?.name).toLowerCase()] = match.safe_regex
        ? { regex: match.safe_regex.regex }
        : match;
    }
    return { match: { headers } };
  },
};
for (const [snake, reader] of Object.entries({ ...readers })) {
  readers[snake.replaceAll(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase())] = reader;
}
