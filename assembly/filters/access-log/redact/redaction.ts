// Takes secrets out of values: whole headers, query parameters wherever a URL stands, cookies,
// things that look like a token, and what the user's patterns find. What remains of a path is a
// path, of a cookie header a cookie header.
import {
  Bytes,
  EMPTY,
  NONE,
  at,
  bytes,
  equalIgnoreCase,
  find,
  indexOf,
  lengthOf,
  slice,
  text,
  trimSpace,
  view,
} from "../../../lib/bytes";
import { HmacKey } from "../../../lib/crypto/hmac";
import { SHA256 } from "../../../lib/crypto/sha256";
import { CookieReader } from "../../../lib/http/cookie";
import { decoded } from "../../../lib/http/percent";
import { ParamReader } from "../../../lib/http/query";
import { Writer } from "../../../lib/writer";
import { Action, MASK, RedactConfig } from "./redact-config";
import {
  hasMark,
  isNameByte,
  isTokenByte,
  nextMark,
  trimEnd,
  withoutAmpersand,
  withoutUsers,
} from "./url-places";

/** What a header's value is made of, besides text that may hold anything. */
export const enum Shape {
  Plain,
  /** Pairs of `cookie`. */
  Cookies,
  /** `set-cookie`: one pair and attributes. */
  SetCookie,
}

const COOKIE = text("cookie");
const SET_COOKIE = text("set-cookie");
const HASH_PREFIX = text("hmac:");
const SEPARATOR = text("; ");
/** How a JSON object begins in base64url: a token, or its payload alone. */
const TOKEN_START = text("eyJ");
/** Shorter than any header of a JWS. */
const TOKEN_BYTES_MIN = 20;
/** How many matches of one pattern in one value are hashed each by itself. */
const MATCHES_MAX = 64;
/** How much of an HMAC stands in a line: 128 bits. */
const HASH_BYTES = 16;
const EQUALS: u8 = 0x3d;
const PERCENT: u8 = 0x25;
const SEMICOLON: u8 = 0x3b;

const digest = memory.data(32, 16);
/** A URL that is encoded so many times more than its query is no longer looked into. */
const ENCODINGS_MAX = 4;

// What the steps of one value are put together in. Of all configurations together: a writer is
// never given back.
const urlOut = new Writer();
const cookieOut = new Writer();
const tokenOut = new Writer();
const patternOut: Writer[] = [new Writer(), new Writer()];
const plainName = new Writer();
const plainValue: Writer[] = [new Writer(), new Writer()];


@final
export class Redaction {
  private hmac: HmacKey | null = null;
  private replaced: Writer = new Writer(128);
  private params: ParamReader = new ParamReader();
  private cookies: CookieReader = new CookieReader();
  private hasPatterns: bool;

  constructor(private config: RedactConfig) {
    this.hasPatterns = config.patterns.length > 0;
    if (config.hashKey.length > 0) this.hmac = new HmacKey(SHA256, view(config.hashKey));
  }

  /** The key, when it is not in the configuration. */
  useKey(key: Bytes): void {
    this.hmac = new HmacKey(SHA256, key);
  }

  ofHeader(name: Bytes): Action {
    return this.config.ofHeader(name);
  }

  ofClaim(steps: Bytes): Action {
    return this.config.ofClaim(steps);
  }

  get hasClaims(): bool {
    return this.config.claims.length > 0;
  }

  static shapeOf(name: Bytes): Shape {
    if (equalIgnoreCase(name, COOKIE)) return Shape.Cookies;
    return equalIgnoreCase(name, SET_COOKIE) ? Shape.SetCookie : Shape.Plain;
  }

  /** What stands for `value`: NONE when it is dropped. Valid until the next replacement. */
  replacement(action: Action, value: Bytes): Bytes {
    if (action == Action.Keep || value == NONE) return value;
    if (action == Action.Drop) return NONE;
    const hmac = this.hmac;
    if (action == Action.Mask || hmac === null) return MASK;
    hmac.sign(value, digest);
    this.replaced.reset();
    this.replaced.bytes(HASH_PREFIX);
    this.replaced.hex(bytes(digest, HASH_BYTES));
    return this.replaced.view();
  }

