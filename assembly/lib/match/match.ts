// Which requests: Istio's HTTPMatchRequest and more. All conditions of a Match must hold; a list of them is "any of".
// Header names are compared in lower case; of a header that came several times each value is looked at by itself, as
// Envoy does since 1.39; the uri is the path without the query; query parameters are decoded; cookies, parameters: the
// first of a name counts.
import { Bytes, EMPTY, NONE, indexOf, isPresent, lengthOf, slice, view } from "../bytes";
import { Cursor } from "../config/reader";
import { cookie } from "../http/cookie";
import { decoded, param } from "../http/query";
import { RequestView } from "../http/request";
import { Scratch } from "../http/scratch";
import { Cidr, CidrStatus, Family, cidrHint } from "../ip";
import { ClaimMatch } from "./claim-match";
import { NamedMatch, readHeaders, readNamed } from "./named-match";
import { StringMatch, StringMatchKind } from "./string-match";

export { lowerCased } from "./named-match";

const COMMA: u8 = 0x2c;

const parameter = new Scratch();


@final
export class Match {
  private uri: StringMatch | null;
  private scheme: StringMatch | null;
  private method: StringMatch | null;
  private authority: StringMatch | null;
  private headers: NamedMatch[];
  private withoutHeaders: NamedMatch[];
  private queryParams: NamedMatch[];
  private cookies: NamedMatch[];
  private claims: ClaimMatch[];
  private sourceAddresses: Cidr[];
  private sourcePrincipals: StringMatch[];

  /** Reads the value at hand. One without conditions matches every request. */
  constructor(at: Cursor) {
    at.expectObject();
    this.uri = StringMatch.optional(at, "uri", at.boolean("ignoreUriCase", false));
    this.scheme = StringMatch.optional(at, "scheme");
    this.method = StringMatch.optional(at, "method");
    this.authority = StringMatch.optional(at, "authority");
    this.headers = readHeaders(at, "headers");
    this.withoutHeaders = readHeaders(at, "withoutHeaders");
    this.queryParams = readNamed(at, "queryParams");
    this.cookies = readNamed(at, "cookies");
    this.claims = readClaims(at);
    this.sourceAddresses = readNetworks(at);
    this.sourcePrincipals = readPrincipals(at);
    at.done();
  }

  matches(request: RequestView): bool {
    return (
      holds(this.method, this.method === null ? NONE : request.method()) &&
      holds(this.uri, this.uri === null ? NONE : request.path()) &&
      holds(this.authority, this.authority === null ? NONE : request.authority()) &&
      holds(this.scheme, this.scheme === null ? NONE : request.scheme()) &&
      this.headersHold(request) &&
      this.parametersHold(request) &&
      this.cookiesHold(request) &&
      this.sourceHolds(request) &&
      this.claimsHold(request)
    );
  }

  private headersHold(request: RequestView): bool {
    for (let i = 0; i < this.headers.length; i++) {
      const wanted = unchecked(this.headers[i]);
      if (!headerMeets(request, view(wanted.name), wanted.condition, NONE)) return false;
    }
    for (let i = 0; i < this.withoutHeaders.length; i++) {
      const unwanted = unchecked(this.withoutHeaders[i]);
      // An absent header counts as an empty one here (Istio sets treat_missing_header_as_empty), but not for `present`.
      const absent = unwanted.condition.kind == StringMatchKind.Present ? NONE : EMPTY;
      if (headerMeets(request, view(unwanted.name), unwanted.condition, absent)) return false;
    }
    return true;
  }

  private parametersHold(request: RequestView): bool {
    for (let i = 0; i < this.queryParams.length; i++) {
      const wanted = unchecked(this.queryParams[i]);
      const raw = param(request.query(), view(wanted.name));
      if (!wanted.condition.matches(raw == NONE ? NONE : decoded(raw, parameter))) return false;
    }
    return true;
  }

  private cookiesHold(request: RequestView): bool {
    for (let i = 0; i < this.cookies.length; i++) {
      const wanted = unchecked(this.cookies[i]);
      if (!wanted.condition.matches(cookie(request, view(wanted.name)))) return false;
    }
    return true;
  }

