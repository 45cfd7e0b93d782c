// Which requests: Istio's HTTPMatchRequest and more. All conditions of a Match must hold; a list of
// them is "any of". The uri is the path without the query.
import { text } from "../bytes";
import { Cursor } from "../config/reader";
import { COOKIE } from "../http/cookie";
import { HeaderNames } from "../http/header-names";
import { RequestView } from "../http/request";
import { ClaimMatch } from "./claim-match";
import { HeaderMatch, readAbsentHeaders, readHeaders } from "./header-match";
import { MatchSettings } from "./match-settings";
import { NamedMatch, readNamed } from "./named-match";
import { SourceMatch } from "./source-match";
import { StringMatch } from "./string-match";

const AUTHORIZATION = text("authorization");


@final
export class Match {
  private readonly uri: StringMatch | null;
  private readonly normalizesPath: bool;
  /** Pseudo-headers among them: a method is the value of `:method`. */
  private readonly headers: StaticArray<HeaderMatch> | null;
  private readonly absentHeaders: StaticArray<HeaderMatch> | null;
  private readonly queryParams: StaticArray<NamedMatch> | null;
  private readonly cookies: StaticArray<NamedMatch> | null;
  private readonly source: SourceMatch | null;
  private readonly claims: StaticArray<ClaimMatch> | null;

  /** Reads the value at hand. One without conditions matches every request. */
  constructor(at: Cursor, settings: MatchSettings) {
    at.expectObject();
    this.uri = StringMatch.optional(at, "uri", at.boolean("ignoreUriCase", false));
    this.normalizesPath = settings.normalizesPath;
    this.headers = readHeaders(at, settings);
    this.absentHeaders = readAbsentHeaders(at, settings);
    this.queryParams = readNamed(at, "queryParams", settings.params);
    this.cookies = readNamed(at, "cookies", settings.cookies);
    this.claims = ClaimMatch.readList(at, "claims");
    this.source = SourceMatch.read(at);
    at.done();
  }

  matches(request: RequestView): bool {
    return this.uriHolds(request) && this.restHolds(request);
  }

  /** Whether it is the path that decides about this request: all other conditions hold. */
  dependsOnPath(request: RequestView): bool {
    const uri = this.uri;
    return uri !== null && !uri.meetsEveryPath && this.restHolds(request);
  }

  /**
   * Whether it is the method that decides about this request, and the condition does not name it:
   * all other conditions hold.
   */
  dependsOnMethod(request: RequestView): bool {
    const headers = this.headers;
    if (headers === null) return false;
    let depends = false;
    for (let i = 0; i < headers.length; i++) {
      const header = unchecked(headers[i]);
      const isMet = header.holds(request);
      if (!header.isOfMethod && !isMet) return false;
      if (header.isOfMethod && (header.condition.invert || !isMet)) depends = true;
    }
    return depends && this.uriHolds(request) && this.othersHold(request);
  }

  /** All conditions but the one on the path. */
  private restHolds(request: RequestView): bool {
    return this.headersHold(request) && this.othersHold(request);
  }

  /** All conditions but those on the path and on headers. */
  private othersHold(request: RequestView): bool {
    return (
      areAbsent(this.absentHeaders, request) &&
      valuesHold(this.queryParams, request) &&
      valuesHold(this.cookies, request) &&
      this.sourceHolds(request) &&
      this.claimsHold(request) &&
      !request.isOverscanned
    );
  }

  /** A header that a request must have to meet this, with the condition on it; null: none. */
  neededHeader(): HeaderMatch | null {
    const headers = this.headers;
    if (headers === null) return null;
    for (let i = 0; i < headers.length; i++) {
      if (!headers[i].condition.invert) return headers[i];
    }
    return null;
  }

  /** Adds the names of the request headers that the conditions look at, pseudo-headers left out. */
  addHeaderNames(names: HeaderNames): void {
    addNames(this.headers, names);
    addNames(this.absentHeaders, names);
    if (this.cookies !== null) names.add(COOKIE);
    if (this.claims !== null) names.add(AUTHORIZATION);
  }