  /** A header's value without the secrets in it; NONE when nothing of it may be shown. */
  header(action: Action, shape: Shape, value: Bytes): Bytes {
    if (value == NONE) return NONE;
    if (action != Action.Keep) return this.replacement(action, value);
    if (shape == Shape.Cookies) return this.scrubbed(this.cookieHeader(value));
    if (shape == Shape.SetCookie) return this.scrubbed(this.setCookieHeader(value));
    return this.plain(value);
  }

  /** Any text: parameters of a URL in it, tokens, and the user's patterns. */
  plain(value: Bytes): Bytes {
    if (value == NONE) return NONE;
    return hasMark(value) ? this.scrubbed(this.url(value)) : this.patterned(value);
  }

  /** Tokens and the user's patterns. */
  scrubbed(value: Bytes): Bytes {
    return this.patterned(
      this.config.defaults && lengthOf(value) >= TOKEN_BYTES_MIN
        ? this.withoutTokens(value)
        : value,
    );
  }

  private patterned(value: Bytes): Bytes {
    if (!this.hasPatterns) return value;
    const patterns = this.config.patterns;
    let clean = value;
    for (let i = 0; i < patterns.length; i++) {
      const pattern = unchecked(patterns[i]);
      const out = unchecked(patternOut[i & 1]);
      if (pattern.action == Action.Hash) clean = this.hashedMatches(i, clean, out);
      else
        clean = pattern.searcher.replaceAll(
          clean,
          pattern.action == Action.Drop ? EMPTY : MASK,
          out,
        );
    }
    return clean;
  }

  /** `value` with each match of pattern `index` hashed, in `out`; itself without a match. */
  private hashedMatches(index: i32, value: Bytes, out: Writer): Bytes {
    const searcher = unchecked(this.config.patterns[index]).searcher;
    let from = 0;
    let copied = 0;
    let found = 0;
    out.reset();
    while (from <= lengthOf(value) && searcher.find(value, from)) {
      // To find all of many costs the square of the length: what is behind so many counts as one.
      const end = ++found > MATCHES_MAX ? lengthOf(value) : searcher.end;
      if (end == searcher.start) {
        from = end + 1;
        continue;
      }
      out.bytes(slice(value, copied, searcher.start));
      out.bytes(this.replacement(Action.Hash, slice(value, searcher.start, end)));
      copied = end;
      from = end;
    }
    if (copied == 0) return value;
    out.bytes(slice(value, copied));
    return out.view();
  }

  /**
   * Every run of base64url and dots that begins like a JSON object is a token, or a part of one.
   */
  private withoutTokens(value: Bytes): Bytes {
    let start = find(value, TOKEN_START);
    if (start < 0) return value;
    const out = tokenOut;
    let copied = 0;
    out.reset();
    while (start >= 0) {
      let end = start;
      while (end < lengthOf(value) && isTokenByte(at(value, end))) end++;
      if (end - start >= TOKEN_BYTES_MIN) {
        out.bytes(slice(value, copied, start));
        const mark = this.replacement(this.config.action, slice(value, start, end));
        if (mark != NONE) out.bytes(mark);
        copied = end;
      }
      start = find(value, TOKEN_START, end);
    }
    if (copied == 0) return value;
    out.bytes(slice(value, copied));
    return out.view();
  }

  /**
   * A URL, a request target or any text with one: credentials before the host, parameters behind
   * "?" and "#".
   */
  url(value: Bytes): Bytes {
    const known = this.config.defaults ? withoutUsers(value) : value;
    const first = nextMark(known, 0);
    if (!this.hasSecret(known, first)) return known;
    urlOut.reset();
    urlOut.bytes(slice(known, 0, first));
    this.putMarked(known, first);
    return urlOut.view();
  }

  /**
   * Whether any parameter from the "?" or "#" at `from` on may not be shown: mostly none, and
   * then nothing is copied.
   */
  private hasSecret(value: Bytes, from: i32): bool {
    while (from < lengthOf(value)) {
      const end = nextMark(value, from + 1);
      this.params.open(slice(value, from + 1, end));
      while (this.params.next()) {
        if (this.actionOf(this.params) != Action.Keep) return true;
      }
      from = end;
    }
    return false;
  }

  /** What becomes of a parameter; one without a value has nothing to hide. */
  private actionOf(param: ParamReader): Action {
    const value = param.value;
    if (lengthOf(value) == 0) return Action.Keep;
    const action = this.config.ofParam(decoded(param.name, plainName));
    return action == Action.Keep && this.hidesParam(value) ? this.config.action : action;
  }

