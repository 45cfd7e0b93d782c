// What is worth asking of rate limits: every text, network and port that an action, a descriptor or
// a place names.
import type { Manifest } from "../core/source.ts";
import type { HeaderMatcher } from "../native/envoy/header-matcher.ts";
import { Unmodelled } from "../native/envoy/message.ts";
import type { QueryMatcher } from "../native/envoy/query.ts";
import type { StringMatcher } from "../native/envoy/string-matcher.ts";
import type { Action } from "../native/rate-limit/action.ts";
import { readBackendTraffic } from "../native/rate-limit/backend-traffic.ts";
import { concernsLimits, patchesOf } from "../native/rate-limit/patches.ts";
import type { LimiterPatch, PatchPlace } from "../native/rate-limit/patches.ts";
import { targetPortOf } from "../native/rate-limit/ports.ts";
import { readRateLimit, readSettings } from "../native/rate-limit/settings.ts";
import type { Descriptor, LimiterSettings, RateLimit } from "../native/rate-limit/settings.ts";
import { sampleOf } from "./regex-sample.ts";
import type { Axis } from "./requests.ts";
import {
  addressEdits,
  anyHeaderEdits,
  anyParameterEdits,
  headerEdits,
  hostEdits,
  parameterEdits,
  portEdits,
} from "./text-edits.ts";

/**
 * What a resource limits by, with the values of all descriptors; undefined for one that limits
 * nothing.
 */
export function limitAxes(
  manifest: Manifest,
  descriptors: readonly Descriptor[],
  resources: readonly Manifest[],
): Axis[] | undefined {
  const { settings, limits, axes } = limitsIn(manifest, resources);
  if (settings.length === 0 && limits.length === 0) return undefined;
  const actions = [...limits, ...settings.flatMap(({ rateLimits }) => rateLimits)].flatMap(
    (limit) => limit.actions,
  );
  return [...actions.flatMap((action) => axesOf(action, descriptors)), ...axes];
}

interface Found {
  settings: LimiterSettings[];
  limits: RateLimit[];
  axes: Axis[];
}

const nothing: Found = { settings: [], limits: [], axes: [] };

/** Settings of every local rate limit of a resource. */
export function limitSettingsIn(manifest: Manifest): LimiterSettings[] {
  return limitsIn(manifest, []).settings;
}

function limitsIn(manifest: Manifest, resources: readonly Manifest[]): Found {
  try {
    if (manifest.kind === "BackendTrafficPolicy")
      return { ...nothing, settings: [readBackendTraffic(manifest).settings] };
    if (manifest.kind !== "EnvoyFilter" || !concernsLimits(manifest)) return nothing;
    const patches = patchesOf(manifest);
    return {
      settings: patches.flatMap((patch) =>
        patch.kind === "actions" ? [] : [readSettings(patch.config)],
      ),
      limits: patches.flatMap((patch) =>
        patch.kind === "actions" ? patch.limits.map(readRateLimit) : [],
      ),
      axes: patches.flatMap((patch) => placeAxes(patch, resources)),
    };
  } catch (cause) {
    if (cause instanceof Unmodelled) return nothing;
    throw cause;
  }
}

function placeAxes({ manifest, place }: LimiterPatch, resources: readonly Manifest[]): Axis[] {
  const { listenerPort, servicePort, host }: PatchPlace = place;
  const target =
    servicePort === undefined ? undefined : targetPortOf(resources, manifest, servicePort);
  // Any other port too: Envoy has a bucket for each listener.
  const ports = [listenerPort, servicePort, target, 8080].filter((port) => port !== undefined);
  return [
    { name: "port", edits: ports.flatMap(portEdits) },
    { name: "hosts", edits: host === undefined ? [] : hostEdits(host) },
  ];
}

function axesOf(action: Action, descriptors: readonly Descriptor[]): Axis[] {
  const named = (key: string) =>
    descriptors.flatMap(({ entries }) =>
      entries.flatMap((entry) => (entry.key === key && entry.value !== "" ? [entry.value] : [])),
    );
  switch (action.kind) {
    case "header": {
      const edits = named(action.key).flatMap((text) => headerEdits(action.header, text));
      const any = anyHeaderEdits(action.header);
      return [{ name: `header ${action.header}`, edits: [...any, ...edits] }];
    }
    case "query": {
      const edits = named(action.key).flatMap((text) => parameterEdits(action.parameter, text));
      const any = anyParameterEdits(action.parameter);
      return [{ name: `parameter ${action.parameter}`, edits: [...any, ...edits] }];
    }
    case "address":
      return addressAxes(["2001:db8:1:2::1", "10.1.2.3", ...named("remote_address")]);
    case "network":
      return addressAxes(["2001:db8:1:2::1", "10.1.2.3", ...named("masked_remote_address")]);
    case "headerMatch":
      return action.headers.map(headerAxis);
    case "queryMatch":
      return action.query.map(queryAxis);
    case "addressMatch":
      return addressAxes(action.networks.map(({ prefix }) => prefix));
    case "fixed":
      return [];
  }
}

function addressAxes(texts: readonly string[]): Axis[] {
  const addresses = texts.filter((text) => /^[\d.]+(\/\d+)?$|:/.test(text));
  return [{ name: "address", edits: addresses.flatMap(addressEdits) }];
}

function headerAxis({ name, test }: HeaderMatcher): Axis {
  const texts =
    test.kind === "text"
      ? samplesOf(test.text)
      : test.kind === "range"
        ? [test.start - 1, test.start, test.end - 1, test.end].map(String)
        : [];
  const edits = texts.flatMap((text) => headerEdits(name, text));
  return { name: `header ${name}`, edits: [...edits, ...anyHeaderEdits(name)] };
}

function queryAxis({ name, text }: QueryMatcher): Axis {
  const edits = (text ? samplesOf(text) : []).flatMap((one) => parameterEdits(name, one));
  return { name: `parameter ${name}`, edits: [...edits, ...anyParameterEdits(name)] };
}

function samplesOf({ kind, text }: StringMatcher): string[] {
  if (kind !== "regex") return [text];
  const sample = sampleOf(text);
  return sample === undefined ? [] : [sample];
}
