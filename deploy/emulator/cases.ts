// A described request with what is expected of it: the shape shared by `gatehouse try --cases`
// and the scenarios in tests. Knows how to read, run and check cases; refuses to know where they
// come from and how results are shown.
import { toUnixNanos } from "./clock.ts";
import type { Request, Response } from "./exchange.ts";
import type { Proxy } from "./proxy.ts";
import type { Stream } from "./stream.ts";
import { EmulatorError } from "./abi.ts";

/**
 * How one text is compared: as it is, by one of StringMatch's kinds, `true`: there at all. A
 * list: all values in order.
 */
export type TextMatch =
  | string
  | number
  | boolean
  | { exact?: string; prefix?: string; suffix?: string; contains?: string; regex?: string }
  | (string | number)[];

export interface Expectation {
  status?: number;
  /** What the client gets. */
  headers?: Record<string, TextMatch>;
  absentHeaders?: string[];
  body?: TextMatch;
  /** Whether the request reached the upstream. */
  forwarded?: boolean;
  upstreamHeaders?: Record<string, TextMatch>;
  upstreamAbsent?: string[];
  /**
   * The hand-over: canary's variant, the limit that refused, the reason, the verified claims
   * (those named here).
   */
  variant?: TextMatch;
  limit?: TextMatch;
  reason?: TextMatch;
  claims?: Record<string, unknown>;
  /** %RESPONSE_CODE_DETAILS%. */
  details?: TextMatch;
  /**
   * The access log line: as text, or as an object whose fields must be in the JSON line. `false`:
   * none.
   */
  log?: TextMatch | Record<string, unknown>;
  /** By how much each metric grew in this case; names without the prefix that Envoy adds. */
  metrics?: Record<string, number>;
}

export interface Case {
  name: string;
  /** `time`: the wall clock for this case alone, RFC 3339. */
  request?: Request & { time?: string };
  response?: Response;
  /** Send it this often; each must meet the expectation. Default 1. */
  repeat?: number;
  /** Let this much time pass before, like `10s`. */
  advance?: string;
  expect?: Expectation;
  /** Needs what a real proxy in a test cannot have. */
  emulatorOnly?: boolean;
}

/** What happened to one request, from the emulator or from Envoy. */
export interface Observed {
  status: number;
  headers: [name: string, value: string][];
  body: string;
  /** Undefined when the request did not reach the upstream. */
  upstreamHeaders?: [name: string, value: string][];
  details?: string;
  variant?: string;
  limit?: string;
  reason?: string;
  /** JSON text. */
  claims?: string;
  log?: string;
  metrics: Record<string, number>;
}

const keys = {
  case: "name request response repeat advance expect emulatorOnly",
  request:
    "method path authority scheme headers body trailers sourceAddress destinationAddress protocol connection metadata xds time",
  response:
    "status headers body trailers grpcStatus durationMillis flags details upstreamAddress cluster transportFailure",
  expect:
    "status headers absentHeaders body forwarded upstreamHeaders upstreamAbsent variant limit reason claims details log metrics",
};

/**
 * Takes a parsed list of cases. Throws EmulatorError that points at what is wrong: a misspelt key
 * would expect nothing.
 */
export function readCases(document: unknown): Case[] {
  if (!Array.isArray(document)) throw refusal("", "expected a list of cases");
  return document.map((each, i) => {
    requireKeys(each, `/${i}`, keys.case);
    if (typeof each.name !== "string" || each.name === "")
      throw refusal(`/${i}/name`, "expected a text");
    for (const part of ["request", "response", "expect"] as const) {
      if (each[part] !== undefined) requireKeys(each[part], `/${i}/${part}`, keys[part]);
    }
    if (each.advance !== undefined && durationMillis(String(each.advance)) === undefined) {
      throw refusal(`/${i}/advance`, "expected a duration like 10s");
    }
    const { time } = (each.request ?? {}) as { time?: unknown };
    if (time !== undefined && Number.isNaN(new Date(time as string).getTime()))
      throw refusal(`/${i}/request/time`, "expected a moment like 2026-01-31T12:00:00Z");
    if (each.repeat !== undefined && !(Number.isInteger(each.repeat) && Number(each.repeat) > 0))
      throw refusal(`/${i}/repeat`, "expected a whole number from 1 on");
    return each as unknown as Case;
  });
}

