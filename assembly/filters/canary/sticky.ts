// What makes a client the same client: a header, a claim, its network, or a cookie that we issue.
// The cookie carries a key, never a decision, so weights can move under it; whatever a client
// writes into it is only a key too.
import { Bytes, NONE, isPresent, lengthOf, view } from "../../lib/bytes";
import { Cursor } from "../../lib/config/reader";
import { cookie } from "../../lib/http/cookie";
import { RequestView } from "../../lib/http/request";
import { Writer } from "../../lib/writer";
import { Family, IpAddress } from "../../lib/ip";
import { ClaimPath } from "../../lib/match/claim-path";
import { isToken, lowerCased } from "../../lib/http/field";
import { IssuedCookie } from "./issued-cookie";

export const enum StickySource {
  /** Each request anew. */
  None,
  Cookie,
  Header,
  Claim,
  SourceAddress,
}

const NAMES = ["cookie", "header", "claim", "sourceAddress"];
const addressBytes = new StaticArray<u8>(17);
const masked = new IpAddress();


@final
export class Sticky {
  source: StickySource = StickySource.None;
  private header: StaticArray<u8> = new StaticArray<u8>(0);
  private cookie: IssuedCookie = new IssuedCookie();
  private claim: ClaimPath | null = null;
  private v4Prefix: i32 = 32;
  private v6Prefix: i32 = 128;

  static read(parent: Cursor): Sticky {
    const sticky = new Sticky();
    if (!parent.has("sticky")) return sticky;
    const at = parent.object("sticky");
    sticky.source = <StickySource>(at.theOnly(NAMES) + 1);
    if (sticky.source == StickySource.Cookie)
      sticky.cookie = IssuedCookie.read(at.object("cookie"));
    else if (sticky.source == StickySource.Header) sticky.readHeader(at);
    else if (sticky.source == StickySource.Claim) sticky.claim = ClaimPath.read(at, "claim");
    else if (sticky.source == StickySource.SourceAddress)
      sticky.readAddress(at.object("sourceAddress"));
    at.done();
    return sticky;
  }

  private readHeader(at: Cursor): void {
    this.header = lowerCased(at.bytes("header"));
    if (!isToken(view(this.header))) at.refuse("header", "expected a header name");
  }

  private readAddress(at: Cursor): void {
    this.v4Prefix = <i32>at.integer("v4Prefix", 0, 32, 32);
    this.v6Prefix = <i32>at.integer("v6Prefix", 0, 128, 128);
    at.done();
  }

  /** The client's key in this request, or NONE. */
  keyOf(request: RequestView): Bytes {
    switch (this.source) {
      case StickySource.Cookie:
        return nonEmpty(cookie(request, view(this.cookie.name)));
      case StickySource.Header:
        return nonEmpty(request.joinedHeader(view(this.header)));
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
  setCookie(key: Bytes, to: Writer): Bytes {
    return this.cookie.withValue(key, to);
  }
}

function nonEmpty(value: Bytes): Bytes {
  return isPresent(value) && lengthOf(value) > 0 ? value : NONE;
}
