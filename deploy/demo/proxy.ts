// A real Envoy with the filters of a place in the mesh, routed as its VirtualServices say: the
// proxy of `gatehouse demo`.
import { bootstrap, cluster, listener, wasmFilter } from "../../envoy/bootstrap.ts";
import { launchEnvoy } from "../../envoy/launch.ts";
import type { RunningEnvoy } from "../../envoy/launch.ts";
import type { Envoy } from "../../envoy/find.ts";
import { growth } from "../emulator/cases.ts";
import type { Case, Observed } from "../emulator/cases.ts";
import { entryOf } from "../core/catalog.ts";
import { at, listOf } from "../core/value.ts";
import { calleesIn } from "../render/clusters.ts";
import { environmentFrom } from "../validate/module-check.ts";
import { clusterParts } from "../render/clusters.ts";
import { modulesOf } from "../try/chain.ts";
import type { Link, Scripted } from "../try/chain.ts";
import type { Routing } from "../try/route.ts";
import { envoyRoutes } from "./envoy-routes.ts";
import type { Destination } from "./envoy-routes.ts";
import { Upstream, startCallee } from "./services.ts";
import type { Service } from "./services.ts";
import { send } from "./client.ts";

export interface Scene {
  links: Link[];
  routing: Routing;
  script: Scripted[];
  /** The access log format of the mesh's provider, or "" for none. */
  logFormat: string;
}

/**
 * What the filters leave on a request, as one line of Envoy's own log. The mark keeps lines
 * apart.
 */
const states = ["variant", "limit", "reason", "claims"];
const markHeader = "x-gatehouse-demo";

export class DemoProxy {
  readonly envoy: RunningEnvoy;
  private readonly upstream: Upstream;
  private readonly services: Service[];
  private count = 0;

  private constructor(envoy: RunningEnvoy, upstream: Upstream, services: Service[]) {
    this.envoy = envoy;
    this.upstream = upstream;
    this.services = services;
  }

  /** Starts everything; `onLine` gets the access log's own lines. */
  static async start(
    scene: Scene,
    envoy: Envoy,
    onLine: (line: string) => void,
  ): Promise<DemoProxy> {
    const upstream = new Upstream();
    const services: Service[] = [];
    const { virtualHosts, destinations } = envoyRoutes(scene.routing);
    try {
      const clusters = [];
      for (const { cluster: name, host, subset } of destinations) {
        const service = await upstream.startService(serviceName({ cluster: name, host, subset }));
        services.push(service);
        clusters.push(cluster({ name, endpoints: [service.endpoint] }));
      }
      for (const name of calledClusters(scene.links)) {
        const host = clusterParts(name)?.host;
        const service = await startCallee(
          scene.script.filter((entry) => entry.cluster === name || entry.cluster === host),
        );
        services.push(service);
        clusters.push(cluster({ name, endpoints: [service.endpoint] }));
      }
      const running = await launchEnvoy(
        bootstrap({ listeners: [listenerOf(scene, virtualHosts)], clusters }),
        {
          envoy,
          onLog: lines(onLine),
        },
      );
      return new DemoProxy(running, upstream, services);
    } catch (error) {
      for (const service of services) service.close();
      throw error;
    }
  }

  get port(): number {
    return this.envoy.port();
  }

  /** Sends one case once and says what happened, in the emulator's words. */
  async observe(each: Case): Promise<Observed> {
    const { request = {}, response = {} } = each;
    const mark = `${++this.count}`;
    const before = await this.metrics();
    const logged = this.envoy.log().length;
    this.upstream.reached = undefined;
    this.upstream.response = response;
    const answer = await send(this.port, request, [markHeader, mark]);
    const [line] = await this.envoy.awaitLog(new RegExp(`demo ${mark}\\t[^\\n]*\\n`), {
      from: logged,
    });
    const [, details, ...found] = line
      .trimEnd()
      .split("\t")
      .map((text) => (text === "-" ? undefined : text));
    const [variant, limit, reason, claims, log] = found;
    const upstreamHeaders = this.upstream.reached as [string, string][] | undefined;
    const metrics = growth(before, await this.metrics());
    return { ...answer, upstreamHeaders, details, variant, limit, reason, claims, log, metrics };
  }

  async stop(): Promise<void> {
    await this.envoy.stop();
    for (const service of this.services) service.close();
  }

  private async metrics(): Promise<Record<string, number>> {
    const stats = await this.envoy.stats("^wasmcustom\\.");
    return Object.fromEntries(
      Object.entries(stats).map(([name, value]) => [name.replace(/^wasmcustom\./, ""), value]),
    );
  }
}

function serviceName({ host, subset }: Destination): string {
  return subset ?? host.split(".")[0]!;
}

/** The clusters that the filters call. */
function calledClusters(links: Link[]): string[] {
  return [
    ...new Set(
      links.flatMap(({ filter, plugin }) =>
        calleesIn(filter, plugin.config).map((callee) => callee.cluster),
      ),
    ),
  ];
}

function listenerOf({ links, logFormat }: Scene, virtualHosts: object[]) {
  const filters = modulesOf(links).map(({ module, config, plugin }) =>
    wasmFilter({
      name: module,
      config,
      env: environmentFrom(plugin.env),
      failurePolicy: entryOf(module).failStrategy,
    }),
  );
  const accessLog = [`demo %REQ(${markHeader})%`, "%RESPONSE_CODE_DETAILS%"]
    .concat(states.map((name) => `%FILTER_STATE(wasm.gatehouse_${name}:PLAIN)%`))
    .concat(`${logFormat.trimEnd() || "-"}\n`)
    .join("\t");
  const others = {
    name: "elsewhere",
    domains: ["*"],
    routes: [{ match: { prefix: "/" }, direct_response: { status: 404 } }],
  };
  const hasAll = virtualHosts.some((host) => listOf(at(host, "domains")).includes("*"));
  const route_config = {
    name: "demo",
    virtual_hosts: hasAll ? virtualHosts : [...virtualHosts, others],
  };
  return listener({ filters, accessLog, trustedHops: 1, connectionManager: { route_config } });
}

/** Cuts the log into lines and keeps the part of ours that the mesh's own format makes. */
function lines(onLine: (line: string) => void): (text: string) => void {
  let rest = "";
  return (text) => {
    const all = (rest + text).split("\n");
    rest = all.pop()!;
    for (const line of all)
      if (line.startsWith("demo "))
        onLine(
          line
            .split("\t")
            .slice(2 + states.length)
            .join("\t"),
        );
  };
}