  /** Each part from the "?" or "#" at `from` on. */
  private putMarked(value: Bytes, from: i32): void {
    while (from < lengthOf(value)) {
      const end = nextMark(value, from + 1);
      this.putParams(urlOut, at(value, from), slice(value, from + 1, end));
      from = end;
    }
  }

  /** What stands behind the "?" of a target. */
  query(query: Bytes): Bytes {
    if (query == NONE) return NONE;
    const known = this.config.defaults ? withoutUsers(query) : query;
    const end = nextMark(known, 0);
    urlOut.reset();
    this.putParams(urlOut, 0, slice(known, 0, end));
    this.putMarked(known, end);
    return this.scrubbed(urlOut.view());
  }

  /** The value of one parameter. */
  param(name: Bytes, value: Bytes): Bytes {
    if (value == NONE) return NONE;
    const action = this.config.ofParam(name);
    if (action != Action.Keep) return this.replacement(action, value);
    return this.hidesParam(value)
      ? this.replacement(this.config.action, value)
      : this.scrubbed(value);
  }

  /** Puts `mark` (0: none) and the parameters that may be shown, each as it stood. */
  private putParams(out: Writer, mark: u8, query: Bytes): void {
    const start = out.length;
    let copied = 0;
    let hasGap = false;
    let hasDropped = false;
    if (mark != 0) out.byte(mark);
    this.params.open(query);
    while (this.params.next()) {
      const value = this.params.value;
      const action = this.actionOf(this.params);
      if (action == Action.Keep) continue;
      // Between the last redacted parameter and this one everything stays byte for byte.
      if (action == Action.Drop) {
        out.bytes(withoutAmpersand(slice(query, copied, this.params.start), hasGap));
        hasGap = true;
        hasDropped = true;
      } else {
        out.bytes(
          withoutAmpersand(slice(query, copied, this.params.end - lengthOf(value)), hasGap),
        );
        out.bytes(this.replacement(action, value));
        hasGap = false;
      }
      copied = this.params.end;
    }
    out.bytes(withoutAmpersand(slice(query, copied), hasGap));
    if (hasDropped) trimEnd(out, start, mark);
  }

  /**
   * A URL inside of a parameter, percent-encoded once or more, whose own parameters are
   * credentials.
   */
  private hidesParam(value: Bytes): bool {
    if (!this.config.defaults) return false;
    let inner = value;
    for (let times = 0; times < ENCODINGS_MAX && indexOf(inner, PERCENT) >= 0; times++) {
      const before = lengthOf(inner);
      inner = decoded(inner, unchecked(plainValue[times & 1]));
      if (lengthOf(inner) == before) return false;
      if (this.namesCredential(inner)) return true;
    }
    return false;
  }

  private namesCredential(text: Bytes): bool {
    for (let i = indexOf(text, EQUALS); i >= 0; i = indexOf(text, EQUALS, i + 1)) {
      let start = i;
      while (start > 0 && isNameByte(at(text, start - 1))) start--;
      if (start < i && this.config.ofParam(slice(text, start, i)) != Action.Keep) return true;
    }
    return false;
  }

  private cookieHeader(value: Bytes): Bytes {
    const out = cookieOut;
    out.reset();
    this.cookies.open(value);
    while (this.cookies.nextPiece())
      this.putCookie(out, slice(value, this.cookies.start, this.cookies.end));
    return out.view();
  }

  private setCookieHeader(value: Bytes): Bytes {
    const out = cookieOut;
    out.reset();
    const end = indexOf(value, SEMICOLON);
    this.putCookie(out, trimSpace(end < 0 ? value : slice(value, 0, end)));
    if (end >= 0) out.bytes(slice(value, end));
    return out.view();
  }

  /** One `name=value`; what is no pair counts as a value without a name. */
  private putCookie(out: Writer, piece: Bytes): void {
    const equals = indexOf(piece, EQUALS);
    const name = equals < 0 ? EMPTY : trimSpace(slice(piece, 0, equals));
    const action = this.config.ofCookie(name);
    const shown = this.replacement(action, slice(piece, equals + 1));
    if (shown == NONE) return;
    if (out.length > 0) out.bytes(SEPARATOR);
    if (equals >= 0) out.bytes(slice(piece, 0, equals + 1));
    out.bytes(shown);
  }
}
