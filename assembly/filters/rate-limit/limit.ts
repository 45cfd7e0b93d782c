// One limit: which requests, told apart by what, how many. Read once into something that cannot
// be wrong.
import { bytes, toText, utf8, view } from "../../lib/bytes";
import { Cursor } from "../../lib/config/reader";
import { siphash } from "../../lib/hash";
import { RequestView } from "../../lib/http/request";
import { MatchList } from "../../lib/match/match";
import { MatchSettings } from "../../lib/match/match-settings";
import { decimal } from "../../lib/writer";
import { TokenBucket } from "./bucket";
import { Cost, TOKENS_MAX } from "./cost";
import { KeyPart, KeyParts, KeySource, WhenRepeated } from "./key";

const SECOND: i64 = 1_000_000_000;
/** Envoy's own lower bound of fill_interval. */
const FILL_INTERVAL_MIN = SECOND / 20;
const FILL_INTERVAL_MAX: i64 = 366 * 24 * 3600 * SECOND;
const OVERRIDES_MAX = 64;
/** Of all limits together: 65 bytes each are 260 MB. */
export const MAX_KEYS_MAX = 4_000_000;
const KEY_PARTS_MAX = 8;
const PERCENT_ALL = 10_000;

/** What happens to a request that lacks a part of a limit's key. */
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
  cost: Cost = Cost.one();
  whenMissing: WhenMissing = WhenMissing.Shared;
  whenRepeated: WhenRepeated = WhenRepeated.Shared;
  /**
   * How many clients have a bucket of their own at one time. 0: a share of the top-level `maxKeys`.
   */
  maxKeys: i32 = 0;
  /** Name and figures as one number: a bucket is kept over an update exactly when this stays. */
  seed: u64 = 0;
  /** The details of a refusal: `local_rate_limited{name}` and `global_rate_limited{name}`. */
  localDetails: StaticArray<u8> = new StaticArray<u8>(0);
  globalDetails: StaticArray<u8> = new StaticArray<u8>(0);

  /** Reads one item of `limits`. */
  static read(at: Cursor, settings: MatchSettings, keyParts: KeyParts): Limit {
    const limit = new Limit();
    if (!at.expectObject()) return limit;
    limit.name = at.bytes("name");
    if (!isName(limit.name))
      at.refuse("name", "expected letters, digits, '-', '_' and '.', at most 64");
    const name = toText(view(limit.name));
    limit.localDetails = utf8("local_rate_limited{" + name + "}");
    limit.globalDetails = utf8("global_rate_limited{" + name + "}");
    limit.match = MatchList.read(at, "match", settings);
    const parts = at.list("key");
    if (parts.length > KEY_PARTS_MAX)
      at.refuse("key", "expected at most " + decimal(KEY_PARTS_MAX) + " parts");
    limit.whenRepeated = <WhenRepeated>(
      at.choice("whenRepeated", ["shared", "joined", "first", "last", "reject"], 0)
    );
    for (let i = 0; i < parts.length; i++) {
      limit.key.push(keyParts.read(parts[i], limit.whenRepeated));
    }
    limit.bucket = readBucket(at);
    limit.seed = seedOf(limit.name, limit.bucket, 0);
    limit.overrides = readOverrides(at, limit.name, settings);
    limit.enabled = at.hundredths("enabled", 0, PERCENT_ALL, PERCENT_ALL);
    limit.enforced = at.hundredths("enforced", 0, PERCENT_ALL, PERCENT_ALL);
    limit.shadow = at.boolean("shadow", false);
    limit.whenMissing = <WhenMissing>(
      at.choice("whenMissing", ["shared", "skip", "reject"], WhenMissing.Shared)
    );
    limit.maxKeys = <i32>at.integer("maxKeys", 1, MAX_KEYS_MAX, 0);
    limit.cost = Cost.read(at, limit.bucket);
    at.done();
    return limit;
  }

  /**
   * Whose figures count: 0 for the limit's own, or the number of the first override that matches,
   * from 1.
   */
  tierFor(request: RequestView): i32 {
    for (let i = 0; i < this.overrides.length; i++) {
      if (unchecked(this.overrides[i]).match.matches(request)) return i + 1;
    }
    return 0;
  }

  /** Whether it is the path that decides about the limit, its bucket or its key. */
  dependsOnPath(request: RequestView): bool {
    if (this.match.dependsOnPath(request)) return true;
    if (!this.match.matches(request)) return false;
    for (let i = 0; i < this.key.length; i++) {
      if (unchecked(this.key[i]).source == KeySource.Uri) return true;
    }
    for (let i = 0; i < this.overrides.length; i++) {
      const match = unchecked(this.overrides[i]).match;
      if (match.dependsOnPath(request)) return true;
      if (match.matches(request)) return false;
    }
    return false;
  }

  /**
   * Whether the method decides about the override `tier`, or about one before it that is not met.
   */
  overridesDependOnMethod(request: RequestView, tier: i32): bool {
    const count = tier == 0 ? this.overrides.length : tier;
    for (let i = 0; i < count; i++) {
      if (unchecked(this.overrides[i]).match.dependsOnMethod(request)) return true;
    }
    return false;
  }

  /** Whether the limit asks about the request. */
  get looksAtRequest(): bool {
    const asks = !this.match.isEmpty || this.key.length > 0 || this.overrides.length > 0;
    return asks || this.cost.isFromHeader;
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

function readOverrides(parent: Cursor, name: StaticArray<u8>, settings: MatchSettings): Override[] {
  const items = parent.list("overrides");
  const overrides: Override[] = [];
  if (items.length > OVERRIDES_MAX)
    parent.refuse("overrides", "expected at most " + decimal(OVERRIDES_MAX));
  for (let i = 0; i < items.length; i++) {
    const at = items[i];
    if (!at.expectObject()) continue;
    const match = MatchList.read(at, "match", settings);
    if (match.isEmpty)
      at.refuse("match", "missing; an override without it would replace the limit itself");
    const bucket = readBucket(at);
    at.done();
    overrides.push(new Override(match, bucket, seedOf(name, bucket, i + 1)));
  }
  return overrides;
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
