// What tells one client from another: parts of a request, hashed one after the other under a
// secret of the proxy, so that a key of 64 kB costs its hash and no more, and nobody can choose
// two keys that share a bucket.
import { Cursor } from "../../lib/config/reader";
import { Bytes, NONE, bytes, isPresent, view } from "../../lib/bytes";
import { siphash } from "../../lib/hash";
import { cookie } from "../../lib/http/cookie";
import { decoded } from "../../lib/http/percent";
import { param } from "../../lib/http/query";
import { RequestView } from "../../lib/http/request";
import { Writer } from "../../lib/writer";
import { NETWORK_V4_PREFIX, NETWORK_V6_PREFIX } from "./overflow";
import { Secret } from "./secret";
import { Family, IpAddress } from "../../lib/ip";
import { ClaimPath } from "../../lib/match/claim-path";
import { isToken, lowerCased } from "../../lib/http/field";

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

/** Addresses and decoded parameters while they are hashed. */
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
    /** Of a header that came several times the first value counts; else all, joined. */
    readonly isFirst: bool = false,
  ) {}

  /** Reads one item of `key`: an object with exactly one member, the source. */
  static read(at: Cursor, isFirst: bool = false): KeyPart {
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
      name = readFieldName(at, "header");
    } else {
      name = at.bytes(NAMES[source]);
      if (name.length == 0 && found >= 0) at.refuse(NAMES[source], "expected a name");
    }
    at.done();
    return new KeyPart(source, name, claim, <i32>v4Prefix, <i32>v6Prefix, isFirst);
  }

  /**
   * This part of a request; NONE when the request has none. Valid until the next part is asked
   * for.
   */
  of(request: RequestView): Bytes {
    switch (this.source) {
      case KeySource.Header:
        return this.isFirst
          ? request.header(view(this.name))
          : request.joinedHeader(view(this.name));
      case KeySource.Claim:
        return this.claimOf(request);
      case KeySource.Cookie:
        return cookie(request, view(this.name));
      case KeySource.QueryParam:
        return this.parameterOf(request);
      case KeySource.SourceAddress:
        return this.addressOf(request);
      case KeySource.Method:
        return request.method();
      case KeySource.Uri:
        return request.path();
      case KeySource.Authority:
        return request.authority();
      default:
        return view(this.name);
    }
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

  /** Decoded, so that `a%62c` and `abc` are one client. */
  private parameterOf(request: RequestView): Bytes {
    const query = request.query();
    const raw = isPresent(query) ? param(query, view(this.name)) : NONE;
    return isPresent(raw) ? decoded(raw, parameter) : NONE;
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

/**
 * The name of a header, which must be there (a token of RFC 9110 section 5.6.2), in lower case as
 * proxies hold it.
 */
export function readFieldName(at: Cursor, member: string): StaticArray<u8> {
  const name = lowerCased(at.bytes(member));
  if (!isToken(view(name))) at.refuse(member, "expected a header name");
  return name;
}

/** What `fingerprint` gives when a part of the key is missing. */
export const MISSING: u64 = 0;

/**
 * The fingerprint of a request's key under the proxy's secret; MISSING when the request lacks a
 * part. Never 0 else.
 */
export function fingerprint(
  parts: KeyPart[],
  request: RequestView,
  seed: u64,
  secret: Secret,
): u64 {
  let hash = seed;
  for (let i = 0; i < parts.length; i++) {
    const part = unchecked(parts[i]).of(request);
    if (!isPresent(part)) return MISSING;
    hash = siphash(part, secret.k0 ^ hash, secret.k1 + <u64>i);
  }
  return hash == MISSING ? 1 : hash;
}
