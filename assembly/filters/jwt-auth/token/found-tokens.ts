// The tokens that one place of a request holds.
import { Bytes, NONE, lengthOf } from "../../../lib/bytes";
import { ValueList } from "../../../lib/http/named-values";
import { RequestView } from "../../../lib/http/request";
import { Writer } from "../../../lib/writer";

/** More tokens than one request is looked through for; all of them would have to be verified. */
export const TOKENS_MAX = 8;
/**
 * Elements of a list that are looked at. No client sends so many credentials; 55 KB of commas would
 * cost half a millisecond for each place.
 */
const ELEMENTS_MAX = 256;


@final
export class FoundTokens extends ValueList {
  count: i32 = 0;
  /** There were more than TOKENS_MAX tokens, or ELEMENTS_MAX elements. */
  overflow: bool = false;
  /** The first value, also an empty one; NONE: there is none. */
  first: Bytes = NONE;
  /** The request that a header was read for. */
  private readFor: u64 = 0;
  private elements: i32 = 0;
  private tokens: StaticArray<Bytes> = new StaticArray<Bytes>(TOKENS_MAX);
  /**
   * Decoded tokens, a writer for each: they are all looked at together. Null until one is needed.
   */
  private decoded: StaticArray<Writer | null> | null = null;

  clear(): void {
    this.count = 0;
    this.elements = 0;
    this.overflow = false;
    this.first = NONE;
  }

  /** Whether `request` is another one than the last; then everything is forgotten. */
  begins(request: RequestView): bool {
    if (this.readFor == request.serial) return false;
    this.readFor = request.serial;
    this.clear();
    return true;
  }

  token(index: i32): Bytes {
    return unchecked(this.tokens[index]);
  }

  get hasRoom(): bool {
    return this.count < TOKENS_MAX;
  }

  /** Counts what looking through a value costs. False: the request has cost too much already. */
  looksThrough(request: RequestView, value: Bytes): bool {
    const work = request.workOn(value);
    if (work === null) return true;
    work.walk(lengthOf(value));
    return !work.isSpent;
  }

  /** Counts one more element of a list. False: there are too many. */
  countsElement(): bool {
    if (++this.elements > ELEMENTS_MAX) this.overflow = true;
    return !this.overflow;
  }

  /** An empty value is no token: the native filter does not see it either. */
  add(token: Bytes): void {
    if (this.first == NONE) this.first = token;
    if (lengthOf(token) > 0) this.addAny(token);
  }

  /** As `add`, but an empty value counts: it is a token that is no good. */
  addAny(token: Bytes): void {
    if (this.count == TOKENS_MAX) this.overflow = true;
    else unchecked((this.tokens[this.count++] = token));
  }

  /** The next token's own writer; only where there is room. */
  place(): Writer {
    let decoded = this.decoded;
    if (decoded === null) {
      decoded = new StaticArray<Writer | null>(TOKENS_MAX);
      this.decoded = decoded;
    }
    let place = unchecked(decoded[this.count]);
    if (place === null) {
      place = new Writer();
      unchecked((decoded[this.count] = place));
    }
    return place;
  }
}
