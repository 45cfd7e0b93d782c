// One place in a request where a token may be, and what taking a token out of it leaves. Knows
// headers, parameters and cookies; whether a token is any good it does not know.
import {
  Bytes,
  EMPTY,
  NONE,
  at,
  endsWith,
  equal,
  equalIgnoreCase,
  find,
  indexOf,
  lengthOf,
  slice,
  startsWith,
  text,
  trimSpace,
} from "../../../lib/bytes";
import { COOKIE, withoutCookie } from "../../../lib/http/cookie";
import { NamedValues } from "../../../lib/http/named-values";
import { withoutParam } from "../../../lib/http/query";
import { RequestView } from "../../../lib/http/request";
import { Writer } from "../../../lib/writer";
import { FoundTokens } from "./found-tokens";

export const enum Place {
  Header = 0,
  Parameter = 1,
  Cookie = 2,
}

export const enum Search {
  /** Each element of a list by itself. */
  Elements,
  /** A prefix of several elements. */
  Lists,
  /** The whole value, as Envoy. */
  Values,
}

const COMMA: u8 = 0x2c;
const BLANK = text(" ");
const SEPARATOR = text(", ");
const COOKIE_SEPARATOR = text("; ");
export const PATH = text(":path");

/** What is there for a place that is not in the request. */
const NOTHING = new FoundTokens();

export class Location {
  /**
   * The prefix without its blank, where it is an authentication scheme (RFC 9110 section 11.1:
   * any case).
   */
  private scheme: Bytes;
  /** How it looks at a header. */
  protected search: Search = Search.Elements;
  private found: FoundTokens = new FoundTokens();
  private values: NamedValues | null = null;

  /**
   * `name` in lower case for a header; `prefix` for headers alone. The views must outlive the
   * location.
   */
  constructor(
    readonly place: Place,
    readonly name: Bytes,
    protected prefix: Bytes = EMPTY,
  ) {
    this.scheme = endsWith(prefix, BLANK) ? trimSpace(prefix) : EMPTY;
  }

  /** Whether `other` finds the same tokens, or takes its tokens from the same values. */
  isLike(other: Location): bool {
    if (this.place != other.place || !equal(this.name, other.name)) return false;
    if (this.place != Place.Header) return true;
    return equal(this.prefix, other.prefix) && this.search == other.search;
  }

  shareWith(other: Location): void {
    this.share(other.found, other.values);
  }

  /** Takes the tokens from `found`; `values` fills it for parameters and cookies. */
  share(found: FoundTokens, values: NamedValues | null): void {
    this.found = found;
    this.values = values;
  }

  /** The tokens that are here. A request is read once, however many providers ask. */
  tokens(request: RequestView): FoundTokens {
    if (!this.mayBeIn(request)) return NOTHING;
    const found = this.found;
    const values = this.values;
    if (values !== null) values.readOnce(request);
    else if (found.begins(request)) this.collect(request, found);
    return found;
  }

  private mayBeIn(request: RequestView): bool {
    if (this.place == Place.Parameter) return request.query() != NONE;
    return request.headerIndex(this.place == Place.Cookie ? COOKIE : this.name, 0) >= 0;
  }

  /**
   * All instances, and all elements of each: proxies join `authorization` with commas, which no
   * token has in it.
   */
  protected collect(request: RequestView, found: FoundTokens): void {
    const name = this.name;
    for (let i = request.headerIndex(name, 0); i >= 0; i = request.headerIndex(name, i + 1)) {
      const value = request.headerValue(i);
      if (!found.looksThrough(request, value)) return;
      for (let from = 0, end = 0; from <= lengthOf(value); from = end + 1) {
        end = elementEnd(value, from);
        if (!found.countsElement()) return;
        found.add(this.tokenOf(trimSpace(slice(value, from, end))));
      }
    }
  }

