// Which requests: Istio's HTTPMatchRequest and more. All conditions of a Match must hold; a list
// of them is "any of". Header names are compared in lower case; of a header that came several
// times each value is looked at by itself, as Envoy does since 1.39; the uri is the path without
// the query; query parameters are decoded; cookies, parameters: the first of a name counts.
import { Bytes, EMPTY, NONE, indexOf, isPresent, lengthOf, slice, utf8, view } from "../bytes";
import { Cursor } from "../config/reader";
import { cookie } from "../http/cookie";
import { decoded, param } from "../http/query";
import { RequestView } from "../http/request";
import { Writer } from "../writer";
import { Cidr, CidrStatus, Family, IpAddress, cidrHint } from "../ip";
import { ClaimMatch } from "./claim-match";
import { NamedMatch, readHeaders, readNamed } from "./named-match";
import { StringMatch, StringMatchKind } from "./string-match";

const COMMA: u8 = 0x2c;
const PSEUDO_HEADERS = ["method", "authority", "scheme"];

const parameter = new Writer();


@final
export class Match {
  /** Another one, of which either is enough; see NamedMatch for why there is no array. */
  next: Match | null = null;
  private uri: StringMatch | null;
  /** Pseudo-headers among them: a method is the value of `:method`. */
  private headers: NamedMatch | null;
  private withoutHeaders: NamedMatch | null;
  private queryParams: NamedMatch | null;
  private cookies: NamedMatch | null;
  private claims: ClaimMatch | null;
  private sourceAddresses: Cidr[] | null;
  private sourcePrincipals: StringMatch[] | null;

  /** Reads the value at hand. One without conditions matches every request. */
  constructor(at: Cursor) {
    at.expectObject();
    this.uri = StringMatch.optional(at, "uri", at.boolean("ignoreUriCase", false));
    this.headers = withPseudoHeaders(at, readHeaders(at, "headers"));
    this.withoutHeaders = readHeaders(at, "withoutHeaders");
    this.queryParams = readNamed(at, "queryParams");
    this.cookies = readNamed(at, "cookies");
    this.claims = ClaimMatch.readList(at, "claims");
    this.sourceAddresses = readNetworks(at);
    this.sourcePrincipals = readPrincipals(at);
    at.done();
  }

  matches(request: RequestView): bool {
    const uri = this.uri;
    return (
      (uri === null || uri.matches(request.path())) &&
      this.headersHold(request) &&
      this.othersAbsent(request) &&
      this.parametersHold(request) &&
      this.cookiesHold(request) &&
      this.sourceHolds(request) &&
      this.claimsHold(request)
    );
  }

  /**
   * A header that a request must have to meet this, with the condition on it; null when there is
   * none.
   */
  neededHeader(): NamedMatch | null {
    let wanted = this.headers;
    while (wanted !== null && wanted.condition.invert) wanted = wanted.next;
    return wanted;
  }

  private headersHold(request: RequestView): bool {
    let wanted = this.headers;
    while (wanted !== null) {
      if (!headerMeets(request, wanted.name, wanted.condition, NONE)) return false;
      wanted = wanted.next;
    }
    return true;
  }

  private othersAbsent(request: RequestView): bool {
    let unwanted = this.withoutHeaders;
    while (unwanted !== null) {
      // An absent header counts as an empty one here (Istio sets treat_missing_header_as_empty),
      // but not for `present`.
      const absent = unwanted.condition.kind == StringMatchKind.Present ? NONE : EMPTY;
      if (headerMeets(request, unwanted.name, unwanted.condition, absent)) return false;
      unwanted = unwanted.next;
    }
    return true;
  }

  private parametersHold(request: RequestView): bool {
    let wanted = this.queryParams;
    while (wanted !== null) {
      const raw = param(request.query(), wanted.name);
      if (!wanted.condition.matches(raw == NONE ? NONE : decoded(raw, parameter))) return false;
      wanted = wanted.next;
    }
    return true;
  }

  private cookiesHold(request: RequestView): bool {
    let wanted = this.cookies;
    while (wanted !== null) {
      if (!wanted.condition.matches(cookie(request, wanted.name))) return false;
      wanted = wanted.next;
    }
    return true;
  }

  private claimsHold(request: RequestView): bool {
    let wanted = this.claims;
    while (wanted !== null) {
      if (!wanted.matches(request)) return false;
      wanted = wanted.next;
    }
    return true;
  }

