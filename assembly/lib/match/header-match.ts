// Conditions on headers. Names are in lower case. Of a header that came several times each value is
// looked at by itself, as in Envoy since 1.39. Pseudo-headers have words of their own in a Match.
import { Bytes, EMPTY, NONE, equal, slice, text, toText, utf8, view } from "../bytes";
import { Cursor } from "../config/reader";
import { isToken, lowerCased } from "../http/field";
import { RequestView } from "../http/request";
import { MatchSettings } from "./match-settings";
import { StringMatch, StringMatchKind } from "./string-match";

const PATH = text(":path");
const AUTHORITY = text(":authority");
const HOST = text("host");
const METHOD = text(":method");
const SCHEME = text(":scheme");

/** A condition on the values of one header. */
@final
export class HeaderMatch {
  /** A view, since its length is all that most requests ask of it. */
  readonly name: Bytes;

  constructor(
    private readonly owner: StaticArray<u8>,
    readonly condition: StringMatch,
    /** The header is the authority, and its one spelling counts beside the one that was sent. */
    private readonly isNormalized: bool,
  ) {
    this.name = view(owner);
  }

  get isOfMethod(): bool {
    return equal(this.name, METHOD);
  }

  /** One of the values meets the condition; inverted: none does. */
  holds(request: RequestView): bool {
    return this.meets(request, NONE);
  }

  /**
   * As `holds`, but an absent header counts as an empty one (Istio sets
   * treat_missing_header_as_empty). Not for `present`.
   */
  holdsWhenAbsent(request: RequestView): bool {
    return this.meets(request, this.condition.kind == StringMatchKind.Present ? NONE : EMPTY);
  }

  private meets(request: RequestView, absent: Bytes): bool {
    const condition = this.condition;
    let index = request.headerIndex(this.name, 0);
    if (index < 0) return condition.matches(absent);
    if (condition.kind == StringMatchKind.Present) return !condition.invert;
    for (; index >= 0; index = request.headerIndex(this.name, index + 1)) {
      if (condition.fitsIn(request, request.headerValue(index))) return !condition.invert;
    }
    if (this.isNormalized && condition.fitsIn(request, request.normalizedAuthority())) {
      return !condition.invert;
    }
    return condition.invert;
  }
}

/** Reads `method`, `authority`, `scheme`, and the map `headers`. */
export function readHeaders(at: Cursor, settings: MatchSettings): StaticArray<HeaderMatch> | null {
  const found = readHeaderMap(at, "headers", settings);
  if (at.has("method")) {
    settings.readsMethod = true;
    const condition = StringMatch.readMethod(at.value("method"), settings.ignoresMethodCase);
    found.push(new HeaderMatch(utf8(":method"), condition, false));
  }
  if (at.has("authority")) found.push(authorityMatch(at.value("authority"), settings));
  if (at.has("scheme")) {
    found.push(new HeaderMatch(utf8(":scheme"), StringMatch.read(at.value("scheme")), false));
  }
  return found.length == 0 ? null : StaticArray.fromArray(found);
}

/** Reads the map `withoutHeaders`. */
export function readAbsentHeaders(
  at: Cursor,
  settings: MatchSettings,
): StaticArray<HeaderMatch> | null {
  const found = readHeaderMap(at, "withoutHeaders", settings);
  return found.length == 0 ? null : StaticArray.fromArray(found);
}

/**
 * Header name in any case → StringMatch. `host` is the authority: proxies hold it under that
 * name.
 */
function readHeaderMap(at: Cursor, member: string, settings: MatchSettings): HeaderMatch[] {
  const found: HeaderMatch[] = [];
  const entries = at.object(member).entries();
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i].at;
    const name = lowerCased(entries[i].key);
    const isHost = equal(view(name), HOST);
    const problem = problemOf(view(name));
    if (problem.length > 0) entry.refuse("", problem);
    for (let k = 0; k < found.length; k++) {
      const other = isHost ? AUTHORITY : view(name);
      if (equal(found[k].name, other)) entry.refuse("", "the same header twice");
    }
    if (isHost) found.push(authorityMatch(entry, settings));
    else found.push(new HeaderMatch(name, StringMatch.read(entry), false));
  }
  return found;
}

function authorityMatch(at: Cursor, settings: MatchSettings): HeaderMatch {
  const normalizes = settings.normalizesAuthority;
  const condition = normalizes ? StringMatch.readAuthority(at) : StringMatch.read(at);
  return new HeaderMatch(utf8(":authority"), condition, normalizes);
}

/** What is wrong with a header's name and what would be right; empty when nothing is. */
function problemOf(name: Bytes): string {
  const wanted = "expected a header name";
  if (equal(name, PATH)) return wanted + "; for the path use uri";
  if (equal(name, AUTHORITY)) return wanted + "; for the host use authority";
  if (equal(name, METHOD) || equal(name, SCHEME)) return wanted + "; use " + toText(slice(name, 1));
  return isToken(name) ? "" : wanted;
}