  /**
   * The token in one element of a header; EMPTY when the element does not begin with the prefix.
   */
  private tokenOf(element: Bytes): Bytes {
    const width = lengthOf(this.scheme);
    if (width == 0)
      return startsWith(element, this.prefix)
        ? trimSpace(slice(element, lengthOf(this.prefix)))
        : EMPTY;
    if (lengthOf(element) <= width || at(element, width) != 0x20) return EMPTY;
    return equalIgnoreCase(slice(element, 0, width), this.scheme)
      ? trimSpace(slice(element, width))
      : EMPTY;
  }

  /**
   * `current` (a header's value, a cookie header's, or the path) without what this location finds
   * in it, in `scratch`, which `current` must not lie in. The view `current` itself: nothing was
   * found. EMPTY: nothing is left.
   */
  strip(current: Bytes, scratch: Writer): Bytes {
    if (this.place == Place.Cookie) return withoutCookie(current, this.name, scratch);
    if (this.place == Place.Parameter) return withoutParam(current, this.name, scratch);
    let found = false;
    scratch.reset();
    for (let from = 0, end = 0; from <= lengthOf(current); from = end + 1) {
      end = elementEnd(current, from);
      const element = trimSpace(slice(current, from, end));
      if (lengthOf(element) == 0) continue;
      if (lengthOf(this.tokenOf(element)) > 0) {
        found = true;
        continue;
      }
      if (scratch.length > 0) scratch.bytes(SEPARATOR);
      scratch.bytes(element);
    }
    if (!found) return current;
    return scratch.length > 0 ? scratch.view() : EMPTY;
  }

  /** The header that `strip` is for. */
  get header(): Bytes {
    return this.place == Place.Header ? this.name : this.place == Place.Cookie ? COOKIE : PATH;
  }

  /** What stands between the values of that header when it comes more than once. */
  get separator(): Bytes {
    return this.place == Place.Cookie ? COOKIE_SEPARATOR : SEPARATOR;
  }
}

/**
 * The same place as Envoy's jwt_authn looks at it (`tokenSearch: envoy`): each value of a header is
 * one token, of a parameter or cookie the first value; an empty one counts.
 */
@final
export class EnvoyLocation extends Location {
  private readonly one: FoundTokens = new FoundTokens();
  protected search: Search = Search.Values;

  tokens(request: RequestView): FoundTokens {
    const found = super.tokens(request);
    if (this.place == Place.Header) return found;
    this.one.clear();
    if (found.first != NONE) this.one.addAny(found.first);
    return this.one;
  }

  protected collect(request: RequestView, found: FoundTokens): void {
    const name = this.name;
    for (let i = request.headerIndex(name, 0); i >= 0; i = request.headerIndex(name, i + 1)) {
      const value = request.headerValue(i);
      if (!found.looksThrough(request, value)) return;
      const token = this.tokenIn(value);
      if (token != NONE) found.addAny(token);
    }
  }

  /**
   * Everything from the first character on that a token may have, behind the prefix, wherever that
   * is; the whole value where there is no such character. NONE without the prefix.
   */
  private tokenIn(value: Bytes): Bytes {
    if (lengthOf(this.prefix) == 0) return value;
    const at = find(value, this.prefix);
    if (at < 0) return NONE;
    let from = at + lengthOf(this.prefix);
    while (from < lengthOf(value) && !isTokenByte(value, from)) from++;
    return from < lengthOf(value) ? slice(value, from) : value;
  }
}

/** Base64url's characters (RFC 4648 section 5), and the dot. */
function isTokenByte(value: Bytes, index: i32): bool {
  const byte = at(value, index);
  const letter = byte | 0x20;
  if (letter >= 0x61 && letter <= 0x7a) return true;
  return (byte >= 0x30 && byte <= 0x39) || byte == 0x2d || byte == 0x5f || byte == 0x2e;
}

/** Where the element that begins at `from` ends. */
export function elementEnd(value: Bytes, from: i32): i32 {
  const comma = indexOf(value, COMMA, from);
  return comma < 0 ? lengthOf(value) : comma;
}
