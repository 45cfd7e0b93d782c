// RateLimit.Action: each makes one entry of a request's descriptor, or ends it
// (source/common/router/router_ratelimit.cc, run on Envoy 1.36 and 1.40).
import { matchesHeader, readHeaderMatcher } from "../envoy/header-matcher.ts";
import type { HeaderMatcher } from "../envoy/header-matcher.ts";
import { lookupIn } from "../envoy/headers.ts";
import type { Lookup } from "../envoy/headers.ts";
import type { Message } from "../envoy/message.ts";
import { matchesQuery, queryOf, readQueryMatcher } from "../envoy/query.ts";
import type { QueryMatcher } from "../envoy/query.ts";
import type { Exchange } from "../types.ts";
import { addressIn, maskedAddress, readNetwork } from "./address.ts";
import type { Network } from "./address.ts";

export type Action =
  | { kind: "header"; key: string; header: string; skipIfAbsent: boolean }
  | { kind: "query"; key: string; parameter: string; skipIfAbsent: boolean }
  | { kind: "address" }
  | { kind: "network"; v4Prefix: number; v6Prefix: number }
  | { kind: "fixed"; key: string; value: string }
  | { kind: "headerMatch"; key: string; value: string; expect: boolean; headers: HeaderMatcher[] }
  | { kind: "queryMatch"; key: string; value: string; expect: boolean; query: QueryMatcher[] }
  | { kind: "addressMatch"; key: string; value: string; invert: boolean; networks: Network[] };

export interface Entry {
  key: string;
  value: string;
}

/** What actions look at. */
export interface Facts {
  header: Lookup;
  query: ReadonlyMap<string, string>;
  /** The client's address as the proxy decided it. */
  address: string;
}

export function factsOf(exchange: Exchange): Facts {
  return {
    header: lookupIn(exchange),
    query: queryOf(exchange.path),
    address: exchange.request.source.remote,
  };
}

const readers: Record<string, (fields: Message) => Action> = {
  request_headers: (fields) => ({
    kind: "header",
    key: required(fields, "descriptor_key"),
    header: required(fields, "header_name").toLowerCase(),
    skipIfAbsent: fields.flag("skip_if_absent", false),
  }),
  query_parameters: (fields) => ({
    kind: "query",
    key: required(fields, "descriptor_key"),
    parameter: required(fields, "query_parameter_name"),
    skipIfAbsent: fields.flag("skip_if_absent", false),
  }),
  remote_address: () => ({ kind: "address" }),
  masked_remote_address: (fields) => ({
    kind: "network",
    v4Prefix: fields.whole("v4_prefix_mask_len") ?? 32,
    v6Prefix: fields.whole("v6_prefix_mask_len") ?? 128,
  }),
  generic_key: (fields) => ({
    kind: "fixed",
    key: fields.text("descriptor_key") || "generic_key",
    value: required(fields, "descriptor_value"),
  }),
  header_value_match: (fields) => ({
    kind: "headerMatch",
    key: fields.text("descriptor_key") || "header_match",
    value: required(fields, "descriptor_value"),
    expect: fields.flag("expect_match", true),
    headers: fields.list("headers").map(readHeaderMatcher),
  }),
  query_parameter_value_match: (fields) => ({
    kind: "queryMatch",
    key: fields.text("descriptor_key") || "query_match",
    value: required(fields, "descriptor_value"),
    expect: fields.flag("expect_match", true),
    query: fields.list("query_parameters").map(readQueryMatcher),
  }),
  remote_address_match: (fields) => {
    const matcher = fields.message("address_matcher");
    const action: Action = {
      kind: "addressMatch",
      key: fields.text("descriptor_key") || "remote_address_match",
      value: required(fields, "descriptor_value"),
      invert: matcher?.flag("invert_match", false) ?? false,
      networks: matcher?.list("ranges").map(readNetwork) ?? [],
    };
    matcher?.done();
    return action;
  },
};

export function readAction(message: Message): Action {
  const kind = message.oneOf(Object.keys(readers));
  message.done();
  if (kind === undefined) throw message.refuse("", "is an action without a kind");
  const fields = message.message(kind)!;
  const action = readers[kind]!(fields);
  fields.done();
  return action;
}

function required(fields: Message, name: string): string {
  const text = fields.text(name);
  if (text === "") throw fields.refuse(name, "is missing");
  // Envoy formats values with `%…%` behind a runtime flag that is off: nobody can tell from the
  // file.
  if (text.includes("%")) throw fields.refuse(name, "has a format operator");
  return text;
}

/** An entry; `skip`: none, and go on; `end`: the request has no such descriptor. */
export function entryOf(action: Action, facts: Facts): Entry | "skip" | "end" {
  switch (action.kind) {
    case "header":
      // Of several values the first counts.
      return orAbsent(action, facts.header(action.header)[0]);
    case "query":
      return orAbsent(action, facts.query.get(action.parameter));
    case "address":
      return { key: "remote_address", value: facts.address };
    case "network":
      return {
        key: "masked_remote_address",
        value: maskedAddress(facts.address, action.v4Prefix, action.v6Prefix),
      };
    case "fixed":
      return { key: action.key, value: action.value };
    case "headerMatch": {
      const isMet = action.headers.every((matcher) => matchesHeader(matcher, facts.header));
      return isMet === action.expect ? { key: action.key, value: action.value } : "end";
    }
    case "queryMatch": {
      const isMet = action.query.every((matcher) => matchesQuery(matcher, facts.query));
      return isMet === action.expect ? { key: action.key, value: action.value } : "end";
    }
    case "addressMatch": {
      const isIn = action.networks.some((network) => addressIn(facts.address, network));
      return isIn !== action.invert ? { key: action.key, value: action.value } : "end";
    }
  }
}

function orAbsent(
  { key, skipIfAbsent }: { key: string; skipIfAbsent: boolean },
  value: string | undefined,
): Entry | "skip" | "end" {
  if (value === undefined) return skipIfAbsent ? "skip" : "end";
  return { key, value };
}
