// The rules of a route: the first whose conditions a request meets names its variant. Nearly
// every request meets nearly none, for want of one header or of a text in it. That is asked
// first, of all rules in one block of memory; the conditions themselves, which lie here and
// there, are looked at only where it is there.
//
//   for each rule   length of the header's name (0: none is known) | length of the text | name | text
import { Bytes, EMPTY, bytes, find, lengthOf, owned } from "../../lib/bytes";
import { RequestView } from "../../lib/http/request";
import { MatchList } from "../../lib/match/match";
import { Writer } from "../../lib/writer";

/** Longer names and texts are not asked for first. */
const LENGTH_MAX = 255;

/** A rule that sends its requests to one variant. */
@final
export class VariantRule {
  constructor(
    readonly variant: i32,
    readonly match: MatchList,
  ) {}
}


@final
export class Rules {
  private readonly list: StaticArray<VariantRule>;
  /** What is asked first. */
  private readonly questions: StaticArray<u8>;

  constructor(rules: VariantRule[]) {
    this.list = StaticArray.fromArray(rules);
    const questions = new Writer();
    for (let i = 0; i < rules.length; i++) putQuestion(rules[i].match, questions);
    this.questions = owned(questions.view());
  }

  /** Whether a rule names the variant. */
  names(variant: i32): bool {
    for (let i = 0; i < this.list.length; i++) {
      if (this.list[i].variant == variant) return true;
    }
    return false;
  }

  /** The variant of the first rule that a request meets, or -1. */
  variantFor(request: RequestView): i32 {
    const list = this.list;
    let at = changetype<usize>(this.questions);
    for (let i = 0; i < list.length; i++) {
      const nameLength = <i32>load<u8>(at);
      const textLength = <i32>load<u8>(at, 1);
      const name = bytes(at + 2, nameLength);
      const text = bytes(at + 2 + <usize>nameLength, textLength);
      at += 2 + <usize>(nameLength + textLength);
      if (nameLength > 0 && !hasValueWith(request, name, text)) continue;
      const rule = unchecked(list[i]);
      if (rule.match.matches(request)) return rule.variant;
    }
    return -1;
  }
}

function putQuestion(match: MatchList, to: Writer): void {
  const header = match.neededHeader();
  const name = header === null ? EMPTY : header.name;
  const text = header === null ? EMPTY : header.condition.neededText();
  const isShort = lengthOf(name) <= LENGTH_MAX && lengthOf(text) <= LENGTH_MAX;
  to.byte(isShort ? <u8>lengthOf(name) : 0);
  to.byte(isShort ? <u8>lengthOf(text) : 0);
  if (!isShort) return;
  to.bytes(name);
  to.bytes(text);
}

/** Whether a value of the header `name` holds `text` (which may be empty). */
function hasValueWith(request: RequestView, name: Bytes, text: Bytes): bool {
  let index = request.headerIndex(name, 0);
  while (index >= 0 && find(request.headerValue(index), text) < 0)
    index = request.headerIndex(name, index + 1);
  return index >= 0;
}
