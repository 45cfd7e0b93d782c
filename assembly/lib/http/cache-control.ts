// What shared caches may do with a response (RFC 9111 section 5.2.2).
import { Bytes, equalIgnoreCase, indexOf, lengthOf, slice, text, trimSpace } from "../bytes";

const COMMA: u8 = 0x2c;
const EQUALS: u8 = 0x3d;
const PUBLIC = text("public");
const SHARED_MAX_AGE = text("s-maxage");
const MAX_AGE = text("max-age");
const PRIVATE = text("private");
const NO_STORE = text("no-store");

/** What one response's `cache-control` values say, taken together. */
@final
export class CacheControl {
  /** `private` or `no-store`: no shared cache keeps it. */
  private isPrivate: bool = false;
  /** `public` or `s-maxage`: it is meant for shared caches. */
  private isPublic: bool = false;
  private hasMaxAge: bool = false;

  reset(): void {
    this.isPrivate = false;
    this.isPublic = false;
    this.hasMaxAge = false;
  }

  /** Takes one value of the header. */
  add(value: Bytes): void {
    for (let from = 0; from <= lengthOf(value);) {
      const comma = indexOf(value, COMMA, from);
      const end = comma < 0 ? lengthOf(value) : comma;
      this.addDirective(trimSpace(slice(value, from, end)));
      from = end + 1;
    }
  }

  private addDirective(directive: Bytes): void {
    const equals = indexOf(directive, EQUALS);
    const name = trimSpace(equals < 0 ? directive : slice(directive, 0, equals));
    // `private="x-header"` is about that header only.
    if (equalIgnoreCase(name, PRIVATE) && equals < 0) this.isPrivate = true;
    else if (equalIgnoreCase(name, NO_STORE)) this.isPrivate = true;
    else if (equalIgnoreCase(name, PUBLIC)) this.isPublic = true;
    else if (equalIgnoreCase(name, SHARED_MAX_AGE)) this.isPublic = true;
    else if (equalIgnoreCase(name, MAX_AGE)) this.hasMaxAge = true;
  }

  /** No shared cache keeps the response. */
  get isClosed(): bool {
    return this.isPrivate;
  }

  /** The response is meant for shared caches. */
  get isForAll(): bool {
    return this.isPublic && !this.isPrivate;
  }

  /** Shared caches keep the response because it says so, not by their own guess. */
  get isShared(): bool {
    return !this.isPrivate && (this.isPublic || this.hasMaxAge);
  }
}
