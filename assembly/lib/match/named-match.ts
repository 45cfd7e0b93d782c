// Conditions on things that have a name: headers, query parameters, cookies. Names of headers are
// put into lower case.
import { Bytes, equal, slice, text, toText, view } from "../bytes";
import { Cursor } from "../config/reader";
import { isToken, lowerCased } from "../http/field";
import { StringMatch } from "./string-match";

const PATH = text(":path");
const AUTHORITY = text(":authority");
const HOST = text("host");
const METHOD = text(":method");
const SCHEME = text(":scheme");

/**
 * A condition on the value of something that has a name, and the ones that have to hold beside
 * it.
 */
@final
export class NamedMatch {
  /** A view, for its length is all that most requests ask of it. */
  readonly name: Bytes;

  constructor(
    private readonly owner: StaticArray<u8>,
    readonly condition: StringMatch,
    /**
     * All in one list of links: an array's two blocks of memory would be two more to wait for on
     * each request.
     */
    readonly next: NamedMatch | null,
  ) {
    this.name = view(owner);
  }
}

/** Reads the map `name`: name → StringMatch. */
export function readNamed(at: Cursor, name: string): NamedMatch | null {
  let named: NamedMatch | null = null;
  const entries = at.object(name).entries();
  for (let i = 0; i < entries.length; i++) {
    if (entries[i].key.length == 0) entries[i].at.refuse("", "expected a name");
    named = new NamedMatch(entries[i].key, StringMatch.read(entries[i].at), named);
  }
  return named;
}

/**
 * Reads the map `member`: header name in any case → StringMatch; pseudo-headers have words of
 * their own.
 */
export function readHeaders(at: Cursor, member: string): NamedMatch | null {
  let named: NamedMatch | null = null;
  const entries = at.object(member).entries();
  for (let i = 0; i < entries.length; i++) {
    const name = lowerCased(entries[i].key);
    const hint = nameHint(view(name));
    if (hint.length > 0) entries[i].at.refuse("", hint);
    let other = named;
    while (other !== null) {
      if (equal(other.name, view(name))) entries[i].at.refuse("", "the same header twice");
      other = other.next;
    }
    named = new NamedMatch(name, StringMatch.read(entries[i].at), named);
  }
  return named;
}

/** What is wrong with a header's name and what would be right; empty when nothing is. */
function nameHint(name: Bytes): string {
  const wanted = "expected a header name";
  if (equal(name, PATH)) return wanted + "; for the path use uri";
  if (equal(name, AUTHORITY) || equal(name, HOST)) return wanted + "; for the host use authority";
  if (equal(name, METHOD) || equal(name, SCHEME)) return wanted + "; use " + toText(slice(name, 1));
  return isToken(name) ? "" : wanted;
}