  private uriHolds(request: RequestView): bool {
    const uri = this.uri;
    if (uri === null) return true;
    const path = this.normalizesPath ? request.normalizedPath() : request.path();
    return uri.matchesIn(request, path);
  }

  private headersHold(request: RequestView): bool {
    const headers = this.headers;
    if (headers === null) return true;
    for (let i = 0; i < headers.length; i++) {
      if (!unchecked(headers[i]).holds(request)) return false;
    }
    return true;
  }

  private sourceHolds(request: RequestView): bool {
    const source = this.source;
    return source === null || source.holds(request);
  }

  private claimsHold(request: RequestView): bool {
    const claims = this.claims;
    if (claims === null) return true;
    for (let i = 0; i < claims.length; i++) {
      if (!unchecked(claims[i]).matches(request)) return false;
    }
    return true;
  }
}

function addNames(headers: StaticArray<HeaderMatch> | null, names: HeaderNames): void {
  if (headers === null) return;
  for (let i = 0; i < headers.length; i++) names.add(headers[i].name);
}

function areAbsent(headers: StaticArray<HeaderMatch> | null, request: RequestView): bool {
  if (headers === null) return true;
  for (let i = 0; i < headers.length; i++) {
    if (unchecked(headers[i]).holdsWhenAbsent(request)) return false;
  }
  return true;
}

function valuesHold(conditions: StaticArray<NamedMatch> | null, request: RequestView): bool {
  if (conditions === null) return true;
  for (let i = 0; i < conditions.length; i++) {
    if (!unchecked(conditions[i]).holds(request)) return false;
  }
  return true;
}

/** Any of several Matches. */
@final
export class MatchList {
  constructor(private readonly list: StaticArray<Match>) {}

  /** The same object each time. */
  static empty(): MatchList {
    return NO_CONDITION;
  }

  /** Reads the list `name`; missing is empty. */
  static read(at: Cursor, name: string, settings: MatchSettings): MatchList {
    const items = at.list(name);
    const list: Match[] = [];
    for (let i = 0; i < items.length; i++) list.push(new Match(items[i], settings));
    return list.length == 0 ? NO_CONDITION : new MatchList(StaticArray.fromArray(list));
  }

  get isEmpty(): bool {
    return this === NO_CONDITION;
  }

  /** A header that a request must have to meet any of them; null when none is known. */
  neededHeader(): HeaderMatch | null {
    return this.list.length == 1 ? this.list[0].neededHeader() : null;
  }

  /** Adds the names of the request headers that the conditions look at. */
  addHeaderNames(names: HeaderNames): void {
    for (let i = 0; i < this.list.length; i++) this.list[i].addHeaderNames(names);
  }

  /** Whether it depends on the path if one of them matches. */
  dependsOnPath(request: RequestView): bool {
    const list = this.list;
    let depends = false;
    for (let i = 0; i < list.length; i++) {
      const match = unchecked(list[i]);
      if (match.dependsOnPath(request)) depends = true;
      else if (match.matches(request)) return false;
    }
    return depends;
  }

  /** Whether it depends on the method if one of them matches, and none of them names it. */
  dependsOnMethod(request: RequestView): bool {
    const list = this.list;
    let depends = false;
    for (let i = 0; i < list.length; i++) {
      const match = unchecked(list[i]);
      if (match.dependsOnMethod(request)) depends = true;
      else if (match.matches(request)) return false;
    }
    return depends;
  }

  /** Whether one of them matches; an empty list is no condition and matches every request. */
  matches(request: RequestView): bool {
    if (this.isEmpty) return true;
    const list = this.list;
    for (let i = 0; i < list.length; i++) {
      if (unchecked(list[i]).matches(request)) return true;
    }
    return false;
  }
}

const NO_CONDITION = new MatchList([]);
