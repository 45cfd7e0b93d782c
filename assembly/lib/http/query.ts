// The request target (RFC 3986 sections 3.3 to 3.5): path, query and fragment, the parameters of
// the query and their percent-encoding. "&" alone separates parameters and "+" stays "+", as in
// Envoy; a malformed "%" stands for itself.
import { Bytes, EMPTY, NONE, at, bytes, indexOf, lengthOf, pointerOf, slice } from "../bytes";
import { Writer } from "../writer";
import { equalDecoded } from "./percent";

const QUESTION: u8 = 0x3f;
const HASH: u8 = 0x23;
const AMPERSAND: u8 = 0x26;
const EQUALS: u8 = 0x3d;

/** The target up to its query and fragment. */
export function pathOf(target: Bytes): Bytes {
  for (let i = 0; i < lengthOf(target); i++) {
    const byte = at(target, i);
    if (byte == QUESTION || byte == HASH) return slice(target, 0, i);
  }
  return target;
}

/** What stands between "?" and "#" or the end; NONE without a "?". */
export function queryOf(target: Bytes): Bytes {
  const path = lengthOf(pathOf(target));
  if (path >= lengthOf(target) || at(target, path) != QUESTION) return NONE;
  const hash = indexOf(target, HASH, path + 1);
  return slice(target, path + 1, hash < 0 ? i32.MAX_VALUE : hash);
}

/** What stands behind the first "?", the fragment with it; NONE without a "?". */
export function behindQuestion(target: Bytes): Bytes {
  const question = target == NONE ? -1 : indexOf(target, QUESTION);
  return question < 0 ? NONE : slice(target, question + 1);
}

/**
 * Walks the parameters of a query: `open`, then `next` until it is false. Names and values are
 * raw (encoded).
 */
@final
export class ParamReader {
  name: Bytes = EMPTY;
  value: Bytes = EMPTY;
  /** The byte range [start, end) of `name=value` in the query, without the "&" around it. */
  start: i32 = 0;
  end: i32 = 0;
  private source: Bytes = EMPTY;
  private position: i32 = 0;

  /** Begins with `query`; NONE is a query without parameters. */
  open(query: Bytes): this {
    this.source = query == NONE ? EMPTY : query;
    this.position = 0;
    return this;
  }

  /**
   * Goes to the next parameter; empty ones ("a=1&&b=2") are skipped, "a" is "a" with an empty
   * value.
   */
  next(): bool {
    const source = this.source;
    const length = lengthOf(source);
    while (this.position < length) {
      const ampersand = indexOf(source, AMPERSAND, this.position);
      this.start = this.position;
      this.end = ampersand < 0 ? length : ampersand;
      this.position = this.end + 1;
      if (this.start == this.end) continue;
      const piece = slice(source, this.start, this.end);
      const equals = indexOf(piece, EQUALS);
      this.name = equals < 0 ? piece : slice(piece, 0, equals);
      this.value = equals < 0 ? EMPTY : slice(piece, equals + 1);
      return true;
    }
    return false;
  }
}

const reader = new ParamReader();

/**
 * The target without any parameter `name` (decoded), the rest byte for byte, in `scratch`; the
 * "?" goes with the last parameter, the fragment stays. The view `target` itself when there is
 * none.
 */
export function withoutParam(target: Bytes, name: Bytes, scratch: Writer): Bytes {
  const query = queryOf(target);
  const path = pathOf(target);
  let found = false;
  scratch.reset();
  scratch.bytes(path);
  reader.open(query);
  while (reader.next()) {
    if (equalDecoded(reader.name, name)) {
      found = true;
      continue;
    }
    scratch.byte(scratch.length == lengthOf(path) ? QUESTION : AMPERSAND);
    scratch.bytes(slice(query, reader.start, reader.end));
  }
  if (!found) return target;
  scratch.bytes(tail(target, query));
  return scratch.view();
}

/** What follows the query: the fragment with its "#", or nothing. */
function tail(target: Bytes, query: Bytes): Bytes {
  const end = pointerOf(query) + <usize>lengthOf(query);
  return bytes(end, <i32>(pointerOf(target) + <usize>lengthOf(target) - end));
}
