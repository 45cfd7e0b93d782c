// Smaller buckets for a comparison: nobody sends a million requests to see the next one refused.
// Sizes keep their order, and two that differ go on differing, on both sides alike.
import type { Manifest } from "../core/source.ts";
import { millisOf } from "../core/schedule.ts";
import { isFields, mapsOf } from "../core/value.ts";
import type { Fields } from "../core/value.ts";
import type { BucketFigures } from "../native/rate-limit/token-bucket.ts";
import type { LimiterSettings } from "../native/rate-limit/settings.ts";
import type { Plugin } from "../validate/plugin.ts";
import type { Figures } from "./bursts.ts";
import { limitSettingsIn } from "./limits.ts";

/** Sizes up to this one stay what they are. */
const keptMin = 4;
/** Clients that one comparison has at most. */
const keysMost = 1_000;
/** Times between tokens that are tried. */
const timesMax = 4;

export class BucketSizes {
  private readonly kept: number;
  private readonly larger: number[];
  private readonly tokenMillis: number[];

  constructor(buckets: readonly BucketFigures[], costs: readonly number[]) {
    this.kept = Math.max(keptMin, 2 * Math.max(1, ...costs));
    const sizes = new Set(buckets.map(({ maxTokens }) => maxTokens));
    this.larger = [...sizes].filter((size) => size > this.kept).sort((a, b) => a - b);
    const millis = buckets.map(
      ({ tokensPerFill, fillIntervalNanos }) => fillIntervalNanos / tokensPerFill / 1e6,
    );
    this.tokenMillis = [...new Set(millis)].sort((a, b) => a - b).slice(0, timesMax);
  }

  /** Of what two sets of resources limit by. */
  static of(manifests: readonly Manifest[], plugins: readonly Plugin[]): BucketSizes {
    const settings = manifests.flatMap(limitSettingsIn);
    const limits = plugins.flatMap(({ filter, config }) =>
      filter === "rate-limit" && isFields(config) ? mapsOf(config.limits) : [],
    );
    const native = settings.flatMap(({ bucket, descriptors }) => [
      ...(bucket ? [bucket] : []),
      ...descriptors.map((descriptor) => descriptor.bucket),
    ]);
    const written = limits
      .flatMap((limit) => [limit, ...mapsOf(limit.overrides)])
      .flatMap(({ tokenBucket }) => figuresOf(tokenBucket) ?? []);
    const costs = [
      ...settings.flatMap(({ rateLimits }) => rateLimits.map(({ hits = 1 }) => hits)),
      ...limits.flatMap(({ cost }) => (typeof cost === "number" ? [cost] : [])),
    ];
    return new BucketSizes([...native, ...written], costs);
  }

  get figures(): Figures {
    return { burst: this.kept + this.larger.length, tokenMillis: this.tokenMillis };
  }

  private sized(maxTokens: number): number {
    const at = this.larger.indexOf(maxTokens);
    return at < 0 ? maxTokens : this.kept + 1 + at;
  }

  /** A chance in between is taken for certain, on both sides. */
  private percent(value: number): number {
    return value > 0 ? 100 : 0;
  }

  readonly adapt = (settings: LimiterSettings): LimiterSettings => {
    const smaller = (bucket: BucketFigures) => ({
      ...bucket,
      maxTokens: this.sized(bucket.maxTokens),
    });
    return {
      ...settings,
      ...(settings.bucket && { bucket: smaller(settings.bucket) }),
      descriptors: settings.descriptors.map((each) => ({ ...each, bucket: smaller(each.bucket) })),
      enabled: this.percent(settings.enabled),
      enforced: this.percent(settings.enforced),
    };
  };

  /** The same for the settings of rate-limit. */
  readonly adaptConfig = (config: Fields): Fields => {
    const limit = (one: Fields): Fields => ({
      ...one,
      tokenBucket: this.smallerBucket(one.tokenBucket),
      ...(one.overrides !== undefined && { overrides: mapsOf(one.overrides).map(limit) }),
      ...this.percents(one),
      ...cappedKeys(one),
    });
    return { ...config, ...cappedKeys(config), limits: mapsOf(config.limits).map(limit) };
  };

  private smallerBucket(bucket: unknown): unknown {
    if (!isFields(bucket) || typeof bucket.maxTokens !== "number") return bucket;
    return { ...bucket, maxTokens: this.sized(bucket.maxTokens) };
  }

  private percents(limit: Fields): Fields {
    return Object.fromEntries(
      ["enabled", "enforced"].flatMap((key) => {
        const value = limit[key];
        return typeof value === "number" ? [[key, this.percent(value)]] : [];
      }),
    );
  }
}

const unlimitedBucket = { maxTokens: 1e9, tokensPerFill: 1e9, fillInterval: "1s" };

/** Limits that never refuse: for comparing what a request meets besides them. */
export const unlimited = {
  adapt: (settings: LimiterSettings): LimiterSettings => ({ ...settings, enabled: 0 }),
  adaptConfig: (config: Fields): Fields => ({
    ...config,
    limits: mapsOf(config.limits).map(({ overrides: _overrides, ...limit }) => ({
      ...limit,
      ...cappedKeys(limit),
      tokenBucket: unlimitedBucket,
    })),
    ...cappedKeys(config),
  }),
};

function cappedKeys({ maxKeys }: Fields): Fields {
  return typeof maxKeys === "number" ? { maxKeys: Math.min(maxKeys, keysMost) } : {};
}

function figuresOf(bucket: unknown): BucketFigures | undefined {
  if (!isFields(bucket)) return undefined;
  const { maxTokens, tokensPerFill = 1, fillInterval } = bucket;
  if (typeof maxTokens !== "number" || typeof tokensPerFill !== "number") return undefined;
  const millis = millisOf(String(fillInterval));
  return millis === undefined
    ? undefined
    : { maxTokens, tokensPerFill, fillIntervalNanos: millis * 1e6 };
}
