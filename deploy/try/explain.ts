// What each filter did to one request, in words: its decision, the headers it changed, what it
// counted.
import { filterNames } from "../core/catalog.ts";
import type { FilterName } from "../core/catalog.ts";
import { durationMillis, runCase } from "../emulator/cases.ts";
import type { Case, Observed } from "../emulator/cases.ts";
import type { HeaderMap } from "../emulator/headers.ts";
import type { Proxy } from "../emulator/proxy.ts";
import type { Link } from "./chain.ts";
import type { Issuer } from "./issuer.ts";
import { filled } from "./placeholders.ts";
import { routeOf } from "./route.ts";
import type { Routing } from "./route.ts";

export interface Change {
  header: string;
  /** Undefined: it was taken away. */
  value?: string;
}

export interface Decision {
  filter: string;
  /** `passed`, `refused 401: …`, `waits`, or `not reached`. */
  decision: string;
  requestHeaders: Change[];
  responseHeaders: Change[];
  /** What it counted, without its own prefix: `main.allowed`. */
  counted: Record<string, number>;
}

export interface Explained {
  observed: Observed;
  filters: Decision[];
  /** Where the request went; undefined if it went nowhere. */
  route?: string;
}

type Pairs = Map<string, string>;

/** Runs one case (all its repetitions) and explains each. Tokens are made when they are sent. */
export function explain(
  proxy: Proxy,
  links: Link[],
  each: Case,
  routing: Routing,
  issuer: Issuer,
): Explained[] {
  const runs: Explained[] = [];
  // One repetition at a time, so that each can be watched by itself.
  for (let count = 0; count < (each.repeat ?? 1); count++) {
    const watch = watched(proxy, links);
    const single = filled(
      { ...each, repeat: 1, advance: count === 0 ? each.advance : undefined },
      issuer,
      now(proxy, each),
    );
    const { stream, observed } = runCase(proxy, single)[0]!;
    proxy.afterFilter = undefined;
    const filters = links.map(({ filter }) => watch.decisionOf(filter, observed, stream.state));
    const upstream = observed.upstreamHeaders && new Map(observed.upstreamHeaders);
    runs.push({ observed, filters, route: upstream && routeOf(routing, upstream) });
  }
  return runs;
}

/** The wall clock (Unix time, s) at which a case's request is sent. */
function now(proxy: Proxy, { request, advance }: Case): number {
  if (request?.time !== undefined) return Math.floor(new Date(request.time).getTime() / 1000);
  const seconds = Number(proxy.clock.unixNanos / 1_000_000_000n);
  return seconds + Math.floor((advance ? durationMillis(advance)! : 0) / 1000);
}

function watched(proxy: Proxy, links: Link[]) {
  const requests = new Map<string, Change[]>();
  const responses = new Map<string, Change[]>();
  let before: Pairs | undefined;
  let beforeResponse: Pairs | undefined;
  let refusedBy: string | undefined;
  proxy.afterFilter = (plugin, stream, moment) => {
    const isResponse = moment === "response";
    const now = pairsOf(isResponse ? stream.responseHeaders! : stream.requestHeaders);
    const last = isResponse ? beforeResponse : before;
    if (isResponse) beforeResponse = now;
    else before = now;
    if (!plugin) return;
    (isResponse ? responses : requests).set(plugin.name, last ? changes(last, now) : []);
    if (!isResponse && stream.state !== "opening") refusedBy ??= plugin.name;
  };
  const decisionOf = (filter: FilterName, observed: Observed, state: string): Decision => {
    const refuser = refusedBy === "edge" ? refuserIn(links, observed) : refusedBy;
    const isInEdge = requests.has("edge");
    const reached = isInEdge ? !isBehind(filter, refuser) : requests.has(filter);
    // Which section changed a header is not known; the last one that saw the request shows them.
    const last = isInEdge && links.findLast((link) => !isBehind(link.filter, refuser))?.filter;
    const plugin = last === filter ? "edge" : filter;
    const words =
      filter === refuser
        ? `refused ${observed.status}${observed.body ? `: ${firstLine(observed.body)}` : ""}`
        : reached
          ? "passed"
          : state === "held"
            ? "waits"
            : "not reached";
    const prefix = `gatehouse.${filter}.`;
    const counted = Object.entries(observed.metrics).filter(([name]) => name.startsWith(prefix));
    return {
      filter,
      decision: words,
      requestHeaders: requests.get(plugin) ?? [],
      responseHeaders: filter === refuser ? ownHeaders(observed) : (responses.get(plugin) ?? []),
      counted: Object.fromEntries(counted.map(([name, by]) => [name.slice(prefix.length), by])),
    };
  };
  return { decisionOf };
}

/** Which section of `edge` refused: only jwt-auth gives a reason. */
function refuserIn(links: Link[], { reason }: Observed): FilterName | undefined {
  const candidates: FilterName[] = reason === undefined ? ["rate-limit"] : ["jwt-auth"];
  return links.find(({ filter }) => candidates.includes(filter))?.filter;
}

/** Whether the request never reached `filter`, since one before it in the chain refused. */
function isBehind(filter: FilterName, refuser: string | undefined): boolean {
  const names: readonly string[] = filterNames;
  return refuser !== undefined && names.indexOf(filter) > names.indexOf(refuser);
}

/** What every answer has is no news. */
const usual = new Set([":status", "content-length", "content-type", "date", "server"]);

/** The headers of an answer made in the proxy. */
function ownHeaders(observed: Observed): Change[] {
  return observed.headers
    .filter(([name]) => !usual.has(name))
    .map(([header, value]) => ({ header, value }));
}

function firstLine(text: string): string {
  return text.split("\n")[0]!.slice(0, 120);
}

function pairsOf(headers: HeaderMap): Pairs {
  const pairs: Pairs = new Map();
  for (const [name, value] of headers.pairs()) {
    const text = value.toString("utf8");
    pairs.set(name, pairs.has(name) ? `${pairs.get(name)}, ${text}` : text);
  }
  return pairs;
}

function changes(before: Pairs, now: Pairs): Change[] {
  const set = [...now]
    .filter(([name, value]) => before.get(name) !== value)
    .map(([header, value]) => ({ header, value }));
  const removed = [...before.keys()].filter((name) => !now.has(name)).map((header) => ({ header }));
  return [...set, ...removed];
}
