// The filters of one place in the mesh, in their order, in the emulated proxy. Keys and other
// services answer as scripted.
import { readFileSync } from "node:fs";
import { EmulatorError } from "../emulator/abi.ts";
import { Clock } from "../emulator/clock.ts";
import { Proxy } from "../emulator/proxy.ts";
import type { Call, CallOutcome } from "../emulator/proxy.ts";
import { filterNames } from "../core/catalog.ts";
import type { FilterName, ModuleName } from "../core/catalog.ts";
import { ToolError, reasonOf } from "../core/problem.ts";
import { at, mapsOf } from "../core/value.ts";
import { clusterParts } from "../render/clusters.ts";
import { compiled, environmentFrom } from "../validate/module-check.ts";
import type { Plugin } from "../validate/plugin.ts";
import { Issuer, madeAlgorithms } from "./issuer.ts";

/**
 * What a cluster answers to a filter's call; `path` undefined: to any. The shape of the
 * scenarios' `calls`.
 */
export interface Scripted {
  cluster: string;
  path?: string;
  answer:
    | "refused"
    | "timeout"
    | "unhealthy"
    | { status?: number; headers?: Record<string, string>; body?: unknown };
}

export interface Link {
  filter: FilterName;
  plugin: Plugin;
}

/**
 * Puts the plugins in chain order. Throws `usage` when one filter is there twice: a proxy would
 * run both.
 */
export function inOrder(plugins: Plugin[]): Link[] {
  return filterNames.flatMap((filter) => {
    const found = plugins.filter((plugin) => plugin.filter === filter);
    if (found.length > 1) {
      const places = found.map(
        (plugin) =>
          `${plugin.policy ? `${plugin.policy.namespace}/${plugin.policy.name}` : plugin.title}`,
      );
      throw new ToolError(
        "usage",
        `${filter} is there ${found.length} times (${places.join(", ")}): choose a place with --policy NAME`,
      );
    }
    return found.map((plugin) => ({ filter, plugin }));
  });
}

export interface LoadedModule {
  module: ModuleName;
  config: unknown;
  /** The plugin it runs; of `edge`, the first of its sections. */
  plugin: Plugin;
}

/** What the proxy loads: a module for each link, or one for all sections of `edge`. */
export function modulesOf(links: Link[]): LoadedModule[] {
  return links
    .filter(
      ({ plugin: { bundle } }, index) => !bundle || links[index - 1]?.plugin.bundle !== bundle,
    )
    .map(({ filter, plugin }) =>
      plugin.bundle
        ? { module: "edge", config: plugin.bundle, plugin }
        : { module: filter, config: plugin.config, plugin },
    );
}

/**
 * The proxy with its filters installed. Throws `invalid` with the filter's own words when one
 * refuses.
 */
export function proxyOf(links: Link[], script: Scripted[], start: Date): Proxy {
  const proxy = new Proxy({ clock: new Clock(start), onCall: (call) => answerTo(script, call) });
  for (const { module, config, plugin } of modulesOf(links)) {
    try {
      const env = environmentFrom(plugin.env);
      proxy.install({ module: compiled(module), name: module, config, env });
    } catch (error) {
      if (!(error instanceof EmulatorError)) throw error;
      const place = plugin.configPlace([]);
      throw new ToolError("invalid", `${module} refuses its configuration: ${error.message}`, {
        cause: error,
        place,
      });
    }
  }
  proxy.clock.settle();
  return proxy;
}

function answerTo(script: Scripted[], call: Call): CallOutcome {
  const path = call.headers.get(":path");
  const host = clusterParts(call.cluster)?.host;
  const found = script.find(
    (entry) =>
      (entry.cluster === call.cluster || entry.cluster === host) &&
      (entry.path === undefined || entry.path === path),
  );
  // A cluster without a scripted answer is down.
  if (!found) return "refused";
  if (typeof found.answer === "string") return found.answer;
  const { body } = found.answer;
  return {
    ...found.answer,
    body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
  };
}

/** `--jwks [HOST=]FILE`: the key set that a host answers with; without a host, every host does. */
export function keySets(flags: string[], links: Link[]): Scripted[] {
  return flags.flatMap((flag) => {
    const [, host, file] = /^(?:([^=/]+)=)?(.+)$/.exec(flag) ?? [];
    let body: string;
    try {
      body = readFileSync(file!, "utf8");
      JSON.parse(body);
    } catch (error) {
      throw new ToolError("input", `--jwks ${flag}: ${reasonOf(error)}`, { cause: error });
    }
    const answer = { status: 200, headers: { "content-type": "application/json" }, body };
    return host
      ? [{ cluster: host, answer }]
      : clustersOf(links).map((cluster) => ({ cluster, answer }));
  });
}

/** The clusters from which jwt-auth reads keys. */
function clustersOf(links: Link[]): string[] {
  return providersOf(links).flatMap((provider) => clusterOf(provider) ?? []);
}

/** A provider of jwt-auth, as much of it as an issuer has to know. */
interface Provider {
  issuer?: string;
  audiences?: string[];
  algorithms?: string[];
  jwksUri?: string;
  jwksCluster?: string;
  discovery?: unknown;
}

function clusterOf({ jwksCluster, jwksUri, discovery, issuer }: Provider): string | undefined {
  if (jwksCluster) return jwksCluster;
  const url = jwksUri ?? (discovery ? issuer : undefined);
  return url && URL.canParse(url) ? new URL(url).hostname : undefined;
}

/** The providers of the installed jwt-auth: its own parser and schema have accepted them. */
function providersOf(links: Link[]): Provider[] {
  const plugin = links.find(({ filter }) => filter === "jwt-auth")?.plugin;
  return mapsOf(at(plugin?.config, "providers")) as Provider[];
}

/**
 * An issuer whose tokens are, unless told otherwise, what the first provider that fetches its
 * keys wants.
 */
export function issuerFor(links: Link[]): Issuer {
  const providers = providersOf(links);
  const provider = providers.find(clusterOf) ?? providers[0];
  const listed: string[] = provider?.algorithms ?? [];
  const algorithm = madeAlgorithms.find((name) => listed.includes(name));
  return new Issuer({ issuer: provider?.issuer, audience: provider?.audiences?.[0], algorithm });
}

/**
 * What an issuer answers to whoever asks for keys. Throws `usage` when nobody does: its tokens
 * could not be verified.
 */
export function answersOf(issuer: Issuer, links: Link[]): Scripted[] {
  if (!issuer.isUsed) return [];
  const fetching = providersOf(links).filter(clusterOf);
  if (fetching.length === 0) {
    const why =
      "no provider here fetches keys (jwksUri or discovery): a token that is made for this run has no way in";
    throw new ToolError("usage", `${why}; give a real one with --header "authorization: Bearer …"`);
  }
  const headers = { "content-type": "application/json" };
  return fetching.flatMap((provider): Scripted[] => {
    const cluster = clusterOf(provider)!;
    const keys: Scripted = { cluster, answer: { status: 200, headers, body: issuer.keySet() } };
    if (!provider.discovery) return [keys];
    const base = String(provider.issuer).replace(/\/$/, "");
    const document = { issuer: provider.issuer, jwks_uri: `${base}/keys` };
    const path = new URL(`${base}/.well-known/openid-configuration`).pathname;
    return [{ cluster, path, answer: { status: 200, headers, body: document } }, keys];
  });
}
