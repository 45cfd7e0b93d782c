// Mistakes that no single resource shows: what one of them needs and another does not give.
import { entryOf, oldestTrafficExtension, olderThan } from "../core/catalog.ts";
import type { ModuleName } from "../core/catalog.ts";
import type { Finding, Severity } from "../core/problem.ts";
import type { Manifest } from "../core/source.ts";
import { at, isFields, listOf, mapsOf, textsOf } from "../core/value.ts";
import { checkCallees } from "./callees.ts";
import { checkLogLines } from "./log-line.ts";
import { mayMeet } from "./overlap.ts";
import type { Plugin } from "./plugin.ts";
import { checkPaths } from "./paths.ts";
import { checkProviders } from "./providers.ts";
import { checkSourceAddresses } from "./source-address.ts";
import { checkCanaryHeaders } from "./routing.ts";
import type { World } from "./world.ts";

export function crossChecks(world: World): Finding[] {
  return [
    ...resourcesOf(world.plugins).flatMap((plugin) => [
      ...checkVersion(plugin, world.istio),
      ...checkFailStrategy(plugin),
      ...checkPriority(plugin),
      ...checkProviders(plugin),
      ...checkSourceAddresses(plugin),
    ]),
    ...checkEqualPriority(world.plugins),
    ...checkWaypointSelector(world),
    ...checkRequestAuth(world),
    ...checkCanaryHeaders(world),
    ...checkCallees(world),
    ...checkLogLines(world),
    ...checkPaths(world),
  ];
}

/** One plugin for each resource: the sections of `edge` share its phase and its strategy. */
function resourcesOf(plugins: Plugin[]): Plugin[] {
  return plugins.filter(
    (plugin, index) => !plugin.bundle || plugins[index - 1]?.bundle !== plugin.bundle,
  );
}

function moduleOf(plugin: Plugin): ModuleName | undefined {
  return plugin.bundle ? "edge" : plugin.filter;
}

function finding(
  severity: Severity,
  rule: string,
  plugin: Plugin,
  field: string,
  words: Omit<Finding, "severity" | "rule" | "place">,
): Finding {
  return { severity, rule, place: plugin.fieldPlace(field), ...words };
}

function checkVersion(plugin: Plugin, istio: string): Finding[] {
  const version = plugin.policy?.istio ?? istio;
  const found: Finding[] = [];
  if (plugin.failStrategy === "FAIL_RELOAD" && olderThan(version, "1.27")) {
    const right = plugin.policy
      ? "upgrade Istio, or leave this mesh to the native filters"
      : "upgrade Istio, or write FAIL_CLOSE";
    found.push(
      finding("error", "istio-version", plugin, "failStrategy", {
        what: `${plugin.title} uses FAIL_RELOAD`,
        why: `Istio ${version} does not know it (1.27 does)`,
        right,
      }),
    );
  }
  if (plugin.api === "TrafficExtension" && olderThan(version, oldestTrafficExtension)) {
    found.push(
      finding("error", "istio-version", plugin, "url", {
        what: `${plugin.title} is a TrafficExtension`,
        why: `Istio ${version} has none (${oldestTrafficExtension} has)`,
        right: "write a WasmPlugin",
      }),
    );
  }
  return found;
}

function checkFailStrategy(plugin: Plugin): Finding[] {
  const module = moduleOf(plugin);
  if (!module) return [];
  const right = `write failStrategy: ${entryOf(module).failStrategy}`;
  if (plugin.failStrategy === "FAIL_OPEN") {
    return [
      finding("warning", "fail-open", plugin, "failStrategy", {
        what: `${plugin.title} fails open`,
        why: "after one trap Envoy bypasses the filter until it restarts",
        right,
      }),
    ];
  }
  if (plugin.failStrategy !== "FAIL_CLOSE") return [];
  return [
    finding("warning", "fail-close", plugin, "failStrategy", {
      what: `${plugin.title} fails closed`,
      why: "after one trap Envoy answers 503 until it is restarted",
      right,
    }),
  ];
}

function checkPriority(plugin: Plugin): Finding[] {
  const module = moduleOf(plugin);
  if (!module) return [];
  const { phase, priority } = entryOf(module);
  const found: Finding[] = [];
  if (plugin.priority === undefined) {
    found.push(
      finding("warning", "priority", plugin, "priority", {
        what: `${plugin.title} has no priority`,
        why: "Istio then sorts it below every number",
        right: `write priority: ${priority}`,
      }),
    );
  }
  if (plugin.phase !== phase) {
    found.push(
      finding("warning", "phase", plugin, "phase", {
        what: `${plugin.title} runs in phase ${plugin.phase}`,
        why: "the filters are made for their order in the chain",
        right: `write phase: ${phase}`,
      }),
    );
  }
  return found;
}

