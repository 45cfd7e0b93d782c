// What makes a client the same client: a header, a claim, its network, or a cookie that we issue. The cookie carries a
// key, never a verdict, so weights can move under it; whatever a client writes into it is only a key too.
import { Bytes, NONE, isPresent, lengthOf, text, utf8, view } from "../../lib/bytes";
import { Cursor } from "../../lib/config/reader";
import { cookie } from "../../lib/http/cookie";
import { putDecimal } from "../../lib/http/decimal";
import { lowerCased } from "../../lib/match/match";
import { RequestView } from "../../lib/http/request";
import { Scratch } from "../../lib/http/scratch";
import { Family, IpAddress } from "../../lib/ip";
import { ClaimPath } from "../../lib/match/claim-path";

export const enum StickySource {
  /** Each request anew. */
  None,
  Cookie,
  Header,
  Claim,
  SourceAddress,
}

const NAMES = ["cookie", "header", "claim", "sourceAddress"];
const SECOND: i64 = 1_000_000_000;
const MAX_AGE_MAX: i64 = 400 * 24 * 3600 * SECOND;
/** 128 random bits as hexadecimal digits. */
export const ISSUED_KEY_BYTES = 32;

const PATH = text("; Path=");
const MAX_AGE = text("; Max-Age=");
const DOMAIN = text("; Domain=");
const SAME_SITE = text("; SameSite=");
const SECURE = text("; Secure");
const HTTP_ONLY = text("; HttpOnly");
const PARTITIONED = text("; Partitioned");
const EQUALS: u8 = 0x3d;

const issued = new StaticArray<u8>(ISSUED_KEY_BYTES);
const addressBytes = new StaticArray<u8>(17);
const masked = new IpAddress();


@final
export class Sticky {
  source: StickySource = StickySource.None;
  /** Header or cookie name. */
  name: StaticArray<u8> = new StaticArray<u8>(0);
  private claim: ClaimPath | null = null;
  private v4Prefix: i32 = 32;
  private v6Prefix: i32 = 128;
  /** Everything of the cookie after its value. */
  private attributes: Scratch = new Scratch();

  static read(parent: Cursor): Sticky {
    const sticky = new Sticky();
    if (!parent.has("sticky")) return sticky;
    const at = parent.object("sticky");
    let found = 0;
    for (let i = 0; i < NAMES.length; i++) {
      if (!at.has(NAMES[i])) continue;
      sticky.source = <StickySource>(i + 1);
      found++;
    }
    if (found != 1) at.refuse("", "expected exactly one of: " + NAMES.join(", "));
    else if (sticky.source == StickySource.Cookie) sticky.readCookie(at.object("cookie"));
    else if (sticky.source == StickySource.Header) sticky.name = lowerCased(at.bytes("header"));
    else if (sticky.source == StickySource.Claim) sticky.claim = ClaimPath.read(at, "claim");
    else sticky.readAddress(at.object("sourceAddress"));
    at.done();
    return sticky;
  }

  private readAddress(at: Cursor): void {
    this.v4Prefix = <i32>at.integer("v4Prefix", 0, 32, 32);
    this.v6Prefix = <i32>at.integer("v6Prefix", 0, 128, 128);
    at.done();
  }

  /** RFC 6265 section 4.1, and the attributes browsers added since (RFC 6265bis, CHIPS). */
  private readCookie(at: Cursor): void {
    this.name = at.bytes("name");
    if (!isToken(this.name)) at.refuse("name", "expected a cookie name (RFC 6265: a token)");
    const path = at.optionalBytes("path", utf8("/"));
    if (!isAttribute(path)) at.refuse("path", "expected a path without ';' and control characters");
    const domain = at.optionalBytes("domain", utf8(""));
    if (!isAttribute(domain)) at.refuse("domain", "expected a domain");
    const maxAge = at.duration("maxAge", 0, MAX_AGE_MAX, 30 * 24 * 3600 * SECOND);
    const sameSites = ["Lax", "Strict", "None"];
    const sameSite = at.choice("sameSite", sameSites, 0);
    const secure = at.boolean("secure", true);
    const httpOnly = at.boolean("httpOnly", true);
    const partitioned = at.boolean("partitioned", false);
    if ((sameSite == 2 || partitioned) && !secure)
      at.refuse("secure", "browsers drop SameSite=None and Partitioned cookies without it");
    at.done();
    const to = this.attributes;
    to.put(PATH);
    to.put(view(path));
    if (maxAge > 0) {
      to.put(MAX_AGE);
      putDecimal(to, maxAge / SECOND);
    }
    if (domain.length > 0) {
      to.put(DOMAIN);
      to.put(view(domain));
    }
    to.put(SAME_SITE);
    to.put(text(sameSites[sameSite]));
    if (secure) to.put(SECURE);
    if (httpOnly) to.put(HTTP_ONLY);
    if (partitioned) to.put(PARTITIONED);
  }

  /** The client's key in this request, or NONE. */
  keyOf(request: RequestView): Bytes {
    switch (this.source) {
      case StickySource.Cookie:
        return nonEmpty(cookie(request, view(this.name)));
      case StickySource.Header:
        return nonEmpty(request.joinedHeader(view(this.name)));
      case StickySource.Claim: {
        const claim = this.claim;
        return claim === null ? NONE : claim.textIn(request);
      }
      case StickySource.SourceAddress:
        return this.networkOf(request);
      default:
        return NONE;
    }
  }

  private networkOf(request: RequestView): Bytes {
    const address = request.sourceIp();
    if (address.family == Family.None) return NONE;
    masked.set(address);
    masked.mask(this.v4Prefix, this.v6Prefix);
    const pointer = changetype<usize>(addressBytes);
    store<u8>(pointer, <u8>masked.family);
    store<u64>(pointer, masked.high, 1);
    store<u64>(pointer, masked.low, 9);
    return view(addressBytes);
  }

  /** The `set-cookie` value that gives a client `key`. Valid until `to` is cleared. */
  setCookie(key: Bytes, to: Scratch): Bytes {
    to.clear();
    to.put(view(this.name));
    to.putByte(EQUALS);
    to.put(key);
    to.put(this.attributes.view());
    return to.view();
  }
}

/** A new key of 128 bits from `high` and `low`; the same memory each time. */
export function newKey(high: u64, low: u64): Bytes {
  for (let i = 0; i < ISSUED_KEY_BYTES; i++) {
    const word = i < 16 ? high : low;
    const digit = <u8>((word >> (60 - 4 * (i & 15))) & 15);
    unchecked((issued[i] = digit + (digit < 10 ? 0x30 : 0x57)));
  }
  return view(issued);
}

function nonEmpty(value: Bytes): Bytes {
  return isPresent(value) && lengthOf(value) > 0 ? value : NONE;
}

/** RFC 9110 section 5.6.2. */
function isToken(name: StaticArray<u8>): bool {
  for (let i = 0; i < name.length; i++) {
    const byte = name[i];
    if (byte <= 0x20 || byte >= 0x7f || '()<>@,;:\\"/[]?={}'.includes(String.fromCharCode(byte))) return false;
  }
  return name.length > 0;
}

function isAttribute(value: StaticArray<u8>): bool {
  for (let i = 0; i < value.length; i++) {
    if (value[i] < 0x20 || value[i] == 0x7f || value[i] == 0x3b) return false;
  }
  return true;
}
