// Plugins of the mesh as stages of the chain: the real modules, at the proxies and listeners to
// which istiod sends them. Keys are the keyring's, so that nothing is fetched.
import { mapsOf, textAt } from "../core/value.ts";
import type { Fields } from "../core/value.ts";
import { catalog, filterNames } from "../core/catalog.ts";
import type { FilterName, Phase } from "../core/catalog.ts";
import { attaches } from "../native/attachment.ts";
import type { Attachment } from "../native/attachment.ts";
import { keysOf } from "../native/jwt/rules.ts";
import type { Exchange, Mesh, NativeModel, NativeRequest, Refusal } from "../native/types.ts";
import type { Plugin } from "../validate/plugin.ts";
import { refusalOf, environmentFrom } from "../validate/module-check.ts";
import { FilterDecider } from "./filters.ts";
import { keysIn, madeAlgorithm } from "./keyring.ts";
import type { Keyring } from "./keyring.ts";

/** Between which native filters the phases of plugins are. */
const orders: Record<Phase, number> = { AUTHN: 200, AUTHZ: 400, STATS: 800 };
/** It decides nothing. */
const logger: FilterName = "access-log";

/** Changes the settings of rate-limit before they run. */
export type AdaptConfig = (config: Fields) => Fields;

/** Models of the plugins; `close` ends their machines. */
export function pluginModels(
  plugins: readonly Plugin[],
  keyring: Keyring,
  adaptLimits: AdaptConfig = (config) => config,
): { models: NativeModel[]; close(): void } {
  const running = plugins.map((plugin) => new Running(plugin, keyring, adaptLimits));
  const deciding = filterNames.filter((name) => name !== logger);
  const models = deciding.map((filter): NativeModel => {
    const order = orders[catalog[filter].phase];
    const own = running.filter(({ plugin }) => plugin.filter === filter);
    return {
      name: filter,
      order,
      compile: (_resources, mesh) => (exchange) => {
        for (const each of own) {
          if (!runsAt(each.plugin, exchange.request, mesh)) continue;
          const refusal = each.run(exchange);
          if (refusal) return refusal;
        }
        return undefined;
      },
    };
  });
  return { models, close: () => running.forEach((each) => each.close()) };
}

/** To which proxies a plugin is sent. */
export function pluginAttachment({ namespace, selector, targetRefs }: Plugin): Attachment {
  return {
    namespace,
    labels: selector ?? {},
    refs: targetRefs.map(({ group = "", kind = "", name = "" }) => ({
      group: group === "core" ? "" : group,
      kind,
      name,
    })),
  };
}

/** Whether the listener that a request comes by has the plugin. */
export function runsAt(plugin: Plugin, request: NativeRequest, mesh: Mesh): boolean {
  const { workload, direction, destination } = request;
  if (!attaches(pluginAttachment(plugin), workload, mesh)) return false;
  // A gateway's listeners count as CLIENT, a waypoint's as SERVER on port 0.
  const isServer =
    workload.kind === "waypoint" || (workload.kind === "sidecar" && direction === "inbound");
  const [mode, port] = [
    isServer ? "SERVER" : "CLIENT",
    workload.kind === "waypoint" ? 0 : destination.port,
  ];
  return (
    plugin.listeners.length === 0 ||
    plugin.listeners.some(
      (each) =>
        [undefined, "CLIENT_AND_SERVER", "UNDEFINED", mode].includes(each.mode) &&
        (each.ports.length === 0 || each.ports.includes(port)),
    )
  );
}

class Running {
  readonly plugin: Plugin;
  private readonly keyring: Keyring;
  private readonly adaptLimits: AdaptConfig;
  private decider?: FilterDecider | "refused";

  constructor(plugin: Plugin, keyring: Keyring, adaptLimits: AdaptConfig) {
    this.plugin = plugin;
    this.keyring = keyring;
    this.adaptLimits = adaptLimits;
  }

  run(exchange: Exchange): Refusal | undefined {
    this.decider ??= this.start(exchange.request.timeMillis);
    // A proxy whose first configuration is refused answers everything with 500 (run).
    if (this.decider === "refused")
      return { status: 500, reason: `${this.plugin.title} refuses its configuration` };
    const { headers, path, request } = exchange;
    const decision = this.decider.decide({ ...request, headers, path });
    if (decision.refusal)
      return { ...decision.refusal, reason: `${this.plugin.filter}: ${decision.refusal.reason}` };
    exchange.headers = [...decision.headers!];
    exchange.path = decision.effects?.path ?? path;
    return undefined;
  }

  close(): void {
    if (this.decider !== "refused") this.decider?.close();
  }

  private start(timeMillis: number): FilterDecider | "refused" {
    const filter = this.plugin.filter!;
    const written = withoutNetwork(filter, this.plugin.config as Fields, this.keyring);
    const config = filter === "rate-limit" ? this.adaptLimits(written) : written;
    if (refusalOf(filter, config, environmentFrom(this.plugin.env))) return "refused";
    return new FilterDecider({ [filter]: config }, timeMillis);
  }
}

/**
 * jwt-auth's settings with the keyring's key sets in the place of addresses, and without its bound
 * on signatures: the clock stands still while thousands are checked.
 */
function withoutNetwork(filter: FilterName, config: Fields, keyring: Keyring): Fields {
  if (filter !== "jwt-auth") return config;
  const providers = mapsOf(config.providers).map((provider) => {
    const { jwksUri: _uri, jwksCluster: _cluster, discovery: _discovery, ...rest } = provider;
    return hasSecret(provider)
      ? rest
      : {
          ...rest,
          jwks: keyring.keySet(keysOf({ ...provider, jwks: inlineOf(provider) })),
          algorithms: [madeAlgorithm],
        };
  });
  return { ...config, providers, maxVerificationsPerSecond: 1_000_000 };
}

/** Such a key set stays as it is: whoever reads it can sign. */
function hasSecret(provider: Fields): boolean {
  return keysIn(inlineOf(provider) ?? "").some((jwk) => textAt(jwk, "kty") === "oct");
}

function inlineOf({ jwks }: Fields): string | undefined {
  return typeof jwks === "object" ? JSON.stringify(jwks) : textAt({ jwks }, "jwks");
}
