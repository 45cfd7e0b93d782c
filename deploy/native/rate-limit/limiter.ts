// The decision of Envoy's local_ratelimit on one request after the other
// (source/extensions/filters/common/local_ratelimit/local_ratelimit_impl.cc). State is the buckets
// alone.
import type { Facts } from "./action.ts";
import { entryOf } from "./action.ts";
import type { Entry } from "./action.ts";
import type { Descriptor, LimiterSettings, RateLimit } from "./settings.ts";
import { TokenBucket } from "./token-bucket.ts";

/** A descriptor that some request has. */
export interface Made {
  entries: Entry[];
  hits: number;
}

/** What the buckets say of one request. */
export interface LimiterDecision {
  admitted: boolean;
  /** Which bucket refused: `default`, or `descriptor 2`. */
  by?: string;
  /**
   * False when some part of it is by chance: percentages, or wildcards of which Envoy picks any.
   */
  isSure: boolean;
}

interface Match {
  bucket: TokenBucket;
  descriptor: number;
  hits: number;
}

/** What a request's descriptors are: one for each of the limits whose actions all made an entry. */
export function descriptorsOf(limits: readonly RateLimit[], facts: Facts): Made[] {
  return limits.flatMap(({ actions, hits = 1 }) => {
    const entries: Entry[] = [];
    for (const action of actions) {
      const entry = entryOf(action, facts);
      if (entry === "end") return [];
      if (entry !== "skip") entries.push(entry);
    }
    return [{ entries, hits }];
  });
}

export class Limiter {
  readonly settings: LimiterSettings;
  private readonly fallback?: TokenBucket;
  private readonly fixed = new Map<string, { bucket: TokenBucket; at: number }>();
  /** Times are counted from the first request: seconds since 1970 leave too few digits. */
  private startSeconds?: number;
  private readonly wild: { descriptor: Descriptor; at: number; buckets: RecentBuckets }[] = [];

  constructor(settings: LimiterSettings) {
    this.settings = settings;
    if (settings.bucket) this.fallback = new TokenBucket(settings.bucket);
    settings.descriptors.forEach((descriptor, at) => {
      const isWild = descriptor.entries.some(({ value }) => value === "");
      if (isWild)
        this.wild.push({
          descriptor,
          at,
          buckets: new RecentBuckets(descriptor, settings.maxDynamicDescriptors),
        });
      else
        this.fixed.set(JSON.stringify(descriptor.entries), {
          bucket: new TokenBucket(descriptor.bucket),
          at,
        });
    });
  }

  /** `limits`: the filter's own, or those of the route. */
  decide(limits: readonly RateLimit[], facts: Facts, seconds: number): LimiterDecision {
    const { enabled, enforced, descriptors, alwaysConsumeDefault } = this.settings;
    if (enabled === 0) return { admitted: true, isSure: true };
    const made = descriptors.length > 0 ? descriptorsOf(limits, facts) : [];
    const found = this.matches(made);
    this.startSeconds ??= seconds;
    const passed = seconds - this.startSeconds;
    const refusing = this.charge(found.matches, alwaysConsumeDefault, passed);
    const isSure =
      found.isSure && enabled === 100 && (refusing === undefined || enforced % 100 === 0);
    if (refusing === undefined || enforced === 0) return { admitted: true, isSure };
    return { admitted: false, by: refusing, isSure };
  }

  private matches(made: readonly Made[]): { matches: Match[]; isSure: boolean } {
    let isSure = true;
    const matches = made.flatMap(({ entries, hits }): Match[] => {
      const fixed = this.fixed.get(JSON.stringify(entries));
      if (fixed) return [{ bucket: fixed.bucket, descriptor: fixed.at, hits }];
      const wild = this.wild.filter(({ descriptor }) => fits(descriptor.entries, entries));
      // Which of several wildcards counts depends on the order of a hash map.
      if (wild.length > 1) isSure = false;
      const [first] = wild;
      if (!first) return [];
      return [{ bucket: first.buckets.of(entries), descriptor: first.at, hits }];
    });
    // Slowest first; of equal ones the request's own order (std::sort moves few equal items around
    // none).
    return { matches: matches.sort((a, b) => a.bucket.fillRate - b.bucket.fillRate), isSure };
  }

  /** Charges one bucket after the other; those before the one that refuses stay charged. */
  private charge(
    matches: readonly Match[],
    alwaysConsumeDefault: boolean,
    seconds: number,
  ): string | undefined {
    for (const { bucket, descriptor, hits } of matches) {
      const isShadow = this.settings.descriptors[descriptor]!.shadow;
      if (!bucket.consume(hits, seconds) && !isShadow) return `descriptor ${descriptor}`;
    }
    const usesDefault = matches.length === 0 || alwaysConsumeDefault;
    return usesDefault && this.fallback && !this.fallback.consume(1, seconds)
      ? "default"
      : undefined;
  }
}

function fits(wanted: readonly Entry[], entries: readonly Entry[]): boolean {
  return (
    wanted.length === entries.length &&
    wanted.every(({ key, value }, at) => {
      const entry = entries[at]!;
      return key === entry.key && (value === "" || value === entry.value);
    })
  );
}

/** One bucket for each descriptor that a wildcard made; the one not seen for longest gives way. */
class RecentBuckets {
  private readonly descriptor: Descriptor;
  private readonly max: number;
  private readonly buckets = new Map<string, TokenBucket>();

  constructor(descriptor: Descriptor, max: number) {
    this.descriptor = descriptor;
    this.max = max;
  }

  of(entries: readonly Entry[]): TokenBucket {
    const key = JSON.stringify(entries);
    const bucket = this.buckets.get(key) ?? new TokenBucket(this.descriptor.bucket);
    this.buckets.delete(key);
    this.buckets.set(key, bucket);
    const [oldest] = this.buckets.keys();
    if (this.buckets.size > this.max && oldest !== undefined) this.buckets.delete(oldest);
    return bucket;
  }
}
