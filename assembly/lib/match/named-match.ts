// Conditions on things that have a name: headers, query parameters, cookies. Names of headers are put into lower case.
import { Bytes, at as byteAt, equal, lengthOf, lower, toText, view } from "../bytes";
import { Cursor } from "../config/reader";
import { StringMatch } from "./string-match";

/** A condition on the value of something that has a name. */
@final
export class NamedMatch {
  constructor(
    readonly name: StaticArray<u8>,
    readonly condition: StringMatch,
  ) {}
}

/** A copy with ASCII letters in lower case: header names, as proxies hold them. */
export function lowerCased(name: StaticArray<u8>): StaticArray<u8> {
  const copy = new StaticArray<u8>(name.length);
  for (let i = 0; i < name.length; i++) copy[i] = lower(name[i]);
  return copy;
}

/** Reads the map `name`: name → StringMatch. */
export function readNamed(at: Cursor, name: string): NamedMatch[] {
  const named: NamedMatch[] = [];
  const entries = at.object(name).entries();
  for (let i = 0; i < entries.length; i++) {
    if (entries[i].key.length == 0) entries[i].at.refuse("", "expected a name");
    named.push(new NamedMatch(entries[i].key, StringMatch.read(entries[i].at)));
  }
  return named;
}

/** Reads the map `member`: header name in any case → StringMatch; pseudo-headers have words of their own. */
export function readHeaders(at: Cursor, member: string): NamedMatch[] {
  const named: NamedMatch[] = [];
  const entries = at.object(member).entries();
  for (let i = 0; i < entries.length; i++) {
    const name = lowerCased(entries[i].key);
    const hint = nameHint(view(name));
    if (hint.length > 0) entries[i].at.refuse("", hint);
    for (let k = 0; k < named.length; k++) {
      if (equal(view(named[k].name), view(name))) entries[i].at.refuse("", "the same header twice");
    }
    named.push(new NamedMatch(name, StringMatch.read(entries[i].at)));
  }
  return named;
}

/** What is wrong with a header's name and what would be right; empty when nothing is. */
function nameHint(name: Bytes): string {
  const text = toText(name);
  if (text == ":path") return "expected a header name; for the path use uri";
  if (text == ":authority" || text == "host") return "expected a header name; for the host use authority";
  if (text == ":method" || text == ":scheme") return "expected a header name; use " + text.substring(1);
  return isToken(name) ? "" : "expected a header name";
}

/** RFC 9110 section 5.6.2. */
function isToken(name: Bytes): bool {
  for (let i = 0; i < lengthOf(name); i++) {
    const byte = byteAt(name, i);
    const isAlphanumeric = byte - 0x30 < 10 || (byte | 0x20) - 0x61 < 26;
    if (!isAlphanumeric && !"!#$%&'*+-.^_`|~".includes(String.fromCharCode(byte))) return false;
  }
  return lengthOf(name) > 0;
}
