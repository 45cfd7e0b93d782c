// What rate-limit should decide, written the plainest way: exact fractions, a map of buckets, no
// eviction, no workers. The model test holds the module against it.

export interface Bucket {
  maxTokens: number;
  tokensPerFill: number;
  intervalNanos: bigint;
}

export interface Limit {
  name: string;
  bucket: Bucket;
  /** Clients by the header `x-key`; without it: one bucket, none of the limit, or a refusal. */
  whenMissing?: "shared" | "skip" | "reject";
  isKeyed: boolean;
  /** Other figures for requests with the header `x-tier` of this value. */
  override?: { tier: string; bucket: Bucket };
  /** Only requests with this method. */
  method?: string;
  cost: number | { min: number; max: number; fallback: number };
  shadow: boolean;
}

export interface Asked {
  method: string;
  key?: string;
  tier?: string;
  cost?: string;
}

export interface Expected {
  admitted: boolean;
  /** Limits that refused, or would have. */
  refusing: string[];
  /** Whole seconds to wait for the limit that takes longest; undefined: no time will help. */
  retryAfter?: number;
}

/** Tokens as a fraction over the interval: exact. */
interface Level {
  /** Tokens × intervalNanos. */
  scaled: bigint;
  atNanos: bigint;
}

export class Model {
  private readonly levels = new Map<string, Level>();
  private readonly limits: Limit[];

  constructor(limits: Limit[]) {
    this.limits = limits;
  }

  ask(request: Asked, nanos: bigint): Expected {
    const charges: { level: Level; amount: bigint }[] = [];
    const refusing: string[] = [];
    let admitted = true;
    let wait: bigint | undefined = 0n;
    for (const limit of this.limits) {
      if (limit.method && limit.method !== request.method) continue;
      const bucket =
        limit.override?.tier === request.tier && limit.override
          ? limit.override.bucket
          : limit.bucket;
      const isMissing = limit.isKeyed && request.key === undefined;
      if (isMissing && limit.whenMissing === "skip") continue;
      const cost = BigInt(costOf(limit, request));
      const client = limit.isKeyed && !isMissing ? `=${request.key}` : "";
      const tier = bucket === limit.bucket ? "" : "override";
      const level = this.levelOf(`${limit.name}/${tier}/${client}`, bucket, nanos);
      const amount = cost * bucket.intervalNanos;
      const isRejected = isMissing && limit.whenMissing === "reject";
      if (!isRejected && amount <= level.scaled) {
        charges.push({ level, amount });
        continue;
      }
      refusing.push(limit.name);
      if (limit.shadow) continue;
      admitted = false;
      const isHopeless = isRejected || cost > BigInt(bucket.maxTokens);
      const missing = amount - level.scaled;
      if (isHopeless) wait = undefined;
      else if (wait !== undefined) wait = max(wait, ceil(missing, BigInt(bucket.tokensPerFill)));
    }
    if (!admitted) {
      return {
        admitted,
        refusing,
        retryAfter: wait === undefined ? undefined : Number(ceil(wait, 1_000_000_000n)),
      };
    }
    for (const { level, amount } of charges) level.scaled -= amount;
    return { admitted, refusing };
  }

  /** A bucket filled up to now. */
  private levelOf(name: string, bucket: Bucket, nanos: bigint): Level {
    const full = BigInt(bucket.maxTokens) * bucket.intervalNanos;
    const level = this.levels.get(name) ?? { scaled: full, atNanos: nanos };
    const gained = (nanos - level.atNanos) * BigInt(bucket.tokensPerFill);
    level.scaled = level.scaled + gained > full ? full : level.scaled + gained;
    level.atNanos = nanos;
    this.levels.set(name, level);
    return level;
  }
}

function costOf(limit: Limit, request: Asked): number {
  if (typeof limit.cost === "number") return limit.cost;
  if (request.cost === undefined || !/^\d+$/.test(request.cost)) return limit.cost.fallback;
  return Math.max(limit.cost.min, Math.min(limit.cost.max, Number(request.cost)));
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function ceil(value: bigint, unit: bigint): bigint {
  return (value + unit - 1n) / unit;
}
