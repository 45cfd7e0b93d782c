// What tells one client from another: parts of a request, hashed one after the other under a
// secret of the proxy, so that a key of 64 kB costs its hash and no more, and nobody can choose
// two keys that share a bucket.
import { Cursor } from "../../lib/config/reader";
import { readHeaderName } from "../../lib/config/field-name";
import { Bytes, NONE, bytes, equal, isPresent, text, view } from "../../lib/bytes";
import { siphash } from "../../lib/hash";
import { RequestView } from "../../lib/http/request";
import { Writer } from "../../lib/writer";
import { NETWORK_V4_PREFIX, NETWORK_V6_PREFIX } from "./overflow";
import { Secret } from "./secret";
import { Family, IpAddress } from "../../lib/ip";
import { ClaimPath } from "../../lib/match/claim-path";
import { MatchSettings } from "../../lib/match/match-settings";

export const enum KeySource {
  Header,
  Claim,
  Cookie,
  QueryParam,
  SourceAddress,
  Method,
  Uri,
  Authority,
  Literal,
}

const NAMES = [
  "header",
  "claim",
  "cookie",
  "queryParam",
  "sourceAddress",
  "method",
  "uri",
  "authority",
  "literal",
];

/** What happens to a request in which a part of the key comes more than once, with different values. */
export const enum WhenRepeated {
  /** All such requests share one bucket. */
  Shared,
  /** All values count, with "," between. */
  Joined,
  First,
  Last,
  /** The request is refused. */
  Reject,
}

/** No place of a value: memory ends before it. */
const REPEATED: Bytes = 0xfffffffd;
const AUTHORITY = text(":authority");
const COMMA: u8 = 0x2c;

/** Addresses and joined values while they are hashed. */
const addressBytes = new StaticArray<u8>(17);
const masked = new IpAddress();
const parameter = new Writer();

/** One part of a key. */
@final
export class KeyPart {
  constructor(
    readonly source: KeySource,
    /** Header, cookie or parameter name, or the literal. */
    readonly name: StaticArray<u8>,
    readonly claim: ClaimPath | null,
    readonly v4Prefix: i32,
    readonly v6Prefix: i32,
    private readonly whenRepeated: WhenRepeated,
    private readonly settings: MatchSettings,
    /** Of a cookie or parameter, among those that the settings ask for. */
    private readonly index: i32,
  ) {}

  /** Reads one item of `key`: an object with exactly one member, the source. */
  static read(at: Cursor, whenRepeated: WhenRepeated, settings: MatchSettings): KeyPart {
    const found = at.expectObject() ? at.theOnly(NAMES) : -1;
    const source = found < 0 ? KeySource.Literal : <KeySource>found;
    let name = new StaticArray<u8>(0);
    let claim: ClaimPath | null = null;
    let v4Prefix: i64 = 32;
    let v6Prefix: i64 = 128;
    if (source == KeySource.Claim) {
      claim = ClaimPath.read(at, "claim");
    } else if (source == KeySource.SourceAddress) {
      const prefixes = at.object("sourceAddress");
      v4Prefix = prefixes.integer("v4Prefix", 0, 32, 32);
      v6Prefix = prefixes.integer("v6Prefix", 0, 128, 64);
      prefixes.done();
    } else if (
      source == KeySource.Method ||
      source == KeySource.Uri ||
      source == KeySource.Authority
    ) {
      if (!at.boolean(NAMES[source], true)) at.refuse(NAMES[source], "expected true");
    } else if (source == KeySource.Header) {
      name = readHeaderName(at.value("header"));
    } else {
      name = at.bytes(NAMES[source]);
      if (name.length == 0 && found >= 0) at.refuse(NAMES[source], "expected a name");
    }
    at.done();
    let index = 0;
    if (source == KeySource.Cookie) index = settings.cookies.watch(view(name));
    else if (source == KeySource.QueryParam) index = settings.params.watch(view(name));
    const v4 = <i32>v4Prefix;
    const v6 = <i32>v6Prefix;
    return new KeyPart(source, name, claim, v4, v6, whenRepeated, settings, index);
  }

  /**
   * This part of a request. NONE: the request has none. REPEATED: it came more than once, with different
   * values, and none of them may choose the bucket. Valid until the next part is asked for.
   */
  of(request: RequestView): Bytes {
    switch (this.source) {
      case KeySource.Header:
        return this.headerOf(request);
      case KeySource.Claim:
        return this.claimOf(request);
      case KeySource.Cookie: {
        const cookies = this.settings.cookies;
        return this.chosen(
          cookies.valueAt(this.index, request),
          cookies.otherAt(this.index, request),
        );
      }
      case KeySource.QueryParam: {
        const params = this.settings.params;
        return this.chosen(
          params.valueAt(this.index, request),
          params.otherAt(this.index, request),
        );
      }
      case KeySource.SourceAddress:
        return this.addressOf(request);
      case KeySource.Method:
        return request.method();
      case KeySource.Uri:
        return this.settings.normalizesPath ? request.normalizedPath() : request.path();
      case KeySource.Authority:
        return this.authorityOf(request);
      default:
        return view(this.name);
    }
  }

