// Many clients at once: how the split falls, what the buckets admit over time, when the guard
// opens. Requests are spread over virtual time; nothing waits.
import type { Stream } from "../../emulator/stream.ts";
import { filled } from "../../try/placeholders.ts";
import { Chain, quotaOf } from "./chain.ts";
import type { CrowdPlan, CrowdRun, Slice } from "./protocol.ts";

/** A chart with more columns says nothing more. */
const SLICES = 40;
/** A run of more requests takes longer than anybody waits. */
const REQUESTS_MAX = 20_000;
/** A request is held while keys are fetched; after this it counts as refused. */
const HELD_MILLIS_MAX = 5_000;

/** Runs the plan on a proxy of its own. Throws what `Chain.of` throws. */
export function crowd(settings: string, plan: CrowdPlan): CrowdRun {
  const chain = Chain.of(settings, { quota: true });
  try {
    return new Crowd(chain, plan).run();
  } finally {
    chain.close();
  }
}

interface Client {
  token?: string;
  cookie?: string;
  variant?: string;
}

class Crowd {
  private readonly chain: Chain;
  private readonly plan: CrowdPlan;
  private readonly clients: Client[];
  private readonly total: number;
  private readonly guarded?: string;
  private readonly guardMode?: string;
  private random = 0x2545f491;
  private readonly result: CrowdRun;

  constructor(chain: Chain, plan: CrowdPlan) {
    this.chain = chain;
    this.plan = plan;
    this.clients = Array.from({ length: plan.clients }, () => ({}));
    this.total = Math.min(REQUESTS_MAX, plan.clients * plan.requestsEach);
    const route = chain.canaryRoute;
    this.guarded = route?.guard?.variant;
    this.guardMode = route?.guard && `gatehouse.canary.${route.name}.guard_mode`;
    this.result = { variants: {}, slices: [], moved: 0, total: this.total, statuses: {} };
  }

  run(): CrowdRun {
    const { clock, metrics } = this.chain.proxy;
    const stepMillis = (this.plan.seconds * 1000) / Math.max(1, this.total);
    for (let sent = 0; sent < this.total; sent++) {
      const slice = this.sliceAt(sent);
      const client = this.clients[sent % this.clients.length]!;
      this.count(this.send(client, sent % this.clients.length), client, slice);
      if (this.guardMode) slice.guard = metrics.all()[this.guardMode];
      clock.advance(stepMillis);
    }
    return this.result;
  }

  private sliceAt(sent: number): Slice {
    const at = Math.floor((sent / this.total) * SLICES);
    const second = Math.round((at / SLICES) * this.plan.seconds * 10) / 10;
    return (this.result.slices[at] ??= {
      second,
      admitted: 0,
      limited: 0,
      refused: 0,
      variants: {},
    });
  }

  private send(client: Client, number: number): Stream {
    const { proxy, issuer, host } = this.chain;
    const seconds = Number(proxy.clock.unixNanos / 1_000_000_000n);
    if (this.plan.token)
      client.token ??= filled(`Bearer {{token subject=client-${number}}}`, issuer, seconds);
    const stream = proxy.open({
      path: this.plan.path,
      authority: this.plan.authority ?? host,
      sourceAddress: `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`,
      headers: {
        "x-client": `client-${number}`,
        "x-api-key": `client-${number}`,
        ...(client.token && { authorization: client.token }),
        ...(client.cookie && { cookie: client.cookie }),
      },
    });
    proxy.clock.settle();
    for (let millis = 0; stream.state === "held" && millis < HELD_MILLIS_MAX; millis += 10)
      proxy.clock.advance(10);
    if (stream.state === "forwarded")
      stream.respond({ status: this.fails(variantOf(stream)) ? 503 : 200 });
    proxy.clock.settle();
    return stream;
  }

  /** The same sequence on every run, so that a shared link shows the same picture. */
  private fails(variant: string | undefined): boolean {
    this.random = (Math.imul(this.random, 1_664_525) + 1_013_904_223) >>> 0;
    return variant === this.guarded && (this.random / 2 ** 32) * 100 < this.plan.failing;
  }

  private count(stream: Stream, client: Client, slice: Slice): void {
    const { result } = this;
    const status = stream.responseCode ?? 0;
    result.statuses[status] = (result.statuses[status] ?? 0) + 1;
    const headers = (stream.responseHeaders?.pairs() ?? []).map(
      ([name, value]): [string, string] => [name, value.toString("utf8")],
    );
    const cookie = headers.find(([name]) => name === "set-cookie")?.[1];
    if (cookie) client.cookie = cookie.split(";")[0];
    if (stream.upstreamHeaders) slice.admitted++;
    else if (stream.filterState.has("gatehouse_limit")) slice.limited++;
    else slice.refused++;
    slice.remaining = quotaOf(headers)?.remaining ?? slice.remaining;
    const variant = variantOf(stream);
    if (variant === undefined) return;
    result.variants[variant] = (result.variants[variant] ?? 0) + 1;
    slice.variants[variant] = (slice.variants[variant] ?? 0) + 1;
    if (client.variant !== undefined && client.variant !== variant) result.moved++;
    client.variant = variant;
  }
}

function variantOf(stream: Stream): string | undefined {
  return stream.filterState.get("gatehouse_variant")?.toString("utf8");
}
