// The headers that a filter sets for the upstream, and the spellings of them that clients must
// not send. CGI, WSGI, PHP and Rack give a header to an application as a variable: upper case,
// and "_" for every byte that is no letter or digit (RFC 3875 section 4.1.18). So `x_role` and
// `x.role` reach the application under the same name as `x-role`.
import { Bytes, at, equal, lengthOf, lower, view } from "../bytes";

/** Lengths from here on share one bit. */
const LONGEST = 63;


@final
export class OwnHeaders {
  private names: StaticArray<u8>[] = [];
  /**
   * Bit n: there is a name of n bytes. Most headers of a request differ in their length already.
   */
  private lengths: u64 = 0;

  get isEmpty(): bool {
    return this.lengths == 0;
  }

  get count(): i32 {
    return this.names.length;
  }

  /** Adds `name`, which is in lower case. Gives its index; the same name has one index. */
  add(name: StaticArray<u8>): i32 {
    for (let i = 0; i < this.names.length; i++) {
      if (equal(view(this.names[i]), view(name))) return i;
    }
    this.lengths |= bitOf(name.length);
    return this.names.push(name) - 1;
  }

  /** The name at `index`, 0 <= index < count. */
  name(index: i32): Bytes {
    return view(unchecked(this.names[index]));
  }

  /** Whether `name` (lower case) is another spelling of one of these, and none of them itself. */
  isAlias(name: Bytes): bool {
    if ((this.lengths & bitOf(lengthOf(name))) == 0) return false;
    let isAlias = false;
    for (let i = 0; i < this.names.length; i++) {
      const own = this.name(i);
      if (!isSameVariable(own, name)) continue;
      if (equal(own, name)) return false;
      isAlias = true;
    }
    return isAlias;
  }
}

function bitOf(length: i32): u64 {
  return (<u64>1) << min(length, LONGEST);
}

/** Whether two header names become the same variable. */
function isSameVariable(a: Bytes, b: Bytes): bool {
  const length = lengthOf(a);
  if (length != lengthOf(b)) return false;
  for (let i = 0; i < length; i++) {
    if (variableByte(at(a, i)) != variableByte(at(b, i))) return false;
  }
  return true;
}

function variableByte(byte: u8): u8 {
  const isAlphanumeric = byte - 0x30 < 10 || (byte | 0x20) - 0x61 < 26;
  return isAlphanumeric ? lower(byte) : 0x5f;
}
