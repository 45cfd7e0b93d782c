// Decides requests with the real modules in the emulated proxy: what a migration has made, as a
// proxy would run it.
import { filterNames } from "../core/catalog.ts";
import type { FilterName } from "../core/catalog.ts";
import { stamped } from "../core/schedule.ts";
import { fieldsOf } from "../core/value.ts";
import { Clock } from "../emulator/clock.ts";
import type { Request } from "../emulator/exchange.ts";
import { Proxy } from "../emulator/proxy.ts";
import type { Stream } from "../emulator/stream.ts";
import type { Decider, Decision, Header, NativeRequest } from "../native/types.ts";
import { compiled } from "../validate/module-check.ts";

/** One proxy with these filters; buckets and the like live as long as it does. */
export class FilterDecider implements Decider {
  private readonly proxy: Proxy;

  /** `timeMillis`: when the first request comes, or before. */
  constructor(filters: Partial<Record<FilterName, unknown>>, timeMillis = 0) {
    this.proxy = new Proxy({ clock: new Clock(timeMillis) });
    for (const name of filterNames) {
      const settings = filters[name];
      if (settings === undefined) continue;
      // `after` counts from the start.
      const config =
        name === "canary" ? stamped(fieldsOf(settings), new Date(timeMillis)) : settings;
      this.proxy.install({ module: compiled(name), name, config });
    }
    this.proxy.clock.settle();
  }

  decide(request: NativeRequest): Decision {
    const { clock } = this.proxy;
    const passed = request.timeMillis - Number(clock.unixNanos / 1_000_000n);
    if (passed > 0) clock.advance(passed);
    return decisionOf(this.proxy.exchange(asSent(request)), request);
  }

  /** The metrics' values by name. */
  get metrics(): Record<string, number> {
    return this.proxy.metrics.all();
  }

  close(): void {
    this.proxy.shutdown();
  }
}

/** The request as the emulator takes it. */
export function asSent(request: NativeRequest): Request {
  return {
    method: request.method,
    path: request.path,
    authority: request.host,
    scheme: request.scheme,
    headers: request.headers.map(([name, value]): [string, string] => [name, value]),
    sourceAddress: request.source.remote,
    ...(request.peer && {
      connection: { mtls: true, uri_san_peer_certificate: request.peer },
    }),
  };
}

/** What the proxy itself adds before the first filter, with or without the modules. */
const proxyHeaders = new Set([
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-envoy-external-address",
  "x-request-id",
]);

function decisionOf(stream: Stream, request: NativeRequest): Decision {
  if (stream.upstreamHeaders === undefined)
    return {
      refusal: {
        status: stream.responseCode ?? 0,
        reason: stream.details ?? stream.state,
      },
    };
  const headers = stream.upstreamHeaders
    .pairs()
    .map(([name, value]): Header => [name, value.toString()])
    .filter(([name]) => !name.startsWith(":") && name !== "host" && !proxyHeaders.has(name));
  const path = stream.upstreamHeaders.get(":path");
  return {
    headers: [...headers, ...request.headers.filter(([name]) => proxyHeaders.has(name))],
    effects: path === request.path || path === undefined ? {} : { path },
  };
}
