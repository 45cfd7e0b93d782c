// The hosts that filters call (keys, logs, a rate limit service): known to the mesh, and within
// the proxy's view of it?
import { calleesIn, clusterParts, isInCluster } from "../render/clusters.ts";
import type { Callee } from "../render/clusters.ts";
import type { Finding } from "../core/problem.ts";
import type { Manifest } from "../core/source.ts";
import { fieldsOf, isFields, listOf, mapsOf, textsOf } from "../core/value.ts";
import { hostMatches, isSubset, rootNamespace } from "./overlap.ts";
import type { Plugin } from "./plugin.ts";
import type { World } from "./world.ts";

export function checkCallees(world: World): Finding[] {
  return world.plugins
    .filter((plugin) => plugin.filter)
    .flatMap((plugin) =>
      calleesIn(plugin.filter!, plugin.config).flatMap((callee) =>
        checkCallee(world, plugin, callee),
      ),
    );
}

function checkCallee(world: World, plugin: Plugin, callee: Callee): Finding[] {
  // A cluster that Istio did not name is made by somebody's EnvoyFilter: nothing to know about it
  // here.
  if (!clusterParts(callee.cluster)) return [];
  const place = plugin.configPlace(callee.path);
  const onWaypoint =
    plugin.policy?.placement.kind === "waypoint" ||
    plugin.targetRefs.some((ref) => ref.kind === "Service" || ref.kind === "ServiceEntry");
  const warning = (rule: string, what: string, why: string, right: string): Finding => ({
    severity: "warning",
    rule,
    place,
    what,
    why,
    right,
  });
  if (onWaypoint) {
    const why = "it only gets clusters that its own services' routes name";
    return [
      warning(
        "waypoint-callee",
        `a waypoint has no cluster for ${callee.host}`,
        why,
        "give the keys inline (jwks), or name the host in an extensionProvider",
      ),
    ];
  }
  const entry = entryFor(world.resources, plugin, callee);
  if (!isInCluster(callee.host) && !entry) {
    const right = `add a ServiceEntry for ${callee.host} with port ${callee.port} (gatehouse render writes one)`;
    return [
      warning(
        "no-service-entry",
        `no ServiceEntry here for ${callee.host}:${callee.port}`,
        `without it the proxy has no cluster ${callee.cluster}`,
        right,
      ),
    ];
  }
  const sidecar = sidecarOf(world.resources, plugin);
  if (!sidecar || isInView(sidecar, plugin, callee, entry)) return [];
  const where = `${sidecar.file}:${sidecar.place(["spec", "egress"]).line}`;
  const right = `add "${entry && entry.namespace !== plugin.namespace ? entry.namespace : "."}/${callee.host}" to its egress hosts`;
  return [
    warning(
      "sidecar-egress",
      `${callee.host} is outside the egress of ${sidecar.title} (${where})`,
      `the proxy then has no cluster ${callee.cluster}`,
      right,
    ),
  ];
}

/** The ServiceEntry that gives this plugin's proxies the callee's cluster. */
function entryFor(resources: Manifest[], plugin: Plugin, callee: Callee): Manifest | undefined {
  return resources.find((resource) => {
    if (resource.kind !== "ServiceEntry" || resource.group !== "networking.istio.io") return false;
    const { hosts, ports, exportTo } = fieldsOf(resource.at("spec"));
    const exported = listOf(exportTo ?? ["*"]);
    const isExported =
      exported.includes("*") ||
      exported.includes(plugin.namespace) ||
      (exported.includes(".") && resource.namespace === plugin.namespace);
    return (
      isExported &&
      listOf(hosts).some((host) => hostMatches(String(host), callee.host)) &&
      mapsOf(ports).some((port) => port.number === callee.port)
    );
  });
}

/** The Sidecar that scopes the plugin's proxies; gateways have none. */
function sidecarOf(resources: Manifest[], plugin: Plugin): Manifest | undefined {
  const isGateway =
    plugin.policy?.placement.kind === "gateway" ||
    plugin.modes.includes("CLIENT") ||
    /gateway/.test(JSON.stringify(plugin.selector ?? {}));
  if (isGateway || plugin.targetRefs.length > 0) return undefined;
  const sidecars = resources.filter(
    (resource) => resource.kind === "Sidecar" && resource.group === "networking.istio.io",
  );
  const labelsOf = (sidecar: Manifest) => {
    const labels = sidecar.at("spec", "workloadSelector", "labels");
    return isFields(labels) ? textsOf(labels) : undefined;
  };
  const own = sidecars.filter((sidecar) => sidecar.namespace === plugin.namespace);
  return (
    own.find(
      (sidecar) =>
        labelsOf(sidecar) && plugin.selector && isSubset(labelsOf(sidecar), plugin.selector),
    ) ??
    own.find((sidecar) => !labelsOf(sidecar)) ??
    sidecars.find((sidecar) => sidecar.namespace === rootNamespace && !labelsOf(sidecar))
  );
}

/** `namespace/host` entries of a Sidecar: `.` is its own namespace, `*` any, `~` none. */
function isInView(
  sidecar: Manifest,
  plugin: Plugin,
  callee: Callee,
  entry: Manifest | undefined,
): boolean {
  const egress = mapsOf(sidecar.at("spec", "egress"));
  if (egress.length === 0) return true;
  const service = /^([^.]+)\.([^.]+)\.svc/.exec(callee.host);
  const home = entry?.namespace ?? service?.[2] ?? plugin.namespace;
  return egress.some((listener) =>
    listOf(listener.hosts).some((text) => {
      const [namespace = "", host = ""] = String(text).split("/");
      const isHome =
        namespace === "*" || namespace === home || (namespace === "." && home === plugin.namespace);
      return isHome && hostMatches(host, callee.host);
    }),
  );
}
