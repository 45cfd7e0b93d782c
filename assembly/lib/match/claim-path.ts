// Where a claim lies in a claims set: dotted text ("realm_access.roles"), or a list of steps
// where a name has a dot in it (["https://example.com/roles"]).
import { Bytes, NONE, indexOf, owned, slice, view } from "../bytes";
import { Cursor } from "../config/reader";
import { RequestView } from "../http/request";
import { JsonDocument, JsonKind } from "../json/document";
import { decimal } from "../writer";

/** Deeper than claims go. */
export const CLAIM_STEPS_MAX = 16;

const DOT: u8 = 0x2e;
const WANTED =
  'expected a claim: dotted text such as "realm_access.roles", or a list of 1 to 16 steps';


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
    const path =
      at.kind == JsonKind.Array ? new ClaimPath(stepsOf(at)) : ClaimPath.ofText(view(at.asBytes()));
    path.check(at);
    return path;
  }

  static ofSteps(steps: StaticArray<u8>[]): ClaimPath {
    return new ClaimPath(steps);
  }

  static ofText(dotted: Bytes): ClaimPath {
    const steps: StaticArray<u8>[] = [];
    let from = 0;
    for (let dot = indexOf(dotted, DOT); dot >= 0; dot = indexOf(dotted, DOT, from)) {
      steps.push(owned(slice(dotted, from, dot)));
      from = dot + 1;
    }
    steps.push(owned(slice(dotted, from)));
    return new ClaimPath(steps);
  }

  private check(at: Cursor): void {
    let ok = this.steps.length >= 1 && this.steps.length <= CLAIM_STEPS_MAX;
    for (let i = 0; i < this.steps.length; i++) {
      const step = view(this.steps[i]);
      if (this.steps[i].length == 0 || indexOf(step, 0) >= 0) ok = false;
    }
    if (!ok) at.refuse("", WANTED);
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
