// A parsed JSON text and the questions one asks of it: configuration, tokens and key sets all come
// through here. Answers come from the rows that the parser filled, without allocating.
import { Bytes, EMPTY, NONE, equal } from "../bytes";
import { JsonKind } from "./kind";
import { DEPTH_MAX, JsonParser } from "./parser";
import { JsonStatus } from "./status";
import { Tape } from "./tape";

export { JsonKind } from "./kind";

/** Views point into the text or into a buffer of this object, and live until the next `parse`. */
@final
export class JsonDocument {
  /** Keeps the text alive for as long as the document, where the caller does not. */
  owner: StaticArray<u8> | null = null;

  private readonly parser: JsonParser = new JsonParser();
  private readonly tape: Tape = this.parser.tape;

  /** Why the text parsed last was refused. */
  get status(): JsonStatus {
    return this.parser.status;
  }

  /** Where in the text the error is, in bytes. */
  get errorOffset(): i32 {
    return this.parser.errorOffset;
  }

  /** Reads `text`; false when it is not JSON within the limits: see `status`, `errorOffset`. */
  parse(text: Bytes, bytesMax: i32, depthMax: i32 = DEPTH_MAX): bool {
    return this.parser.parse(text, bytesMax, depthMax);
  }

  // Questions. A node is a row; the root is 0; -1 is "no such node" and every question about it
  // has an empty answer.

  private has(node: i32): bool {
    return <u32>node < <u32>this.tape.count;
  }

  kind(node: i32): JsonKind {
    return this.has(node) ? <JsonKind>this.tape.kind(node) : JsonKind.Null;
  }

  is(node: i32, kind: JsonKind): bool {
    return this.has(node) && this.tape.kind(node) == kind;
  }

  /** First child, or -1. */
  first(node: i32): i32 {
    return this.has(node) && this.tape.next(node) > node + 1 ? node + 1 : -1;
  }

  /** The child of `parent` after `child`, or -1. */
  after(child: i32, parent: i32): i32 {
    if (!this.has(child) || !this.has(parent)) return -1;
    const next = this.tape.next(child);
    return next < this.tape.next(parent) ? next : -1;
  }

  /** How many values the document has, at any depth. */
  get count(): i32 {
    return this.tape.count;
  }

  /** How many children. */
  size(node: i32): i32 {
    return this.has(node) ? this.tape.size(node) : 0;
  }

  /** The value of a member, or -1. */
  find(node: i32, key: Bytes): i32 {
    if (!this.is(node, JsonKind.Object)) return -1;
    const tape = this.tape;
    const end = tape.next(node);
    for (let child = node + 1; child < end; child = tape.next(child)) {
      if (equal(tape.key(child), key)) return child;
    }
    return -1;
  }

  /** A member's key. */
  key(node: i32): Bytes {
    return this.has(node) ? this.tape.key(node) : NONE;
  }

  /** A string's text, or NONE. */
  text(node: i32): Bytes {
    return this.is(node, JsonKind.String) ? this.tape.value(node) : NONE;
  }

  integer(node: i32): i64 {
    return this.is(node, JsonKind.Integer) ? <i64>this.tape.value(node) : 0;
  }

  /** A number of either kind as a double. */
  number(node: i32): f64 {
    if (this.is(node, JsonKind.Integer)) return <f64>this.integer(node);
    return this.is(node, JsonKind.Double) ? reinterpret<f64>(this.tape.value(node)) : 0;
  }

  boolean(node: i32): bool {
    return this.is(node, JsonKind.Boolean) && this.tape.value(node) != 0;
  }

  /** The value as it stands in the text, quotes and all. */
  source(node: i32): Bytes {
    return this.has(node) ? this.tape.source(node) : EMPTY;
  }
}
