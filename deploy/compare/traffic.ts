// What two meshes do to many requests: limits by bursts, splits by shares.
import { isFields, mapsOf } from "../core/value.ts";
import type { Manifest } from "../core/source.ts";
import { attaches } from "../native/attachment.ts";
import type { Attachment } from "../native/attachment.ts";
import type { Mesh as MeshConfig, Workload } from "../native/types.ts";
import type { Plugin } from "../validate/plugin.ts";
import { BucketSizes, unlimited } from "./bucket-sizes.ts";
import { burstRows, sequences } from "./bursts.ts";
import { collected, compare } from "./compare.ts";
import type { CompareOptions, Comparison } from "./compare.ts";
import type { Keyring } from "./keyring.ts";
import { limitAxes, limitSettingsIn } from "./limits.ts";
import { axesIn, directionsAt } from "./matches.ts";
import { attachmentsOf } from "./places.ts";
import { pluginAttachment } from "./plugins.ts";
import { generate } from "./requests.ts";
import type { Interest } from "./requests.ts";
import { Splits } from "./shares.ts";
import type { Sides } from "./sides.ts";
import type { LimitAdaption, Mesh } from "./state.ts";

/** The header by which a route knows a variant where none is named. */
const usualVariantHeader = "x-variant";
/** Proxies at which a limit is tried with each change; the others come once. */
const placesPerLimit = 2;

function sidesOf(before: Mesh, after: Mesh, limits: LimitAdaption): Sides {
  const [old, next] = [before.start(limits), after.start(limits)];
  return {
    old: old.decider,
    next: next.decider,
    close: () => {
      old.close();
      next.close();
    },
  };
}

export interface SingleOptions extends CompareOptions {
  seed?: number;
  /** The most requests. */
  max?: number;
  isSpread?: boolean;
  /** How often a request that is split is sent; 0: only where it may go is compared. */
  draws: number;
  /** The most requests that are sent so often. */
  drawnMax?: number;
}

/**
 * Request by request. Limits refuse nothing here: they would hide what comes after the first few.
 */
export function compareSingly(
  before: Mesh,
  after: Mesh,
  interests: readonly Interest[],
  options: SingleOptions,
): Comparison {
  const sides = () => sidesOf(before, after, unlimited);
  const { old, next, close } = sides();
  try {
    const splits = new Splits(sides, options.draws, options.drawnMax);
    return compare(old, next, generate(interests, options), { ...options, splits });
  } finally {
    close();
  }
}

/** One interest for each limit, at the proxies that it is for, and one for all other proxies. */
export function limitInterests(
  resources: readonly Manifest[],
  plugins: readonly Plugin[],
  workloads: readonly Workload[],
  mesh: MeshConfig,
  keyring: Keyring,
): Interest[] {
  const startsAt = (attachments: readonly Attachment[]) => {
    const own = workloads.filter((each) => attachments.some((one) => attaches(one, each, mesh)));
    return directionsAt(own.slice(0, placesPerLimit));
  };
  const descriptors = resources.flatMap(limitSettingsIn).flatMap((one) => one.descriptors);
  const native = resources.flatMap((manifest): Interest[] => {
    const axes = limitAxes(manifest, descriptors, resources);
    return axes === undefined ? [] : [{ starts: startsAt(attachmentsOf(manifest)), axes }];
  });
  const written = plugins.flatMap((plugin): Interest[] =>
    plugin.filter === "rate-limit"
      ? [{ starts: startsAt([pluginAttachment(plugin)]), axes: axesIn(plugin.config, keyring) }]
      : [],
  );
  const all = [...native, ...written];
  return all.length === 0 ? [] : [...all, { starts: directionsAt(workloads), axes: [] }];
}

/** Bursts against both meshes, with buckets of few tokens. `max` requests at most. */
export function compareBursts(
  before: Mesh,
  after: Mesh,
  interests: readonly Interest[],
  options: CompareOptions & { seed?: number; max?: number },
): Comparison {
  const { seed = 1, max = 2_000 } = options;
  const sizes = BucketSizes.of(
    [...before.resources, ...after.resources],
    [...before.plugins, ...after.plugins],
  );
  const all = sequences(interests, sizes.figures, { seed, max });
  return collected(
    burstRows(() => sidesOf(before, after, sizes), all),
    options,
  );
}

/** The headers that a canary filter sets for the routes. */
export function variantHeaders(plugins: readonly Plugin[]): string[] {
  return plugins.flatMap(({ filter, config }) =>
    filter === "canary" && isFields(config)
      ? mapsOf(config.routes).map(({ header }) =>
          typeof header === "string" ? header : usualVariantHeader,
        )
      : [],
  );
}
