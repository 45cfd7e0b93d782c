// A condition on one claim of the token that let the request in. A list holds when one of its
// items does; numbers and booleans are compared as their JSON text.
import { Bytes, NONE, indexOf, lengthOf, slice } from "../bytes";
import { Cursor } from "../config/reader";
import { RequestView } from "../http/request";
import { JsonDocument, JsonKind } from "../json/document";
import { ClaimPath, scalarText } from "./claim-path";
import { StringMatch, StringMatchKind } from "./string-match";

/**
 * What it costs to pass a claim by its name, and to look at an item of a list: a token can hold
 * thousands.
 */
const ROW_NANOS: i64 = 3;
const ITEM_NANOS: i64 = 6;


@final
export class ClaimMatch {
  private constructor(
    private readonly path: ClaimPath,
    private readonly condition: StringMatch,
  ) {}

  /** Reads the list `name` of {claim, exact | prefix | …}; null when there is none. */
  static readList(parent: Cursor, name: string): StaticArray<ClaimMatch> | null {
    const items = parent.list(name);
    const claims: ClaimMatch[] = [];
    for (let i = 0; i < items.length; i++) {
      items[i].expectObject();
      const path = ClaimPath.read(items[i], "claim");
      claims.push(new ClaimMatch(path, StringMatch.readRest(items[i])));
    }
    return claims.length == 0 ? null : StaticArray.fromArray(claims);
  }

  /** An absent claim meets nothing but an inverted `present`. */
  matches(request: RequestView): bool {
    const document = request.claimsDocument();
    if (document === null) return this.nativeFits(request, request.nativeClaim(this.path.property));
    const work = request.searchWork;
    work.spend(ROW_NANOS * document.count);
    if (work.isSpent) return false;
    const node = this.path.find(document);
    const isAbsent = node < 0 || document.is(node, JsonKind.Null);
    if (isAbsent) return this.condition.matches(NONE);
    if (this.condition.kind == StringMatchKind.Present) return !this.condition.invert;
    if (!document.is(node, JsonKind.Array))
      return this.condition.matchesIn(request, scalarText(document, node));
    return this.anyItemFits(request, document, node) != this.condition.invert;
  }

  /**
   * Whether an item meets the condition as if it were not inverted: "not in the list" must ask
   * all of them.
   */
  private anyItemFits(request: RequestView, document: JsonDocument, list: i32): bool {
    const work = request.searchWork;
    for (let item = document.first(list); item >= 0; item = document.after(item, list)) {
      work.spend(ITEM_NANOS);
      if (work.isSpent) return false;
      const text = scalarText(document, item);
      if (text != NONE && this.condition.fitsIn(request, text)) return true;
    }
    return false;
  }

  /** Texts of the native filter's metadata, a zero byte between those of a list. */
  private nativeFits(request: RequestView, texts: Bytes): bool {
    const condition = this.condition;
    if (texts == NONE || condition.kind == StringMatchKind.Present) return condition.matches(texts);
    for (let from = 0; from <= lengthOf(texts);) {
      const zero = indexOf(texts, 0, from);
      const end = zero < 0 ? lengthOf(texts) : zero;
      if (condition.fitsIn(request, slice(texts, from, end))) return !condition.invert;
      from = end + 1;
    }
    return condition.invert;
  }
}