function requireKeys(
  value: unknown,
  at: string,
  known: string,
): asserts value is Record<string, unknown> {
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw refusal(at, "expected a mapping");
  const unknown = Object.keys(value).find((key) => !known.split(" ").includes(key));
  if (unknown)
    throw refusal(`${at}/${unknown}`, `unknown key; known are ${known.replaceAll(" ", ", ")}`);
}

function refusal(at: string, why: string): EmulatorError {
  return new EmulatorError("BAD_CASE", `${at || "/"}: ${why}`);
}

const units: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** `500ms`, `10s`, `1m`, `24h` in milliseconds; undefined for anything else. */
export function durationMillis(text: string): number | undefined {
  const match = text.match(/^(\d+(?:\.\d+)?)(ms|s|m|h)$/);
  return match ? Number(match[1]) * units[match[2]!]! : undefined;
}

/** Runs one case on a proxy that has its filters. One observation for each repetition. */
export function runCase(proxy: Proxy, each: Case): { stream: Stream; observed: Observed }[] {
  const { clock } = proxy;
  if (each.advance) clock.advance(durationMillis(each.advance)!);
  const results: { stream: Stream; observed: Observed }[] = [];
  for (let i = 0; i < (each.repeat ?? 1); i++) {
    const before = { metrics: proxy.metrics.all(), lines: proxy.log.length };
    const { time, ...request } = each.request ?? {};
    const [unix, monotonic] = [clock.unixNanos, clock.monotonicNanos];
    if (time !== undefined) clock.unixNanos = toUnixNanos(time);
    const stream = proxy.exchange(request, each.response);
    if (time !== undefined) clock.unixNanos = unix + (clock.monotonicNanos - monotonic);
    results.push({ stream, observed: observe(proxy, stream, before) });
  }
  return results;
}

function observe(
  proxy: Proxy,
  stream: Stream,
  before: { metrics: Record<string, number>; lines: number },
): Observed {
  const state = (name: string) => stream.filterState.get(name)?.toString("utf8");
  const text = (pairs: [string, Buffer][]) =>
    pairs.map(([name, value]): [string, string] => [name, value.toString("utf8")]);
  const line = proxy.log
    .slice(before.lines)
    .findLast(({ plugin }) => plugin === "access-log" || plugin === "edge");
  return {
    status: stream.responseCode ?? 0,
    headers: text(stream.responseHeaders?.pairs() ?? []),
    body: stream.responseBody.toString("utf8"),
    upstreamHeaders: stream.upstreamHeaders && text(stream.upstreamHeaders.pairs()),
    details: stream.details,
    variant: state("gatehouse_variant"),
    limit: state("gatehouse_limit"),
    reason: state("gatehouse_reason"),
    claims: state("gatehouse_claims"),
    log: state("gatehouse_access_log") ?? line?.message,
    metrics: growth(before.metrics, proxy.metrics.all()),
  };
}

/**
 * The cases that a real proxy on this machine can be given: no other time, no certificate, no
 * metadata, no failure of its own. Time that has passed has passed for all later cases too, so
 * the first `advance` ends them.
 */
export function casesForEnvoy(cases: Case[]): Case[] {
  const passing = cases.findIndex(({ advance }) => advance !== undefined);
  return (passing < 0 ? cases : cases.slice(0, passing)).filter((each) => !needsEmulator(each));
}

function needsEmulator({ request = {}, response = {}, emulatorOnly }: Case): boolean {
  const { time, connection, metadata, xds, protocol, destinationAddress, trailers, scheme } =
    request;
  const virtual: unknown[] = [
    time,
    connection,
    metadata,
    xds,
    protocol,
    destinationAddress,
    trailers,
    scheme,
  ];
  const {
    flags,
    details,
    upstreamAddress,
    trailers: given,
    grpcStatus,
    transportFailure,
    cluster,
  } = response;
  virtual.push(flags, details, upstreamAddress, given, grpcStatus, transportFailure, cluster);
  return emulatorOnly === true || virtual.some((each) => each !== undefined);
}

/** How much each metric grew. */
export function growth(
  before: Record<string, number>,
  now: Record<string, number>,
): Record<string, number> {
  const changed = Object.entries(now).map(([name, value]): [string, number] => [
    name,
    value - (before[name] ?? 0),
  ]);
  return Object.fromEntries(changed.filter(([, value]) => value !== 0));
}
