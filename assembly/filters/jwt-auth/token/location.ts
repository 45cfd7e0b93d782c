// One place in a request where a token may be, and the tokens that are there. Knows headers,
// parameters and cookies; whether a token is any good it refuses to know.
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
import { COOKIE, CookieReader, withoutCookie } from "../../../lib/http/cookie";
import { HeaderList } from "../../../lib/http/headers";
import { decoded, equalDecoded } from "../../../lib/http/percent";
import { ParamReader, queryOf, withoutParam } from "../../../lib/http/query";
import { Writer } from "../../../lib/writer";

export const enum Place {
  Header = 0,
  Parameter = 1,
  Cookie = 2,
}

/** More tokens than one request is looked through for; all of them would have to be verified. */
export const TOKENS_MAX = 8;

const COMMA: u8 = 0x2c;
const BLANK = text(" ");
const SEPARATOR = text(", ");
const COOKIE_SEPARATOR = text("; ");
export const PATH = text(":path");

/** The tokens found in a request for one provider. */
@final
export class FoundTokens {
  count: i32 = 0;
  /** There were more than TOKENS_MAX. */
  overflow: bool = false;
  private tokens: StaticArray<Bytes> = new StaticArray<Bytes>(TOKENS_MAX);
  /** Percent-decoded values, a place for each token: they are all looked at together. */
  private places: StaticArray<Writer | null> = new StaticArray<Writer | null>(TOKENS_MAX);

  clear(): void {
    this.count = 0;
    this.overflow = false;
  }

  token(index: i32): Bytes {
    return unchecked(this.tokens[index]);
  }

  /** An empty value is no token: the native filter does not see it either. */
  add(token: Bytes): void {
    if (lengthOf(token) == 0) return;
    if (this.count == TOKENS_MAX) {
      this.overflow = true;
      return;
    }
    unchecked((this.tokens[this.count++] = token));
  }

  get hasRoom(): bool {
    return this.count < TOKENS_MAX;
  }

  addEncoded(raw: Bytes): void {
    if (this.count < TOKENS_MAX) this.add(decoded(raw, this.place()));
    else this.overflow = true;
  }

  /** As `add`, but an empty value counts: it is a token that is no good. */
  addAny(token: Bytes): void {
    if (this.count == TOKENS_MAX) this.overflow = true;
    else unchecked((this.tokens[this.count++] = token));
  }

  addAnyEncoded(raw: Bytes): void {
    if (this.count < TOKENS_MAX) this.addAny(decoded(raw, this.place()));
    else this.overflow = true;
  }

  /** The next token's own scratch; only where `count` is below TOKENS_MAX. */
  place(): Writer {
    let place = unchecked(this.places[this.count]);
    if (place === null) {
      place = new Writer();
      unchecked((this.places[this.count] = place));
    }
    return place;
  }
}

const cookies = new CookieReader();
const params = new ParamReader();

export class Location {
  /**
   * The prefix without its blank, where it is an authentication scheme (RFC 9110 section 11.1:
   * any case).
   */
  private scheme: Bytes;

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

  collect(request: HeaderList, path: Bytes, found: FoundTokens): void {
    if (this.place == Place.Header) this.collectHeaders(request, found);
    else if (this.place == Place.Parameter) this.collectParams(path, found);
    else this.collectCookies(request, found);
  }

  /**
   * All instances, and all elements of each: proxies join `authorization` with commas, which no
   * token has in it.
   */
  private collectHeaders(request: HeaderList, found: FoundTokens): void {
    for (
      let i = request.headerIndex(this.name, 0);
      i >= 0;
      i = request.headerIndex(this.name, i + 1)
    ) {
      const value = request.headerValue(i);
      for (let from = 0, end = 0; from <= lengthOf(value); from = end + 1) {
        end = elementEnd(value, from);
        found.add(this.tokenOf(trimSpace(slice(value, from, end))));
      }
    }
  }

  private collectParams(path: Bytes, found: FoundTokens): void {
    params.open(queryOf(path));
    while (params.next()) {
      if (equalDecoded(params.name, this.name)) found.addEncoded(params.value);
    }
  }

  private collectCookies(request: HeaderList, found: FoundTokens): void {
    for (let i = request.headerIndex(COOKIE, 0); i >= 0; i = request.headerIndex(COOKIE, i + 1)) {
      cookies.open(request.headerValue(i));
      while (cookies.next()) {
        if (equal(cookies.name, this.name)) found.add(cookies.value);
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
  collect(request: HeaderList, path: Bytes, found: FoundTokens): void {
    if (this.place == Place.Header) this.collectHeader(request, found);
    else if (this.place == Place.Parameter) this.collectParam(path, found);
    else this.collectCookie(request, found);
  }

  /** Whether the header has what Envoy takes for a token; it then removes the whole header. */
  isIn(request: HeaderList): bool {
    for (
      let i = request.headerIndex(this.name, 0);
      i >= 0;
      i = request.headerIndex(this.name, i + 1)
    ) {
      if (this.tokenIn(request.headerValue(i)) != NONE) return true;
    }
    return false;
  }

  private collectHeader(request: HeaderList, found: FoundTokens): void {
    for (
      let i = request.headerIndex(this.name, 0);
      i >= 0;
      i = request.headerIndex(this.name, i + 1)
    ) {
      const token = this.tokenIn(request.headerValue(i));
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

  private collectParam(path: Bytes, found: FoundTokens): void {
    params.open(queryOf(path));
    while (params.next()) {
      if (!equalDecoded(params.name, this.name)) continue;
      return found.addAnyEncoded(params.value);
    }
  }

  private collectCookie(request: HeaderList, found: FoundTokens): void {
    for (let i = request.headerIndex(COOKIE, 0); i >= 0; i = request.headerIndex(COOKIE, i + 1)) {
      cookies.open(request.headerValue(i));
      while (cookies.next()) {
        if (equal(cookies.name, this.name)) return found.addAny(cookies.value);
      }
    }
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
