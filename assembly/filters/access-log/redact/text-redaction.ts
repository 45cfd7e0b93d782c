// Takes out of any text what looks like a token, and what the user's patterns find.
import { Bytes, EMPTY, NONE, at, find, lengthOf, slice, text } from "../../../lib/bytes";
import { Searcher } from "../../../lib/regex/searcher";
import { Writer } from "../../../lib/writer";
import { Action, MASK } from "./action";
import { RedactConfig } from "./redact-config";
import { Replacement } from "./replacement";
import { isTokenByte } from "./url-places";

/** How a JSON object begins in base64url: a token, or its payload alone. */
const TOKEN_START = text("eyJ");
/** Shorter than any header of a JWS. */
const TOKEN_BYTES_MIN = 20;
/** How many matches of one pattern in one text are hashed each by itself. */
const MATCHES_MAX = 64;

// Of all configurations together: a writer is never given back.
const tokenOut = new Writer();
const patternOut: Writer[] = [new Writer(), new Writer()];


@final
export class TextRedaction {
  constructor(
    private config: RedactConfig,
    private replacement: Replacement,
  ) {}

  scrubbed(value: Bytes): Bytes {
    const hasTokens = this.config.defaults && lengthOf(value) >= TOKEN_BYTES_MIN;
    return this.patterned(hasTokens ? this.withoutTokens(value) : value);
  }

  /**
   * The user's patterns alone. What costs more than the line may (LineWork) is masked as a whole.
   */
  patterned(value: Bytes): Bytes {
    const patterns = this.config.patterns;
    const work = this.config.work;
    if (patterns.length == 0) return value;
    let clean = value;
    for (let i = 0; i < patterns.length; i++) {
      const pattern = unchecked(patterns[i]);
      const out = unchecked(patternOut[i & 1]);
      const mark = pattern.action == Action.Drop ? EMPTY : MASK;
      if (pattern.action == Action.Hash) clean = this.hashedMatches(pattern.searcher, clean, out);
      else clean = pattern.searcher.replaceAll(clean, mark, out);
      if (work.isSpent) return MASK;
    }
    return clean;
  }

  /** `value` with each match hashed, in `out`; itself without a match. */
  private hashedMatches(searcher: Searcher, value: Bytes, out: Writer): Bytes {
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
      out.bytes(this.replacement.of(Action.Hash, slice(value, searcher.start, end)));
      copied = end;
      from = end;
    }
    if (copied == 0) return value;
    out.bytes(slice(value, copied));
    return out.view();
  }

  /** A run of base64url and dots that begins like a JSON object is a token, or a part of one. */
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
        const mark = this.replacement.of(this.config.action, slice(value, start, end));
        if (mark != NONE) out.bytes(mark);
        copied = end;
      }
      start = find(value, TOKEN_START, end);
    }
    if (copied == 0) return value;
    out.bytes(slice(value, copied));
    return out.view();
  }
}