/** Two plugins in one proxy with the same phase and priority: their order is up to their age. */
function checkEqualPriority(plugins: Plugin[]): Finding[] {
  const findings: Finding[] = [];
  plugins.forEach((plugin, at) => {
    const rival = plugins
      .slice(0, at)
      .find(
        (other) =>
          other.phase === plugin.phase &&
          other.priority === plugin.priority &&
          isApart(other, plugin) &&
          mayMeet(other, plugin),
      );
    if (!rival) return;
    const what = `${plugin.title} and ${rival.title} have the same phase and priority`;
    const where = `${rival.manifest.file}:${rival.fieldPlace("priority").line}`;
    findings.push(
      finding("warning", "equal-priority", plugin, "priority", {
        what,
        why: "their order in the proxy then depends on their age",
        right: `give one of them another priority (the other is at ${where})`,
      }),
    );
  });
  return findings;
}

/** False for one resource read twice, say from a base and its overlay, or in both APIs. */
function isApart(a: Plugin, b: Plugin): boolean {
  return a.name !== b.name || a.namespace !== b.namespace;
}

/** Waypoints honour only targetRefs. */
function checkWaypointSelector({ plugins, resources }: World): Finding[] {
  const waypoints = resources.filter(
    (resource) =>
      resource.group === "gateway.networking.k8s.io" &&
      resource.kind === "Gateway" &&
      /waypoint/.test(String(resource.at("spec", "gatewayClassName"))),
  );
  return plugins.flatMap((plugin) => {
    const selected =
      plugin.selector?.["gateway.networking.k8s.io/gateway-name"] ??
      plugin.selector?.["istio.io/gateway-name"];
    const managed = plugin.selector?.["gateway.istio.io/managed"] === "istio.io-mesh-controller";
    const waypoint = waypoints.find(
      (candidate) => candidate.name === selected && candidate.namespace === plugin.namespace,
    );
    if (!waypoint && !managed) return [];
    const name = waypoint?.name ?? "waypoint";
    return [
      finding("error", "waypoint-selector", plugin, "selector", {
        what: `${plugin.title} selects a waypoint by labels`,
        why: "a waypoint ignores selectors, so the filter would never run",
        right: `write targetRefs: [{kind: Gateway, group: gateway.networking.k8s.io, name: ${name}}]`,
      }),
    ];
  });
}

/**
 * Where jwt-auth took over, Envoy's own JWT metadata is empty, and whatever asks for it never
 * matches.
 */
function checkRequestAuth({ plugins, resources }: World): Finding[] {
  const authenticators = plugins.filter((plugin) => plugin.filter === "jwt-auth");
  const native = resources.filter((resource) => resource.kind === "RequestAuthentication");
  const scopeOf = (resource: Manifest) => ({
    namespace: resource.namespace,
    selector: labelsAt(resource),
    targetRefs: mapsOf(resource.at("spec", "targetRefs")).map(({ kind, name }) => ({
      kind: String(kind),
      name: String(name),
    })),
  });
  return resources.flatMap((resource) => {
    const uses = usesOfRequestAuth(resource);
    if (uses.length === 0) return [];
    const authenticator = authenticators.find((plugin) =>
      mayMeet({ ...plugin, modes: [] }, scopeOf(resource)),
    );
    if (!authenticator || native.some((other) => mayMeet(scopeOf(other), scopeOf(resource))))
      return [];
    return uses.map(({ path, isNegated }): Finding => ({
      // A negated condition on a token that is never there holds for everybody.
      severity: isNegated ? "error" : "warning",
      rule: "request-auth",
      place: resource.place(path),
      what: `${resource.title} asks for what RequestAuthentication leaves behind`,
      why: `${authenticator.title} replaced it, and a Wasm filter cannot write that metadata: the condition is ${isNegated ? "always" : "never"} met`,
      right:
        "match on a header of outputMatchToHeaders, as migrate does, or move the rule into jwt-auth (rules[].claims)",
    }));
  });
}

function labelsAt(resource: Manifest): Record<string, string> | undefined {
  const labels = resource.at("spec", "selector", "matchLabels");
  return isFields(labels) ? textsOf(labels) : undefined;
}

interface Use {
  path: (string | number)[];
  /** `notValues` or `notRequestPrincipals`. */
  isNegated: boolean;
}

/** Where an AuthorizationPolicy reads the JWT metadata. */
function usesOfRequestAuth(resource: Manifest): Use[] {
  if (resource.kind !== "AuthorizationPolicy" || resource.group !== "security.istio.io") return [];
  return mapsOf(resource.at("spec", "rules")).flatMap((rule, index) => {
    const path = ["spec", "rules", index];
    const sources = listOf(rule.from).flatMap((entry, from) =>
      ["requestPrincipals", "notRequestPrincipals"]
        .filter((key) => at(entry, "source", key))
        .map((key) => ({
          path: [...path, "from", from, "source", key],
          isNegated: key.startsWith("not"),
        })),
    );
    const conditions = listOf(rule.when).flatMap((entry, when): Use[] =>
      String(at(entry, "key") ?? "").startsWith("request.auth.")
        ? ["values", "notValues"]
            .filter((key) => at(entry, key))
            .map((key) => ({ path: [...path, "when", when, key], isNegated: key === "notValues" }))
        : [],
    );
    return [...sources, ...conditions];
  });
}