  private authorityOf(request: RequestView): Bytes {
    return this.settings.normalizesAuthority ? request.normalizedAuthority() : request.authority();
  }

  private headerOf(request: RequestView): Bytes {
    const name = view(this.name);
    if (equal(name, AUTHORITY)) return this.authorityOf(request);
    if (this.whenRepeated == WhenRepeated.Joined) return request.joinedHeader(name);
    const first = request.header(name);
    let other = NONE;
    let index = isPresent(first) ? request.headerIndex(name, 0) : -1;
    while (index >= 0) {
      const value = request.headerValue(index);
      if (other != NONE || !equal(value, first)) other = value;
      index = request.headerIndex(name, index + 1);
    }
    return this.chosen(first, other);
  }

  /** `other` is the last value, when it is another than the first. */
  private chosen(first: Bytes, other: Bytes): Bytes {
    if (other == NONE || this.whenRepeated == WhenRepeated.First) return first;
    if (this.whenRepeated == WhenRepeated.Last) return other;
    if (this.whenRepeated != WhenRepeated.Joined) return REPEATED;
    // Of cookies and parameters the first and the last value stand for all.
    parameter.reset();
    parameter.bytes(first);
    parameter.byte(COMMA);
    parameter.bytes(other);
    return parameter.view();
  }

  private claimOf(request: RequestView): Bytes {
    const claim = this.claim;
    return claim === null ? NONE : claim.textIn(request);
  }

  /**
   * What the rate limit service knows this part by: the name of the header, cookie or parameter,
   * or of the claim.
   */
  get label(): Bytes {
    const claim = this.claim;
    return claim === null ? view(this.name) : claim.head;
  }

  /**
   * The client's network as text: IPv4 with dots, IPv6 as eight groups, and its prefix unless it
   * is one address.
   */
  addressText(request: RequestView): Bytes {
    const address = request.sourceIp();
    parameter.reset();
    if (address.family == Family.None) return parameter.view();
    masked.set(address);
    masked.mask(this.v4Prefix, this.v6Prefix);
    const isV4 = masked.family == Family.V4;
    for (let i = 0; isV4 && i < 4; i++) {
      if (i > 0) parameter.byte(0x2e);
      parameter.decimal((masked.low >> (24 - 8 * i)) & 0xff);
    }
    for (let i = 0; !isV4 && i < 8; i++) {
      if (i > 0) parameter.byte(0x3a);
      const word = i < 4 ? masked.high : masked.low;
      parameter.hexNumber(<u32>((word >> (48 - 16 * (i & 3))) & 0xffff));
    }
    const prefix = isV4 ? this.v4Prefix : this.v6Prefix;
    const bits = isV4 ? 32 : 128;
    if (prefix != bits) {
      parameter.byte(0x2f);
      parameter.decimal(prefix);
    }
    return parameter.view();
  }

  private addressOf(request: RequestView): Bytes {
    return addressIn(request, this.v4Prefix, this.v6Prefix);
  }
}

/** The client's network: its address with the bits beyond the prefix cleared; NONE without an address. */
function addressIn(request: RequestView, v4Prefix: i32, v6Prefix: i32): Bytes {
  const address = request.sourceIp();
  if (address.family == Family.None) return NONE;
  masked.set(address);
  masked.mask(v4Prefix, v6Prefix);
  const pointer = changetype<usize>(addressBytes);
  store<u8>(pointer, masked.family);
  store<u64>(pointer, masked.high, 1);
  store<u64>(pointer, masked.low, 9);
  return bytes(pointer, 17);
}

/** The hash of the client's network, as overflow buckets tell networks apart; 0 without an address. */
export function networkOf(request: RequestView, secret: Secret): u64 {
  const network = addressIn(request, NETWORK_V4_PREFIX, NETWORK_V6_PREFIX);
  return isPresent(network) ? siphash(network, secret.k0, secret.k1) : 0;
}

/** What `fingerprint` gives when a part of the key is missing, and when one came more than once. */
export const MISSING: u64 = 0;
export const AMBIGUOUS: u64 = 1;

/** The fingerprint of a request's key under the proxy's secret; or MISSING, or AMBIGUOUS. */
export function fingerprint(
  parts: KeyPart[],
  request: RequestView,
  seed: u64,
  secret: Secret,
): u64 {
  let hash = seed;
  let isAmbiguous = false;
  for (let i = 0; i < parts.length; i++) {
    const part = unchecked(parts[i]).of(request);
    if (!isPresent(part)) return isAmbiguous ? AMBIGUOUS : MISSING;
    if (part == REPEATED) isAmbiguous = true;
    else hash = siphash(part, secret.k0 ^ hash, secret.k1 + <u64>i);
  }
  if (isAmbiguous) return AMBIGUOUS;
  return hash <= AMBIGUOUS ? 2 : hash;
}
