// What one claim has to be. Types count: the text "5" is not the number 5. A list holds when one
// of its elements does.
import {
  Bytes,
  NONE,
  equal,
  indexOf,
  lengthOf,
  slice,
  toText,
  trim,
  view,
} from "../../../lib/bytes";
import { ClaimPath } from "../../../lib/match/claim-path";
import { JsonDocument, JsonKind } from "../../../lib/json/document";
import { StringMatch } from "../../../lib/match/string-match";

const BLANK: u8 = 0x20;

/** A value of the configuration that a claim is compared with. */
@final
export class Scalar {
  constructor(
    readonly kind: JsonKind,
    /** A string's text. */
    readonly text: StaticArray<u8>,
    readonly integer: i64,
    readonly double: f64,
    readonly boolean: bool,
  ) {}

  /** Whether row `node` is this value; `text` is its text, if it is one, or a word of it. */
  equals(document: JsonDocument, node: i32, text: Bytes): bool {
    if (!document.is(node, this.kind)) return false;
    if (this.kind == JsonKind.String) return equal(text, view(this.text));
    if (this.kind == JsonKind.Integer) return document.integer(node) == this.integer;
    if (this.kind == JsonKind.Boolean) return document.boolean(node) == this.boolean;
    return this.kind == JsonKind.Double && document.number(node) == this.double;
  }
}


@final
export class ClaimRule {
  /**
   * The claim, or what it has in it, is one of these (`equals` and `contains` are lists of one);
   * null for other conditions.
   */
  oneOf: Scalar[] | null = null;
  match: StringMatch | null = null;
  inverts: bool = false;
  /** The claim's text is a list with blanks between. */
  isSpaceDelimited: bool = false;
  /** Such a text is its words and nothing else, as in Envoy's metadata, unless it has none. */
  isWordsOnly: bool = false;

  constructor(readonly path: ClaimPath) {}

  /** The texts that would fulfil this rule, a blank behind each. */
  wantedText(): string {
    let wanted = "";
    const oneOf = this.oneOf;
    for (let i = 0; oneOf !== null && i < oneOf.length; i++) {
      if (oneOf[i].kind == JsonKind.String) wanted += toText(view(oneOf[i].text)) + " ";
    }
    return wanted;
  }

  /**
   * Whether the claims set fulfils this rule. An absent claim fulfils nothing but an inverted
   * `present`.
   */
  holds(document: JsonDocument): bool {
    const node = this.path.find(document);
    const isPresence = this.oneOf === null && this.match === null;
    if (isPresence) return (node >= 0 && !document.is(node, JsonKind.Null)) != this.inverts;
    return node >= 0 && this.holdsFor(document, node) != this.inverts;
  }

  private holdsFor(document: JsonDocument, node: i32): bool {
    if (document.is(node, JsonKind.Array)) {
      for (let child = document.first(node); child >= 0; child = document.after(child, node)) {
        if (this.fits(document, child, document.text(child))) return true;
      }
      return false;
    }
    const text = document.text(node);
    if (this.isSpaceDelimited) {
      if (this.anyWordFits(document, node, text)) return true;
      if (this.isWordsOnly && lengthOf(trim(text)) > 0) return false;
    }
    return this.fits(document, node, text);
  }

  private fits(document: JsonDocument, node: i32, text: Bytes): bool {
    const match = this.match;
    // `invert` is about the whole claim, so it is applied where the whole claim is seen.
    if (match !== null) return text != NONE && match.matches(text) != match.invert;
    const oneOf = this.oneOf;
    if (oneOf === null) return false;
    for (let i = 0; i < oneOf.length; i++) {
      if (unchecked(oneOf[i]).equals(document, node, text)) return true;
    }
    return false;
  }

  private anyWordFits(document: JsonDocument, node: i32, words: Bytes): bool {
    for (let from = 0, end = 0; words != NONE && from <= lengthOf(words); from = end + 1) {
      const blank = indexOf(words, BLANK, from);
      end = blank < 0 ? lengthOf(words) : blank;
      if (end > from && this.fits(document, node, slice(words, from, end))) return true;
    }
    return false;
  }
}
