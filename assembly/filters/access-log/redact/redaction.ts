// Takes secrets out of values: whole headers, query parameters wherever a URL stands, cookies,
// things that look like a token, and what the user's patterns find.
import { Bytes, NONE, at, equalIgnoreCase, lengthOf, slice, text, view } from "../../../lib/bytes";
import { decoded } from "../../../lib/http/percent";
import { Writer } from "../../../lib/writer";
import { Action, MASK } from "./action";
import { CookieRedaction } from "./cookie-redaction";
import { HASH_BYTE_NANOS, LineWork } from "./line-work";
import { RedactConfig } from "./redact-config";
import { Replacement } from "./replacement";
import { TextRedaction } from "./text-redaction";
import { hasMark, nextMark, withoutUsers } from "./url-places";
import { UrlRedaction } from "./url-redaction";

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
/** A longer path of a URL that costs too much is not shown either. */
const PATH_BYTES_MAX = 256;

// Of all configurations together: a writer is never given back.
const pathOut = new Writer();
const paramOut = new Writer();


@final
export class Redaction {
  private replacement: Replacement;
  private urls: UrlRedaction;
  private cookies: CookieRedaction;
  private texts: TextRedaction;
  private work: LineWork;

  constructor(private config: RedactConfig) {
    const replacement = new Replacement();
    this.replacement = replacement;
    this.urls = new UrlRedaction(config, replacement);
    this.cookies = new CookieRedaction(config, replacement);
    this.texts = new TextRedaction(config, replacement);
    this.work = new LineWork(config.work, config.patterns.length > 0);
    if (config.hashKey.length > 0) replacement.useKey(view(config.hashKey));
  }

  /** The key, when it is not in the configuration. */
  useKey(key: Bytes): void {
    this.replacement.useKey(key);
  }

  /** Another line begins: what its values may cost is counted from now on. */
  beginLine(): void {
    this.work.beginLine();
  }

  /** Whether a hash of `value` may still be made for this line. */
  admitsHash(value: Bytes): bool {
    return this.work.admits(value, HASH_BYTE_NANOS);
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

  /** A header's value without the secrets in it; NONE when nothing of it may be shown. */
  header(action: Action, shape: Shape, value: Bytes): Bytes {
    if (value == NONE) return NONE;
    this.replacement.begin();
    if (action == Action.Keep && shape == Shape.Plain) return this.plain(value);
    if (action != Action.Keep) return this.replaced(action, value);
    if (!this.work.admits(value)) return MASK;
    if (shape == Shape.Cookies) return this.texts.scrubbed(this.cookies.request(value));
    return this.texts.scrubbed(this.cookies.response(value));
  }

  /** Any text: parameters of a URL in it, tokens, and the user's patterns. */
  plain(value: Bytes): Bytes {
    if (value == NONE) return NONE;
    this.replacement.begin();
    if (!this.work.admits(value)) return this.pathAlone(value);
    return hasMark(value) ? this.texts.scrubbed(this.urls.url(value)) : this.texts.patterned(value);
  }

  /**
   * A URL that costs too much without its query: what was asked for must not be hidden by what
   * stands behind it. A pattern could have found something that the path is only a part of.
   */
  private pathAlone(value: Bytes): Bytes {
    const end = nextMark(slice(value, 0, PATH_BYTES_MAX), 0);
    const isShort = end < min(lengthOf(value), PATH_BYTES_MAX);
    if (!isShort || this.config.patterns.length > 0) return MASK;
    const path = slice(value, 0, end);
    pathOut.reset();
    pathOut.bytes(this.texts.scrubbed(this.config.defaults ? withoutUsers(path) : path));
    pathOut.byte(at(value, end));
    pathOut.bytes(MASK);
    return pathOut.view();
  }

  /** Tokens and the user's patterns. */
  scrubbed(value: Bytes): Bytes {
    if (value == NONE) return NONE;
    this.replacement.begin();
    if (!this.work.admits(value)) return MASK;
    return this.texts.scrubbed(value);
  }

  /** What stands behind the "?" of a target. */
  query(query: Bytes): Bytes {
    if (query == NONE) return NONE;
    this.replacement.begin();
    if (!this.work.admits(query)) return MASK;
    return this.texts.scrubbed(this.urls.query(query));
  }

  /** The value of one parameter, percent-decoded; `raw` is as it stands in the query. */
  param(name: Bytes, raw: Bytes): Bytes {
    if (raw == NONE) return NONE;
    this.replacement.begin();
    if (!this.work.admits(raw)) return MASK;
    const action = this.urls.actionOf(name, raw);
    const value = decoded(raw, paramOut);
    return action == Action.Keep ? this.plain(value) : this.replaced(action, value);
  }

  /** What stands for the whole value. */
  private replaced(action: Action, value: Bytes): Bytes {
    if (action == Action.Hash && !this.admitsHash(value)) return MASK;
    return this.replacement.of(action, value);
  }
}
