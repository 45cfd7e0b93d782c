// A list of header names, each once, as a `vary` header holds it.
import { Bytes, at, equal, lengthOf, owned, text, view } from "../bytes";
import { Writer } from "../writer";

const SEPARATOR = text(", ");
const COLON: u8 = 0x3a;


@final
export class HeaderNames {
  private readonly names: StaticArray<u8>[] = [];

  /** Adds `name` unless it is there; a pseudo-header (`:authority`) is no header field. */
  add(name: Bytes): void {
    if (lengthOf(name) == 0 || at(name, 0) == COLON) return;
    for (let i = 0; i < this.names.length; i++) {
      if (equal(view(this.names[i]), name)) return;
    }
    this.names.push(owned(name));
  }

  /** `a, b`; empty when there is none. */
  joined(): StaticArray<u8> {
    const list = new Writer();
    for (let i = 0; i < this.names.length; i++) {
      if (i > 0) list.bytes(SEPARATOR);
      list.bytes(view(this.names[i]));
    }
    return owned(list.view());
  }
}
