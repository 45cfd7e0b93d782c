// Takes secrets out of values: whole headers, query parameters wherever a URL stands, cookies,
// things that look like a token, and what the user's patterns find.
import { Bytes, NONE, equalIgnoreCase, text, view } from "../../../lib/bytes";
import { Action } from "./action";
import { CookieRedaction } from "./cookie-redaction";
import { RedactConfig } from "./redact-config";
import { Replacement } from "./replacement";
import { TextRedaction } from "./text-redaction";
import { hasMark } from "./url-places";
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


@final
export class Redaction {
  private replacement: Replacement;
  private urls: UrlRedaction;
  private cookies: CookieRedaction;
  private texts: TextRedaction;

  constructor(private config: RedactConfig) {
    const replacement = new Replacement();
    this.replacement = replacement;
    this.urls = new UrlRedaction(config, replacement);
    this.cookies = new CookieRedaction(config, replacement);
    this.texts = new TextRedaction(config, replacement);
    if (config.hashKey.length > 0) replacement.useKey(view(config.hashKey));
  }

  /** The key, when it is not in the configuration. */
  useKey(key: Bytes): void {
    this.replacement.useKey(key);
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
    if (action != Action.Keep) return this.replacement.of(action, value);
    if (shape == Shape.Cookies) return this.texts.scrubbed(this.cookies.request(value));
    if (shape == Shape.SetCookie) return this.texts.scrubbed(this.cookies.response(value));
    return this.plain(value);
  }

  /** Any text: parameters of a URL in it, tokens, and the user's patterns. */
  plain(value: Bytes): Bytes {
    if (value == NONE) return NONE;
    this.replacement.begin();
    return hasMark(value) ? this.texts.scrubbed(this.urls.url(value)) : this.texts.patterned(value);
  }

  /** Tokens and the user's patterns. */
  scrubbed(value: Bytes): Bytes {
    this.replacement.begin();
    return this.texts.scrubbed(value);
  }

  /** What stands behind the "?" of a target. */
  query(query: Bytes): Bytes {
    if (query == NONE) return NONE;
    this.replacement.begin();
    return this.texts.scrubbed(this.urls.query(query));
  }

  /** The value of one parameter. */
  param(name: Bytes, value: Bytes): Bytes {
    if (value == NONE) return NONE;
    this.replacement.begin();
    const action = this.urls.actionOf(name, value);
    if (action != Action.Keep) return this.replacement.of(action, value);
    return this.texts.scrubbed(value);
  }
}
