// The cookie that carries a client's key: its settings, and how it looks in a `set-cookie` header
// (RFC 6265 section 4.1, and what browsers added since: SameSite and name prefixes of RFC
// 6265bis, Partitioned of CHIPS).
import { Bytes, startsWith, text, utf8, view } from "../../lib/bytes";
import { Cursor } from "../../lib/config/reader";
import { isToken } from "../../lib/http/field";
import { Writer } from "../../lib/writer";

const SECOND: i64 = 1_000_000_000;
const DAY = 24 * 3600 * SECOND;
/** Browsers keep no cookie longer (RFC 6265bis section 5.5). */
const MAX_AGE_MAX = 400 * DAY;

const PATH = text("; Path=");
const MAX_AGE = text("; Max-Age=");
const DOMAIN = text("; Domain=");
const SAME_SITE = text("; SameSite=");
const SECURE = text("; Secure");
const HTTP_ONLY = text("; HttpOnly");
const PARTITIONED = text("; Partitioned");
const HOST_PREFIX = text("__Host-");
const SECURE_PREFIX = text("__Secure-");
const EQUALS: u8 = 0x3d;

const SAME_SITES = ["Lax", "Strict", "None"];
const SAME_SITE_NONE = 2;


@final
export class IssuedCookie {
  name: StaticArray<u8> = new StaticArray<u8>(0);
  private path: StaticArray<u8> = new StaticArray<u8>(0);
  private domain: StaticArray<u8> = new StaticArray<u8>(0);
  private maxAgeNanos: i64 = 0;
  private sameSite: i32 = 0;
  private secure: bool = true;
  private httpOnly: bool = true;
  private partitioned: bool = false;
  /** Everything of the cookie after its value. */
  private attributes: Writer = new Writer();

  static read(at: Cursor): IssuedCookie {
    const cookie = new IssuedCookie();
    cookie.name = at.bytes("name");
    if (!isToken(view(cookie.name)))
      at.refuse("name", "expected a cookie name (RFC 6265: a token)");
    cookie.path = at.optionalBytes("path", utf8("/"));
    if (!isPath(cookie.path))
      at.refuse("path", "expected a path that begins with '/', without ';' and control characters");
    cookie.domain = at.optionalBytes("domain", utf8(""));
    if (at.has("domain") && !isDomain(cookie.domain))
      at.refuse("domain", "expected a domain such as example.com");
    cookie.maxAgeNanos = at.duration("maxAge", 0, MAX_AGE_MAX, 30 * DAY);
    cookie.sameSite = at.choice("sameSite", SAME_SITES, 0);
    cookie.secure = at.boolean("secure", true);
    cookie.httpOnly = at.boolean("httpOnly", true);
    cookie.partitioned = at.boolean("partitioned", false);
    cookie.check(at);
    at.done();
    cookie.putAttributes(cookie.attributes);
    return cookie;
  }

  /** What browsers would drop without a word. */
  private check(at: Cursor): void {
    const name = view(this.name);
    const isHost = startsWith(name, HOST_PREFIX);
    if (this.secure ? false : isHost || startsWith(name, SECURE_PREFIX))
      at.refuse("secure", "expected true: browsers drop __Host- and __Secure- cookies without it");
    if (!this.secure && (this.partitioned || this.sameSite == SAME_SITE_NONE))
      at.refuse(
        "secure",
        "expected true: browsers drop SameSite=None and Partitioned cookies without it",
      );
    if (isHost && this.domain.length > 0)
      at.refuse("domain", "expected none: browsers drop __Host- cookies with a domain");
    if (isHost && this.path.length != 1)
      at.refuse("path", "expected /: browsers drop __Host- cookies with another path");
  }

  private putAttributes(to: Writer): void {
    to.bytes(PATH);
    to.bytes(view(this.path));
    if (this.maxAgeNanos > 0) {
      to.bytes(MAX_AGE);
      // Rounded up: a Max-Age of zero would delete the cookie.
      to.decimal((this.maxAgeNanos + SECOND - 1) / SECOND);
    }
    if (this.domain.length > 0) {
      to.bytes(DOMAIN);
      to.bytes(view(this.domain));
    }
    to.bytes(SAME_SITE);
    to.bytes(text(SAME_SITES[this.sameSite]));
    if (this.secure) to.bytes(SECURE);
    if (this.httpOnly) to.bytes(HTTP_ONLY);
    if (this.partitioned) to.bytes(PARTITIONED);
  }

  /** The whole `set-cookie` value, in `to`. */
  withValue(value: Bytes, to: Writer): Bytes {
    to.reset();
    to.bytes(view(this.name));
    to.byte(EQUALS);
    to.bytes(value);
    to.bytes(this.attributes.view());
    return to.view();
  }
}

function isPath(path: StaticArray<u8>): bool {
  for (let i = 0; i < path.length; i++) {
    const byte = unchecked(path[i]);
    if (byte < 0x20 || byte >= 0x7f || byte == 0x3b) return false;
  }
  return path.length > 0 && path[0] == 0x2f;
}

/** Letters, digits, `-` and `.`: a name as DNS has it. */
function isDomain(domain: StaticArray<u8>): bool {
  for (let i = 0; i < domain.length; i++) {
    const byte = unchecked(domain[i]);
    if (byte - 0x30 >= 10 && (byte | 0x20) - 0x61 >= 26 && byte != 0x2d && byte != 0x2e)
      return false;
  }
  return domain.length > 0;
}