  private sourceHolds(request: RequestView): bool {
    const networks = this.sourceAddresses;
    if (networks !== null && !isWithin(networks, request.sourceIp())) return false;
    const principals = this.sourcePrincipals;
    return principals === null || isNamed(principals, request.sourcePrincipals());
  }
}

/** Any of several Matches. */
@final
export class MatchList {
  constructor(private first: Match | null) {}

  /** The same object each time. */
  static empty(): MatchList {
    return NO_CONDITION;
  }

  /** Reads the list `name`; missing is empty. */
  static read(at: Cursor, name: string): MatchList {
    const items = at.list(name);
    let first: Match | null = null;
    for (let i = 0; i < items.length; i++) {
      const match = new Match(items[i]);
      match.next = first;
      first = match;
    }
    return first === null ? NO_CONDITION : new MatchList(first);
  }

  get isEmpty(): bool {
    return this.first === null;
  }

  /** A header that a request must have to meet any of them; null when none is known. */
  neededHeader(): NamedMatch | null {
    const first = this.first;
    return first === null || first.next !== null ? null : first.neededHeader();
  }

  /** Whether one of them matches; an empty list is no condition and matches every request. */
  matches(request: RequestView): bool {
    let match = this.first;
    if (match === null) return true;
    do {
      if (match.matches(request)) return true;
      match = match.next;
    } while (match !== null);
    return false;
  }
}

const NO_CONDITION = new MatchList(null);

/**
 * One of the header's values meets the condition, or, inverted, none does; `absent` is what a
 * missing header counts as.
 */
function headerMeets(
  request: RequestView,
  name: Bytes,
  condition: StringMatch,
  absent: Bytes,
): bool {
  let index = request.headerIndex(name, 0);
  if (index < 0) return condition.matches(absent);
  if (condition.kind == StringMatchKind.Present) return !condition.invert;
  for (; index >= 0; index = request.headerIndex(name, index + 1)) {
    if (condition.fits(request.headerValue(index))) return !condition.invert;
  }
  return condition.invert;
}

function withPseudoHeaders(at: Cursor, headers: NamedMatch | null): NamedMatch | null {
  for (let i = 0; i < PSEUDO_HEADERS.length; i++) {
    const word = PSEUDO_HEADERS[i];
    const condition = StringMatch.optional(at, word);
    if (condition !== null) headers = new NamedMatch(utf8(":" + word), condition, headers);
  }
  return headers;
}

function isWithin(networks: Cidr[], address: IpAddress): bool {
  if (address.family == Family.None) return false;
  for (let i = 0; i < networks.length; i++) {
    if (unchecked(networks[i]).contains(address)) return true;
  }
  return false;
}

/**
 * Whether one of a certificate's names meets one of the conditions; a connection without a
 * certificate meets none.
 */
function isNamed(principals: StringMatch[], names: Bytes): bool {
  if (!isPresent(names) || lengthOf(names) == 0) return false;
  for (let from = 0; from <= lengthOf(names);) {
    const comma = indexOf(names, COMMA, from);
    const end = comma < 0 ? lengthOf(names) : comma;
    for (let i = 0; i < principals.length; i++) {
      if (unchecked(principals[i]).matches(slice(names, from, end))) return true;
    }
    from = end + 1;
  }
  return false;
}

function readNetworks(at: Cursor): Cidr[] | null {
  if (!at.has("sourceAddresses")) return null;
  const items = at.list("sourceAddresses");
  const networks: Cidr[] = [];
  if (items.length == 0) at.refuse("sourceAddresses", "expected at least one item");
  for (let i = 0; i < items.length; i++) {
    const network = new Cidr();
    const status = network.parse(view(items[i].asBytes()));
    if (status != CidrStatus.Ok) items[i].refuse("", cidrHint(status));
    networks.push(network);
  }
  return networks;
}

function readPrincipals(at: Cursor): StringMatch[] | null {
  if (!at.has("sourcePrincipals")) return null;
  const items = at.list("sourcePrincipals");
  const principals: StringMatch[] = [];
  if (items.length == 0) at.refuse("sourcePrincipals", "expected at least one item");
  for (let i = 0; i < items.length; i++) principals.push(StringMatch.read(items[i]));
  return principals;
}
