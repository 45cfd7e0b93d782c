// The read-only view of one request that policies decide from. Everything is asked for when it is
// needed and at most once: a policy that never asks for the source address costs no host call.
// filter.ts puts the host behind it, units a list of headers (tests/unit/support/request.ts).
import { Bytes, NONE, lengthOf, text } from "../bytes";
import { IpAddress } from "../ip";
import { JsonDocument, JsonKind } from "../json/document";
import { SearchWork } from "../regex/work";
import { Writer } from "../writer";
import { HeaderList } from "./headers";
import { normalizedAuthority } from "./authority";
import { normalizedPath } from "./path";
import { pathOf, queryOf } from "./query";

const METHOD = text(":method");
const AUTHORITY = text(":authority");
const TARGET = text(":path");

/** jwt-auth hands over no more than a token may hold. */
const CLAIMS_BYTES_MAX = 64 * 1024;

/**
 * What a filter lets its conditions cost in one request: together with the walk over the headers
 * it stays below a millisecond. A hundred regular expressions on a header of 2 KiB take as much.
 */
export const SEARCH_NANOS_MAX: i64 = 400_000;

/** To look for a text in a shorter value takes less than a microsecond. */
const COUNTED_BYTES_MIN = 64;

/** What was read of a request already, as bits. */
const enum Fact {
  Target = 1,
  Path = 2,
  Query = 4,
  NormalPath = 8,
  NormalAuthority = 16,
  Address = 32,
  Ip = 64,
  Principal = 128,
  Claims = 256,
  Document = 512,
  Searches = 1024,
}

/** Numbers requests; 0 is none. */
let requests: u64 = 0;

export abstract class RequestView extends HeaderList {
  /** Another number for each request, so that others can keep what they read of this one. */
  serial: u64 = ++requests;
  /** Facts that are known. */
  private known: u32 = 0;
  /** Whether a body follows the headers. Whoever opens the view says so. */
  hasBody: bool = false;
  /** What conditions may cost in one request, in nanoseconds as SearchWork counts them. */
  searchNanosMax: i64 = i64.MAX_VALUE;
  private readonly searches: SearchWork = new SearchWork();
  private targetRead: Bytes = NONE;
  private pathRead: Bytes = NONE;
  private queryRead: Bytes = NONE;
  private claimsRead: Bytes = NONE;
  private addressRead: Bytes = NONE;
  private principalRead: Bytes = NONE;
  private normalPathRead: Bytes = NONE;
  private normalAuthorityRead: Bytes = NONE;
  private readonly ip: IpAddress = new IpAddress();
  private document: JsonDocument | null = null;
  private readonly pathText: Writer = new Writer();
  private readonly authorityText: Writer = new Writer();

  /** Envoy's `source.address` property: text with a port, or NONE. */
  protected abstract readSourceAddress(): Bytes;

  /** Envoy's `connection.uri_san_peer_certificate` property: the first URI of it, or NONE. */
  protected abstract readSourcePrincipal(): Bytes;

  /** The payload JSON that jwt-auth handed over for this request, or NONE. */
  protected abstract readClaims(): Bytes;

  /**
   * The claim at `path` (its steps with a zero byte between) as Envoy's own jwt_authn filter left
   * it in the request's metadata: a text, or the texts of a list with a zero byte between; NONE
   * for everything else.
   */
  protected readNativeClaim(path: Bytes): Bytes {
    return NONE;
  }

  /** Forgets the request: its views lie in the callback's arena, so this opens every callback. */
  reset(): void {
    this.serial = ++requests;
    this.known = 0;
    this.hasBody = false;
  }

  /** Whether `fact` has to be read now; from now on it is known. */
  private mustRead(fact: Fact): bool {
    if ((this.known & fact) != 0) return false;
    this.known |= fact;
    return true;
  }

  /**
   * What conditions may still cost. When it is spent no condition is met any more: a client's
   * largest header times a hundred rules would be felt.
   */
  get searchWork(): SearchWork {
    if (this.mustRead(Fact.Searches)) this.searches.allow(this.searchNanosMax);
    return this.searches;
  }