  private claimsHold(request: RequestView): bool {
    for (let i = 0; i < this.claims.length; i++) {
      if (!unchecked(this.claims[i]).matches(request)) return false;
    }
    return true;
  }

  private sourceHolds(request: RequestView): bool {
    if (this.sourceAddresses.length > 0 && !this.addressHolds(request)) return false;
    return this.sourcePrincipals.length == 0 || this.principalHolds(request);
  }

  /** In one of the networks. */
  private addressHolds(request: RequestView): bool {
    const address = request.sourceIp();
    if (address.family == Family.None) return false;
    for (let i = 0; i < this.sourceAddresses.length; i++) {
      if (unchecked(this.sourceAddresses[i]).contains(address)) return true;
    }
    return false;
  }

  /** One of the certificate's names meets one of the conditions; a connection without a certificate meets none. */
  private principalHolds(request: RequestView): bool {
    const names = request.sourcePrincipals();
    if (!isPresent(names) || lengthOf(names) == 0) return false;
    for (let from = 0; from <= lengthOf(names);) {
      const comma = indexOf(names, COMMA, from);
      const end = comma < 0 ? lengthOf(names) : comma;
      for (let i = 0; i < this.sourcePrincipals.length; i++) {
        if (unchecked(this.sourcePrincipals[i]).matches(slice(names, from, end))) return true;
      }
      from = end + 1;
    }
    return false;
  }
}

/** Any of several Matches. */
@final
export class MatchList {
  private constructor(private items: Match[]) {}

  static empty(): MatchList {
    return new MatchList([]);
  }

  /** Reads the list `name`; missing is empty. */
  static read(at: Cursor, name: string): MatchList {
    const items = at.list(name);
    const matches: Match[] = [];
    for (let i = 0; i < items.length; i++) matches.push(new Match(items[i]));
    return new MatchList(matches);
  }

  get isEmpty(): bool {
    return this.items.length == 0;
  }

  /** Whether one of them matches; an empty list is no condition and matches every request. */
  matches(request: RequestView): bool {
    const items = this.items;
    for (let i = 0; i < items.length; i++) {
      if (unchecked(items[i]).matches(request)) return true;
    }
    return items.length == 0;
  }
}

/** One of the header's values meets the condition, or, inverted, none does; `absent` is what a missing header counts as. */
function headerMeets(request: RequestView, name: Bytes, condition: StringMatch, absent: Bytes): bool {
  let index = request.headerIndex(name, 0);
  if (index < 0) return condition.matches(absent);
  if (condition.kind == StringMatchKind.Present) return !condition.invert;
  for (; index >= 0; index = request.headerIndex(name, index + 1)) {
    if (condition.fits(request.headerValue(index))) return !condition.invert;
  }
  return condition.invert;
}

function holds(condition: StringMatch | null, value: Bytes): bool {
  return condition === null || condition.matches(value);
}

function readClaims(at: Cursor): ClaimMatch[] {
  const items = at.list("claims");
  const claims: ClaimMatch[] = [];
  for (let i = 0; i < items.length; i++) claims.push(ClaimMatch.read(items[i]));
  return claims;
}

function readNetworks(at: Cursor): Cidr[] {
  const items = at.list("sourceAddresses");
  const networks: Cidr[] = [];
  if (items.length == 0 && at.has("sourceAddresses")) at.refuse("sourceAddresses", "expected at least one item");
  for (let i = 0; i < items.length; i++) {
    const network = new Cidr();
    const status = network.parse(view(items[i].asBytes()));
    if (status != CidrStatus.Ok) items[i].refuse("", cidrHint(status));
    networks.push(network);
  }
  return networks;
}

function readPrincipals(at: Cursor): StringMatch[] {
  const items = at.list("sourcePrincipals");
  const principals: StringMatch[] = [];
  if (items.length == 0 && at.has("sourcePrincipals")) at.refuse("sourcePrincipals", "expected at least one item");
  for (let i = 0; i < items.length; i++) principals.push(StringMatch.read(items[i]));
  return principals;
}
