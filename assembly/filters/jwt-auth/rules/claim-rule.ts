// What one claim has to be. Types count: the text "5" is not the number 5. A list holds when one of its elements does.
import { Bytes, equal, indexOf, lengthOf, slice, toText, view } from "../../../lib/bytes";
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

  equals(document: JsonDocument, node: i32): bool {
    if (!document.is(node, this.kind)) return false;
    if (this.kind == JsonKind.String) return equal(document.text(node), view(this.text));
    if (this.kind == JsonKind.Integer) return document.integer(node) == this.integer;
    if (this.kind == JsonKind.Boolean) return document.boolean(node) == this.boolean;
    return this.kind == JsonKind.Double && document.number(node) == this.double;
  }

  equalsText(text: Bytes): bool {
    return this.kind == JsonKind.String && equal(text, view(this.text));
  }
}


@final
export class ClaimRule {
  /** The claim is one of these (`equals` is a list of one); null where another condition stands. */
  oneOf: Scalar[] | null = null;
  /** The claim has this in it. */
  contained: Scalar | null = null;
  match: StringMatch | null = null;
  inverts: bool = false;
  /** The claim's text is a list with blanks between. */
  isSpaceDelimited: bool = false;

  constructor(readonly path: ClaimPath) {}

  /** The texts that would fulfil this rule, a blank behind each. */
  wantedText(): string {
    let wanted = "";
    const contained = this.contained;
    if (contained !== null && contained.kind == JsonKind.String) wanted += toText(view(contained.text)) + " ";
    const oneOf = this.oneOf;
    for (let i = 0; oneOf !== null && i < oneOf.length; i++) {
      if (oneOf[i].kind == JsonKind.String) wanted += toText(view(oneOf[i].text)) + " ";
    }
    return wanted;
  }

  /** Whether the claims set fulfils this rule. An absent claim fulfils nothing but an inverted `present`. */
  holds(document: JsonDocument): bool {
    const node = this.path.find(document);
    const isPresence = this.oneOf === null && this.contained === null && this.match === null;
    if (isPresence) return (node >= 0 && !document.is(node, JsonKind.Null)) != this.inverts;
    return node >= 0 && this.holdsFor(document, node) != this.inverts;
  }

  private holdsFor(document: JsonDocument, node: i32): bool {
    if (document.is(node, JsonKind.Array)) {
      for (let child = document.first(node); child >= 0; child = document.after(child, node)) {
        if (this.fits(document, child)) return true;
      }
      return false;
    }
    if (this.isSpaceDelimited && document.is(node, JsonKind.String)) return this.anyWordFits(document.text(node));
    return this.fits(document, node);
  }

  private fits(document: JsonDocument, node: i32): bool {
    const match = this.match;
    if (match !== null) return document.is(node, JsonKind.String) && fits(match, document.text(node));
    const contained = this.contained;
    if (contained !== null) return contained.equals(document, node);
    const oneOf = this.oneOf;
    if (oneOf === null) return false;
    for (let i = 0; i < oneOf.length; i++) {
      if (unchecked(oneOf[i]).equals(document, node)) return true;
    }
    return false;
  }

  private anyWordFits(words: Bytes): bool {
    for (let from = 0, end = 0; from <= lengthOf(words); from = end + 1) {
      const blank = indexOf(words, BLANK, from);
      end = blank < 0 ? lengthOf(words) : blank;
      if (end > from && this.wordFits(slice(words, from, end))) return true;
    }
    return this.wordFits(words);
  }

  private wordFits(word: Bytes): bool {
    const match = this.match;
    if (match !== null) return fits(match, word);
    const contained = this.contained;
    if (contained !== null) return contained.equalsText(word);
    const oneOf = this.oneOf;
    if (oneOf === null) return false;
    for (let i = 0; i < oneOf.length; i++) {
      if (unchecked(oneOf[i]).equalsText(word)) return true;
    }
    return false;
  }
}

/** The condition itself: `invert` is about the whole claim, so it is applied where the whole claim is seen. */
function fits(match: StringMatch, text: Bytes): bool {
  return match.matches(text) != match.invert;
}
