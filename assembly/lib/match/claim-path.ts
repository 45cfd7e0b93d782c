// Where a claim lies in a claims set: dotted text ("realm_access.roles"), a name that is a URL
// ("https://example.com/roles"), or a list of steps where a name has a dot in it.
import {
  Bytes,
  NONE,
  at as byteAt,
  find,
  indexOf,
  lengthOf,
  owned,
  slice,
  text,
  view,
} from "../bytes";
import { Cursor } from "../config/reader";
import { isWord } from "../http/field";
import { RequestView } from "../http/request";
import { JsonDocument, JsonKind } from "../json/document";
import { decimal } from "../writer";

/** Deeper than claims go. */
export const CLAIM_STEPS_MAX = 16;

const DOT: u8 = 0x2e;
const SLASH: u8 = 0x2f;
const SCHEME_END = text("://");
const IN_SCHEME = text("+-");
const WANTED =
  'expected a claim: dotted text such as "realm_access.roles", or a list of 1 to 16 steps';
const AMBIGUOUS =
  'expected no dot behind the host of a URL; a list says whether it is part of the name, such as ["https://example.com/claims", "roles"]';


@final
export class ClaimPath {
  /** The steps with a zero byte between, as a proxy's property path has them. */
  private joined: StaticArray<u8>;

  private constructor(private steps: StaticArray<u8>[]) {
    let length = max(steps.length - 1, 0);
    for (let i = 0; i < steps.length; i++) length += steps[i].length;
    this.joined = new StaticArray<u8>(length);
    let position: usize = changetype<usize>(this.joined);
    for (let i = 0; i < steps.length; i++) {
      memory.copy(position, changetype<usize>(steps[i]), <usize>steps[i].length);
      position += <usize>steps[i].length + 1;
    }
  }

  /** Reads the member `name`, which must be there. */
  static read(at: Cursor, name: string): ClaimPath {
    if (!at.has(name)) at.refuse(name, "missing; " + WANTED);
    return ClaimPath.readValue(at.value(name));
  }

  /** Reads the value at hand. */
  static readValue(at: Cursor): ClaimPath {
    if (at.kind == JsonKind.Array) return new ClaimPath(stepsOf(at)).checked(at);
    const dotted = view(at.asBytes());
    const hostEnd = hostEndOf(dotted);
    if (indexOf(slice(dotted, 0, hostEnd), DOT) >= 0 && indexOf(dotted, DOT, hostEnd) >= 0)
      at.refuse("", AMBIGUOUS);
    else if (hasEmptyStep(dotted)) at.refuse("", WANTED);
    return ClaimPath.ofText(dotted).checked(at);
  }

  static ofSteps(steps: StaticArray<u8>[]): ClaimPath {
    return new ClaimPath(steps);
  }

  /**
   * The steps of dotted text. The dots in the host of a URL at its beginning are part of the
   * name.
   */
  static ofText(dotted: Bytes): ClaimPath {
    const steps: StaticArray<u8>[] = [];
    let from = 0;
    const first = indexOf(dotted, DOT, hostEndOf(dotted));
    for (let dot = first; dot >= 0; dot = indexOf(dotted, DOT, from)) {
      steps.push(owned(slice(dotted, from, dot)));
      from = dot + 1;
    }
    steps.push(owned(slice(dotted, from)));
    return new ClaimPath(steps);
  }

  private checked(at: Cursor): this {
    let ok = this.steps.length >= 1 && this.steps.length <= CLAIM_STEPS_MAX;
    for (let i = 0; i < this.steps.length; i++) {
      const step = view(this.steps[i]);
      if (this.steps[i].length == 0 || indexOf(step, 0) >= 0) ok = false;
    }
    if (!ok) at.refuse("", WANTED);
    return this;
  }

  get depth(): i32 {
    return this.steps.length;
  }

  /** The first step: the name of the claim itself. */
  get head(): Bytes {
    return this.steps.length == 0 ? NONE : view(unchecked(this.steps[0]));
  }

  /** The claim's row in a claims set, or -1. */
  find(document: JsonDocument): i32 {
    let node = 0;
    for (let i = 0; i < this.steps.length && node >= 0; i++)
      node = document.find(node, view(unchecked(this.steps[i])));
    return node;
  }

  /** The steps with a zero byte between, as a proxy's property path has them. */
  get property(): Bytes {
    return view(this.joined);
  }

  /**
   * The one value of the claim in this request as text: a string's text, a number or boolean as
   * in the JSON. NONE when it is absent, null, a list or an object. Valid until the callback
   * returns.
   */
  textIn(request: RequestView): Bytes {
    const document = request.claimsDocument();
    if (document !== null) return scalarText(document, this.find(document));
    const native = request.nativeClaim(this.property);
    return native != NONE && indexOf(native, 0) >= 0 ? NONE : native;
  }
}

/** The text of a string, number or boolean; NONE for anything else. */
export function scalarText(document: JsonDocument, node: i32): Bytes {
  switch (document.kind(node)) {
    case JsonKind.String:
      return document.text(node);
    case JsonKind.Boolean:
    case JsonKind.Integer:
    case JsonKind.Double:
      return document.source(node);
    default:
      return NONE;
  }
}

/** Where the host of a URL at the beginning of `dotted` ends; 0: it does not begin with a URL. */
function hostEndOf(dotted: Bytes): i32 {
  const scheme = find(dotted, SCHEME_END);
  if (scheme <= 0 || !isWord(slice(dotted, 0, scheme), IN_SCHEME)) return 0;
  const slash = indexOf(dotted, SLASH, scheme + lengthOf(SCHEME_END));
  return slash < 0 ? lengthOf(dotted) : slash;
}

function hasEmptyStep(dotted: Bytes): bool {
  let previous = DOT;
  for (let i = 0; i < lengthOf(dotted); i++) {
    if (byteAt(dotted, i) == DOT && previous == DOT) return true;
    previous = byteAt(dotted, i);
  }
  return previous == DOT;
}

/** The strings of the list at hand. */
function stepsOf(at: Cursor): StaticArray<u8>[] {
  const document = at.document;
  const steps: StaticArray<u8>[] = [];
  for (let step = document.first(at.node); step >= 0; step = document.after(step, at.node)) {
    steps.push(
      new Cursor(document, step, at.pointer + "/" + decimal(steps.length), at.errors).asBytes(),
    );
  }
  return steps;
}
