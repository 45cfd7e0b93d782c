// The filters of a settings text in an emulated proxy, with an issuer whose keys the filters fetch.
import type { Case } from "../../emulator/cases.ts";
import type { Proxy } from "../../emulator/proxy.ts";
import { load } from "../../core/load.ts";
import { ToolError, hasErrors, textOf } from "../../core/problem.ts";
import { routesIn, variantsOf } from "../../core/canary.ts";
import { at, fieldsOf, mapsOf } from "../../core/value.ts";
import { answersOf, inOrder, issuerFor, proxyOf } from "../../try/chain.ts";
import type { Link, Scripted } from "../../try/chain.ts";
import { explain } from "../../try/explain.ts";
import type { Decision } from "../../try/explain.ts";
import type { Issuer } from "../../try/issuer.ts";
import { filled } from "../../try/placeholders.ts";
import { hostOf, routingOf } from "../../try/route.ts";
import type { Routing } from "../../try/route.ts";
import { pluginsOf } from "../../validate/plugin.ts";
import { put } from "../browser/fs.ts";
import type { Quota, Sent, Step } from "./protocol.ts";

export interface ChainOptions {
  start?: Date;
  /** Their placeholders say which keys the issuer needs. */
  cases?: Case[];
  calls?: Scripted[];
  /** Let rate-limit say on each answer what is left, also where the settings do not ask for it. */
  quota?: boolean;
}

/** Headers that the page asked for, and the settings did not. */
const quotaHeaders = new Set(["ratelimit", "ratelimit-policy"]);

export class Chain {
  readonly links: Link[];
  readonly routing: Routing;
  readonly issuer: Issuer;
  readonly proxy: Proxy;
  readonly host?: string;
  readonly variants: string[];
  /** What a made token says where nothing else is asked for. */
  readonly tokenDefaults?: { issuer?: string; audience?: string };
  /** The first route of the canary's settings. */
  readonly canaryRoute?: { name: string; guard?: { variant: string } };
  private readonly hidesQuota: boolean;

  /** Throws `invalid` with what is wrong where the settings cannot be used. */
  static of(settings: string, options: ChainOptions = {}): Chain {
    return new Chain(settings, options);
  }

  private constructor(settings: string, options: ChainOptions) {
    const start = options.start ?? new Date();
    put("edge.yaml", settings);
    const loaded = load(["edge.yaml"]);
    const errors = loaded.findings.filter(({ severity }) => severity === "error");
    if (hasErrors(errors)) throw new ToolError("invalid", errors.map(textOf).join("\n"));
    const [policy, second] = loaded.policies;
    if (!policy) throw new ToolError("input", "no settings file (kind: Policy) in the editor");
    if (second)
      throw new ToolError("input", "two settings files in one editor: the playground takes one");
    this.links = inOrder(pluginsOf(policy, "WasmPlugin", start).plugins);
    this.routing = routingOf(loaded.policies, loaded.others);
    this.host = hostOf(this.routing);
    this.canaryRoute = routesIn(policy.filters.get("canary"))[0] as Chain["canaryRoute"];
    this.variants = variantsOf(this.canaryRoute ?? {});
    const limiter = this.links.find(({ filter }) => filter === "rate-limit")?.plugin;
    this.hidesQuota =
      Boolean(options.quota) &&
      limiter !== undefined &&
      !limiter.bundle &&
      isQuiet(fieldsOf(limiter.config));
    if (this.hidesQuota) limiter!.config = { ...fieldsOf(limiter!.config), headers: "ietf" };
    this.issuer = issuerFor(this.links);
    const issuers = this.links.find(({ filter }) => filter === "jwt-auth")?.plugin.config;
    const provider = mapsOf(at(issuers, "providers"))[0] as
      { issuer?: string; audiences?: string[] } | undefined;
    this.tokenDefaults = provider && {
      issuer: provider.issuer,
      audience: provider.audiences?.[0],
    };
    // The issuer's keys must be there before the filters ask for them.
    filled(options.cases ?? [], this.issuer, 0);
    if (provider && !options.cases) this.warmUp();
    const script = [...(options.calls ?? []), ...this.answers()];
    this.proxy = proxyOf(this.links, script, start);
  }

  private warmUp(): void {
    for (const algorithm of ["", "alg=EdDSA", "alg=RS256"]) {
      try {
        filled(`{{token ${algorithm}}}`, this.issuer, 0);
      } catch {
        // There is no RSA key (yet); a request that asks for one waits for it, or says so.
      }
    }
  }

  private answers(): Scripted[] {
    try {
      return answersOf(this.issuer, this.links);
    } catch (error) {
      // No provider fetches keys: then a made token has no way in, and the filter says so.
      if (error instanceof ToolError && error.code === "usage") return [];
      throw error;
    }
  }

  close(): void {
    this.proxy.shutdown();
  }

  send(request: Case): Omit<Sent, "count"> {
    const runs = explain(this.proxy, this.links, request, this.routing, this.issuer);
    const { observed, filters, route } = runs.at(-1)!;
    const quota = quotaOf(observed.headers);
    const shown = this.hidesQuota
      ? observed.headers.filter(([name]) => !quotaHeaders.has(name))
      : observed.headers;
    const metrics = Object.entries(this.proxy.metrics.all()).filter(([, value]) => value !== 0);
    return {
      observed: { ...observed, headers: shown },
      steps: filters.map((step) => this.stepOf(step)),
      route,
      quota,
      metrics: Object.fromEntries(metrics.sort(([a], [b]) => (a < b ? -1 : 1))),
      clock: new Date(Number(this.proxy.clock.unixNanos / 1_000_000n)).toISOString(),
    };
  }

  private stepOf(step: Decision): Step {
    const { decision } = step;
    const outcome = decision.startsWith("refused")
      ? "refused"
      : decision === "passed"
        ? "passed"
        : decision === "waits"
          ? "held"
          : "skipped";
    const responseHeaders = this.hidesQuota
      ? step.responseHeaders.filter(({ header }) => !quotaHeaders.has(header))
      : step.responseHeaders;
    return {
      filter: step.filter,
      decision,
      outcome,
      requestHeaders: step.requestHeaders,
      responseHeaders,
      counted: step.counted,
    };
  }
}

function isQuiet(config: { headers?: string } | undefined): boolean {
  return config?.headers === undefined || config.headers === "none";
}

/** `"all";r=999;t=1` and `"all";q=1000;w=10`, as rate-limit writes them. */
export function quotaOf(headers: [string, string][]): Quota | undefined {
  const valueOf = (name: string) => headers.find(([each]) => each === name)?.[1];
  const found = /^"([^"]*)";r=(\d+)(?:;t=(\d+))?/.exec(valueOf("ratelimit") ?? "");
  if (!found) return undefined;
  const size = /;q=(\d+)/.exec(valueOf("ratelimit-policy") ?? "")?.[1];
  return {
    limit: found[1]!,
    remaining: Number(found[2]),
    size: size === undefined ? undefined : Number(size),
    reset: found[3] === undefined ? undefined : Number(found[3]),
  };
}
