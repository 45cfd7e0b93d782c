// One limit: which requests, told apart by what, how many. Read once into something that cannot
// be wrong.
import { bytes, view } from "../../lib/bytes";
import { Cursor } from "../../lib/config/reader";
import { siphash } from "../../lib/hash";
import { MatchList } from "../../lib/match/match";
import { TokenBucket } from "./bucket";
import { KeyPart, readFieldName } from "./key";
import { decimal } from "../../lib/writer";

const SECOND: i64 = 1_000_000_000;
/** Envoy's own lower bound of fill_interval. */
const FILL_INTERVAL_MIN = SECOND / 20;
const FILL_INTERVAL_MAX: i64 = 366 * 24 * 3600 * SECOND;
const OVERRIDES_MAX = 64;
const KEY_PARTS_MAX = 8;
const TOKENS_MAX: i64 = 4_294_967_295;
const PERCENT_ALL = 10_000;

/** What becomes of a request that lacks a part of a limit's key. */
export const enum WhenMissing {
  /** All of them share one bucket. */
  Shared,
  /** The limit does not apply. */
  Skip,
  /** It is refused. */
  Reject,
}

/** Another bucket for some of a limit's requests. */
@final
export class Override {
  constructor(
    readonly match: MatchList,
    readonly bucket: TokenBucket,
    /** Tells this bucket's state from that of other figures. */
    readonly seed: u64,
  ) {}
}


@final
export class Limit {
  name: StaticArray<u8> = new StaticArray<u8>(0);
  match: MatchList = MatchList.empty();
  key: KeyPart[] = [];
  bucket: TokenBucket = new TokenBucket(1, 1, SECOND);
  overrides: Override[] = [];
  /**
   * Of 10,000: which share of requests is looked at, and which share of refusals is carried out.
   */
  enabled: i32 = PERCENT_ALL;
  enforced: i32 = PERCENT_ALL;
  shadow: bool = false;
  cost: i64 = 1;
  /** Header that names the cost, from `costMin` to `costMax`; empty: the cost is `cost`. */
  costHeader: StaticArray<u8> = new StaticArray<u8>(0);
  costMin: i64 = 1;
  costMax: i64 = 1;
  whenMissing: WhenMissing = WhenMissing.Shared;
  /** Name and figures as one number: a bucket is kept over an update exactly when this stays. */
  seed: u64 = 0;

  /** Reads one item of `limits`. */
  static read(at: Cursor): Limit {
    const limit = new Limit();
    if (!at.expectObject()) return limit;
    limit.name = at.bytes("name");
    if (!isName(limit.name))
      at.refuse("name", "expected letters, digits, '-', '_' and '.', at most 64");
    limit.match = MatchList.read(at, "match");
    const parts = at.list("key");
    if (parts.length > KEY_PARTS_MAX)
      at.refuse("key", "expected at most " + decimal(KEY_PARTS_MAX) + " parts");
    const isFirst = at.choice("whenRepeated", ["joined", "first"], 0) == 1;
    for (let i = 0; i < parts.length; i++) limit.key.push(KeyPart.read(parts[i], isFirst));
    limit.bucket = readBucket(at);
    limit.seed = seedOf(limit.name, limit.bucket, 0);
    limit.overrides = readOverrides(at, limit.name);
    limit.enabled = at.hundredths("enabled", 0, PERCENT_ALL, PERCENT_ALL);
    limit.enforced = at.hundredths("enforced", 0, PERCENT_ALL, PERCENT_ALL);
    limit.shadow = at.boolean("shadow", false);
    limit.whenMissing = <WhenMissing>(
      at.choice("whenMissing", ["shared", "skip", "reject"], WhenMissing.Shared)
    );
    readCost(at, limit);
    at.done();
    return limit;
  }
}

/** Names stand in metric names and in headers, so they are tokens. */
function isName(name: StaticArray<u8>): bool {
  if (name.length == 0 || name.length > 64) return false;
  for (let i = 0; i < name.length; i++) {
    const byte = name[i];
    const letter = byte | 0x20;
    const isWord = (letter >= 0x61 && letter <= 0x7a) || (byte >= 0x30 && byte <= 0x39);
    if (!isWord && byte != 0x2d && byte != 0x5f && byte != 0x2e) return false;
  }
  return true;
}

function readBucket(parent: Cursor): TokenBucket {
  const at = parent.object("tokenBucket");
  if (!parent.has("tokenBucket")) parent.refuse("tokenBucket", "missing; expected an object");
  const maxTokens = at.requiredInteger("maxTokens", 1, TOKENS_MAX);
  const tokensPerFill = at.integer("tokensPerFill", 1, TOKENS_MAX, 1);
  const fillInterval = at.duration("fillInterval", FILL_INTERVAL_MIN, FILL_INTERVAL_MAX, SECOND);
  if (!at.has("fillInterval") && at.node >= 0)
    at.refuse("fillInterval", "missing; expected a duration");
  at.done();
  if (TokenBucket.isPossible(maxTokens, tokensPerFill, fillInterval)) {
    return new TokenBucket(maxTokens, tokensPerFill, fillInterval);
  }
  parent.refuse("tokenBucket", "takes more than a year to fill");
  return new TokenBucket(1, 1, SECOND);
}

function readOverrides(parent: Cursor, name: StaticArray<u8>): Override[] {
  const items = parent.list("overrides");
  const overrides: Override[] = [];
  if (items.length > OVERRIDES_MAX)
    parent.refuse("overrides", "expected at most " + decimal(OVERRIDES_MAX));
  for (let i = 0; i < items.length; i++) {
    const at = items[i];
    if (!at.expectObject()) continue;
    const match = MatchList.read(at, "match");
    if (match.isEmpty)
      at.refuse("match", "missing; an override without it would replace the limit itself");
    const bucket = readBucket(at);
    at.done();
    overrides.push(new Override(match, bucket, seedOf(name, bucket, i + 1)));
  }
  return overrides;
}

/** `cost`: a number, or {header, min, max, default}. */
function readCost(parent: Cursor, limit: Limit): void {
  const value = parent.value("cost");
  if (!value.isObject) {
    limit.cost = parent.integer("cost", 0, TOKENS_MAX, 1);
    if (limit.cost > limit.bucket.maxTokens)
      parent.refuse("cost", "expected at most maxTokens: no request would pass");
    return;
  }
  limit.costHeader = readFieldName(value, "header");
  limit.costMax = value.requiredInteger("max", 1, TOKENS_MAX);
  limit.costMin = value.integer("min", 0, TOKENS_MAX, 1);
  limit.cost = value.integer("default", 0, TOKENS_MAX, 1);
  if (limit.costMin > limit.costMax) value.refuse("min", "expected at most max");
  if (limit.cost > limit.costMax) value.refuse("default", "expected at most max");
  value.done();
}

/** Name and figures as one number, the same in every worker and every proxy. */
function seedOf(name: StaticArray<u8>, bucket: TokenBucket, variant: i32): u64 {
  const figures = new StaticArray<i64>(4);
  figures[0] = bucket.maxTokens;
  figures[1] = bucket.tokensPerFill;
  figures[2] = bucket.fillIntervalNanos;
  figures[3] = variant;
  const view64 = bytes(changetype<usize>(figures), 32);
  return siphash(view(name), siphash(view64, 0, 0), 1);
}
