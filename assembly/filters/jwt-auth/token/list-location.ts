// A place for a token in a header that is a list, where the prefix itself has a comma or names an
// encoding. WebSocket clients in browsers can set no header but `sec-websocket-protocol`, so they
// offer the token as a protocol:
//
//   sec-websocket-protocol: bearer, <token>, chat                    prefix "bearer, "
//   sec-websocket-protocol: base64url.bearer.authorization.k8s.io.<token in base64url>, chat
import {
  Bytes,
  EMPTY,
  NONE,
  equal,
  equalIgnoreCase,
  indexOf,
  lastIndexOf,
  lengthOf,
  pointerOf,
  slice,
  startsWith,
  text,
  trimSpace,
} from "../../../lib/bytes";
import { decodeBase64url, decodedLength } from "../../../lib/base64url";
import { RequestView } from "../../../lib/http/request";
import { Writer } from "../../../lib/writer";
import { FoundTokens } from "./found-tokens";
import { Location, Place, Search, elementEnd } from "./location";

const COMMA: u8 = 0x2c;
const SEPARATOR = text(", ");
const WEBSOCKET_PROTOCOL = text("sec-websocket-protocol");
/** What such a prefix begins with, as Kubernetes defined it. */
const ENCODED = text("base64url.");

/** Whether a header's prefix needs a ListLocation. */
export function isListPrefix(prefix: Bytes): bool {
  return indexOf(prefix, COMMA) >= 0 || startsWith(prefix, ENCODED);
}


@final
export class ListLocation extends Location {
  /** The elements before the token's, with commas between; EMPTY: there are none. */
  private lead: Bytes;
  /** What the token's own element begins with. */
  private start: Bytes;
  private isEncoded: bool;
  protected search: Search = Search.Lists;

  constructor(name: Bytes, prefix: Bytes) {
    super(Place.Header, name, prefix);
    const comma = lastIndexOf(prefix, COMMA);
    this.lead = comma < 0 ? EMPTY : slice(prefix, 0, comma);
    this.start = trimSpace(slice(prefix, comma + 1));
    this.isEncoded = startsWith(this.start, ENCODED);
  }

  protected collect(request: RequestView, found: FoundTokens): void {
    const name = this.name;
    for (let i = request.headerIndex(name, 0); i >= 0; i = request.headerIndex(name, i + 1)) {
      const value = request.headerValue(i);
      if (!found.looksThrough(request, value)) return;
      for (let from = 0; from <= lengthOf(value);) {
        if (!found.countsElement()) return;
        const element = this.elementAt(value, from);
        if (element != NONE) this.add(slice(element, lengthOf(this.start)), found);
        from = elementEnd(value, element == NONE ? from : offsetIn(value, element)) + 1;
      }
    }
  }

  /** What cannot be decoded is a token that is no good, not a missing one. */
  private add(token: Bytes, found: FoundTokens): void {
    const room = decodedLength(lengthOf(token));
    if (!this.isEncoded || !found.hasRoom) return found.add(token);
    const place = found.place();
    place.reset();
    const pointer = place.room(room);
    const isDecoded = pointer != 0 && decodeBase64url(token, pointer, room) >= 0;
    found.add(isDecoded ? place.view() : token);
  }

  /** The token's element, where the elements from `from` on begin as the prefix does; else NONE. */
  private elementAt(value: Bytes, from: i32): Bytes {
    let next = from;
    for (let lead = 0; lengthOf(this.lead) > 0 && lead <= lengthOf(this.lead);) {
      const leadEnd = elementEnd(this.lead, lead);
      const end = elementEnd(value, next);
      const wanted = trimSpace(slice(this.lead, lead, leadEnd));
      if (!equalIgnoreCase(trimSpace(slice(value, next, end)), wanted)) return NONE;
      lead = leadEnd + 1;
      next = end + 1;
    }
    if (next > lengthOf(value)) return NONE;
    const element = trimSpace(slice(value, next, elementEnd(value, next)));
    const hasToken = lengthOf(element) > lengthOf(this.start);
    return hasToken && startsWith(element, this.start) ? element : NONE;
  }

  /**
   * Of a WebSocket's protocols only the token goes: a client that offered `bearer` fails unless the
   * server may choose it.
   */
  strip(current: Bytes, scratch: Writer): Bytes {
    const keepsLead = equal(this.name, WEBSOCKET_PROTOCOL);
    let found = false;
    scratch.reset();
    for (let from = 0; from <= lengthOf(current);) {
      const element = this.elementAt(current, from);
      if (element == NONE) {
        const end = elementEnd(current, from);
        put(scratch, trimSpace(slice(current, from, end)));
        from = end + 1;
        continue;
      }
      found = true;
      const offset = offsetIn(current, element);
      if (keepsLead) putAll(scratch, slice(current, from, offset));
      from = elementEnd(current, offset) + 1;
    }
    if (!found) return current;
    return scratch.length > 0 ? scratch.view() : EMPTY;
  }
}

function offsetIn(value: Bytes, part: Bytes): i32 {
  return <i32>(pointerOf(part) - pointerOf(value));
}

function putAll(to: Writer, elements: Bytes): void {
  for (let from = 0, end = 0; from <= lengthOf(elements); from = end + 1) {
    end = elementEnd(elements, from);
    put(to, trimSpace(slice(elements, from, end)));
  }
}

/** Appends an element, unless it is empty. */
function put(to: Writer, element: Bytes): void {
  if (lengthOf(element) == 0) return;
  if (to.length > 0) to.bytes(SEPARATOR);
  to.bytes(element);
}
