// What makes a client the same client: a header, a claim, its network, or a cookie that we issue.
// The cookie carries a key, never a decision, so weights can move under it; whatever a client
// writes into it is only a key too.
import { Bytes, EMPTY, NONE, equal, isPresent, lengthOf, text, view } from "../../lib/bytes";
import { readHeaderName } from "../../lib/config/field-name";
import { Cursor } from "../../lib/config/reader";
import { COOKIE } from "../../lib/http/cookie";
import { HeaderNames } from "../../lib/http/header-names";
import { CookieValues } from "../../lib/http/named-values";
import { RequestView } from "../../lib/http/request";
import { Writer } from "../../lib/writer";
import { Family, IpAddress } from "../../lib/ip";
import { ClaimPath } from "../../lib/match/claim-path";
import { MatchSettings } from "../../lib/match/match-settings";
import { IssuedCookie } from "./issued-cookie";

export const enum StickySource {
  /** Each request anew. */
  None,
  Cookie,
  Header,
  Claim,
  SourceAddress,
}

const AUTHORIZATION = text("authorization");
const AUTHORITY = text(":authority");
const NAMES = ["cookie", "header", "claim", "sourceAddress"];
const addressBytes = new StaticArray<u8>(17);
const masked = new IpAddress();


@final
export class Sticky {
  source: StickySource = StickySource.None;
  /** A view, since it holds its length; `headerText` keeps what it views. */
  private header: Bytes = EMPTY;
  private headerText: StaticArray<u8> = new StaticArray<u8>(0);
  /** The header is the authority, in its one spelling. */
  private isHost: bool = false;
  private cookie: IssuedCookie = new IssuedCookie();
  /** Reads the cookie, and under which index. */
  private cookies: CookieValues | null = null;
  private cookieIndex: i32 = 0;
  private claim: ClaimPath | null = null;
  private v4Prefix: i32 = 32;
  /** One subscriber has a /64 at least, and changes its address in it by the hour. */
  private v6Prefix: i32 = 64;

  static read(parent: Cursor, matching: MatchSettings): Sticky {
    const sticky = new Sticky();
    if (!parent.has("sticky")) return sticky;
    const at = parent.object("sticky");
    sticky.source = <StickySource>(at.theOnly(NAMES) + 1);
    if (sticky.source == StickySource.Cookie)
      sticky.readCookie(at.object("cookie"), matching.cookies);
    else if (sticky.source == StickySource.Header) sticky.readHeader(at, matching);
    else if (sticky.source == StickySource.Claim) sticky.claim = ClaimPath.read(at, "claim");
    else if (sticky.source == StickySource.SourceAddress)
      sticky.readAddress(at.object("sourceAddress"));
    at.done();
    return sticky;
  }

  private readCookie(at: Cursor, cookies: CookieValues): void {
    this.cookie = IssuedCookie.read(at);
    this.cookies = cookies;
    this.cookieIndex = cookies.indexOf(view(this.cookie.name));
  }

  private readHeader(at: Cursor, matching: MatchSettings): void {
    this.headerText = readHeaderName(at.value("header"));
    this.header = view(this.headerText);
    this.isHost = matching.normalizesAuthority && equal(this.header, AUTHORITY);
  }

  private readAddress(at: Cursor): void {
    this.v4Prefix = <i32>at.integer("v4Prefix", 0, 32, 32);
    this.v6Prefix = <i32>at.integer("v6Prefix", 0, 128, 64);
    at.done();
  }

  /** Adds the name of the header that the key comes from. */
  addHeaderNames(names: HeaderNames): void {
    if (this.source == StickySource.Cookie) names.add(COOKIE);
    else if (this.source == StickySource.Header) names.add(this.header);
    else if (this.source == StickySource.Claim) names.add(AUTHORIZATION);
  }

  /** The client's key in this request, or NONE. */
  keyOf(request: RequestView): Bytes {
    switch (this.source) {
      case StickySource.Cookie: {
        const cookies = this.cookies;
        return cookies === null ? NONE : nonEmpty(cookies.valueAt(this.cookieIndex, request));
      }
      case StickySource.Header:
        return nonEmpty(this.headerIn(request));
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

  private headerIn(request: RequestView): Bytes {
    return this.isHost ? request.normalizedAuthority() : request.joinedHeader(this.header);
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
  setCookie(key: Bytes, to: Writer): Bytes {
    return this.cookie.withValue(key, to);
  }
}

function nonEmpty(value: Bytes): Bytes {
  return isPresent(value) && lengthOf(value) > 0 ? value : NONE;
}