  /**
   * What looking for a text in `value` is taken from; null for one so short that it costs
   * nothing.
   */
  workOn(value: Bytes): SearchWork | null {
    return lengthOf(value) < COUNTED_BYTES_MIN ? null : this.searchWork;
  }

  /** Whether conditions cost more than they may: "not met" means nothing then. */
  get isOverscanned(): bool {
    return (this.known & Fact.Searches) != 0 && this.searches.isSpent;
  }

  /**
   * Whether the request has a header of that name, or may have one: a host that hands over no
   * headers hides them all.
   */
  mayHave(name: Bytes): bool {
    return this.headerIndex(name, 0) >= 0;
  }

  method(): Bytes {
    return this.header(METHOD);
  }

  authority(): Bytes {
    return this.header(AUTHORITY);
  }

  /**
   * Path, query and fragment as they stand in `:path`, after the proxy's normalisation; NONE when
   * there is no path.
   */
  target(): Bytes {
    if (this.mustRead(Fact.Target)) this.targetRead = this.header(TARGET);
    return this.targetRead;
  }

  /** The target without its query and fragment. */
  path(): Bytes {
    if (this.mustRead(Fact.Path)) {
      const target = this.target();
      this.pathRead = target == NONE ? NONE : pathOf(target);
    }
    return this.pathRead;
  }

  /** The query without its "?", or NONE. */
  query(): Bytes {
    if (this.mustRead(Fact.Query)) {
      const target = this.target();
      this.queryRead = target == NONE ? NONE : queryOf(target);
    }
    return this.queryRead;
  }

  /** The path in the one spelling that `normalizedPath` gives. */
  normalizedPath(): Bytes {
    if (this.mustRead(Fact.NormalPath)) {
      this.normalPathRead = normalizedPath(this.path(), this.pathText);
    }
    return this.normalPathRead;
  }

  /** The authority in lower case, without default port and trailing dot. */
  normalizedAuthority(): Bytes {
    if (this.mustRead(Fact.NormalAuthority)) {
      this.normalAuthorityRead = normalizedAuthority(this.authority(), this.authorityText);
    }
    return this.normalAuthorityRead;
  }

  /** The client's address as text, with its port as the proxy gives it, or NONE. */
  sourceAddress(): Bytes {
    if (this.mustRead(Fact.Address)) this.addressRead = this.readSourceAddress();
    return this.addressRead;
  }

  /**
   * The client's address; of Family.None when the proxy has none (a Unix socket). Shared: copy
   * before masking.
   */
  sourceIp(): IpAddress {
    if (this.mustRead(Fact.Ip)) {
      const address = this.sourceAddress();
      if (address == NONE) this.ip.clear();
      else this.ip.parseWithPort(address);
    }
    return this.ip;
  }

  /** The client's identity: the first URI of its certificate, commas and all; or NONE. */
  sourcePrincipal(): Bytes {
    if (this.mustRead(Fact.Principal)) this.principalRead = this.readSourcePrincipal();
    return this.principalRead;
  }

  /** The payload JSON of the token that let the request in, or NONE. */
  claims(): Bytes {
    if (this.mustRead(Fact.Claims)) this.claimsRead = this.readClaims();
    return this.claimsRead;
  }

  /**
   * The claims as a document, read once a request; null when there are none (or, which cannot be,
   * no JSON object).
   */
  claimsDocument(): JsonDocument | null {
    const json = this.claims();
    if (json == NONE) return null;
    let document = this.document;
    if (document === null) {
      document = new JsonDocument();
      this.document = document;
    }
    if (this.mustRead(Fact.Document)) document.parse(json, CLAIMS_BYTES_MAX);
    return document.is(0, JsonKind.Object) ? document : null;
  }

  /**
   * A claim that the native jwt_authn filter left, in the form of `readNativeClaim`; asked when
   * jwt-auth left none.
   */
  nativeClaim(path: Bytes): Bytes {
    return this.claims() == NONE ? this.readNativeClaim(path) : NONE;
  }
}
