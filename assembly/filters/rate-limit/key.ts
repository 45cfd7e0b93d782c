// What tells one client from another: parts of a request. `fingerprint.ts` makes one number of
// them.
import { Cursor } from "../../lib/config/reader";
import { readHeaderName } from "../../lib/config/field-name";
import { Bytes, NONE, bytes, equal, isPresent, text, view } from "../../lib/bytes";
import { registeredMethod } from "../../lib/http/method";
import { RequestView } from "../../lib/http/request";
import { Writer } from "../../lib/writer";
import { ClaimPath } from "../../lib/match/claim-path";
import { MatchSettings } from "../../lib/match/match-settings";
import { networkIn, networkTextIn } from "./client-network";

export const enum KeySource {
  Header,
  Claim,
  Cookie,
  QueryParam,
  SourceAddress,
  Method,
  Uri,
  Authority,
  Literal,
}

const NAMES = [
  "header",
  "claim",
  "cookie",
  "queryParam",
  "sourceAddress",
  "method",
  "uri",
  "authority",
  "literal",
];

/**
 * What happens to a request in which a part of the key comes more than once, with different values.
 */
export const enum WhenRepeated {
  /** All such requests share one bucket. */
  Shared,
  /** All values count, with "," between. */
  Joined,
  First,
  Last,
  /** The request is refused. */
  Reject,
}

/** No place of a value: memory ends before it. */
export const REPEATED: Bytes = 0xfffffffd;
const AUTHORITY = text(":authority");
const OTHER_METHOD = text("other");
const COMMA: u8 = 0x2c;

/** A joined value. */
const joined = new Writer();

/** The hash of one value of one request: limits that have the same part in their keys share it. */
@final
export class ValueHash {
  private serial: u64 = 0;
  private readonly words: StaticArray<u64> = new StaticArray<u64>(2);

  isOf(request: RequestView): bool {
    return this.serial == request.serial;
  }

  /** Keeps the hash of the request's value; gives it as bytes. */
  keep(request: RequestView, first: u64, second: u64): Bytes {
    this.serial = request.serial;
    unchecked((this.words[0] = first));
    unchecked((this.words[1] = second));
    return this.view();
  }

  view(): Bytes {
    return bytes(changetype<usize>(this.words), 16);
  }
}

/** One part of a key. */
@final
export class KeyPart {
  /** Of a long value, under the proxy's secret. */
  readonly secretHash: ValueHash = new ValueHash();
  /** Of a value that the rate limit service cannot take as it is. */
  readonly publicHash: ValueHash = new ValueHash();

  constructor(
    readonly source: KeySource,
    /** Header, cookie or parameter name, or the literal. */
    readonly name: StaticArray<u8>,
    readonly claim: ClaimPath | null,
    readonly v4Prefix: i32,
    readonly v6Prefix: i32,
    private readonly whenRepeated: WhenRepeated,
    private readonly settings: MatchSettings,
    /** Of a cookie or parameter, among those that the settings ask for. */
    private readonly index: i32,
  ) {}

  /** Reads one item of `key`: an object with exactly one member, the source. */
  static read(at: Cursor, whenRepeated: WhenRepeated, settings: MatchSettings): KeyPart {
    const found = at.expectObject() ? at.theOnly(NAMES) : -1;
    const source = found < 0 ? KeySource.Literal : <KeySource>found;
    let name = new StaticArray<u8>(0);
    let claim: ClaimPath | null = null;
    let v4Prefix: i64 = 32;
    let v6Prefix: i64 = 128;
    if (source == KeySource.Claim) {
      claim = ClaimPath.read(at, "claim");
    } else if (source == KeySource.SourceAddress) {
      const prefixes = at.object("sourceAddress");
      v4Prefix = prefixes.integer("v4Prefix", 0, 32, 32);
      v6Prefix = prefixes.integer("v6Prefix", 0, 128, 64);
      prefixes.done();
    } else if (
      source == KeySource.Method ||
      source == KeySource.Uri ||
      source == KeySource.Authority
    ) {
      if (!at.boolean(NAMES[source], true)) at.refuse(NAMES[source], "expected true");
    } else if (source == KeySource.Header) {
      name = readHeaderName(at.value("header"));
    } else {
      name = at.bytes(NAMES[source]);
      if (name.length == 0 && found >= 0) at.refuse(NAMES[source], "expected a name");
    }
    at.done();
    let index = 0;
    if (source == KeySource.Cookie) index = settings.cookies.watch(view(name));
    else if (source == KeySource.QueryParam) index = settings.params.watch(view(name));
    const v4 = <i32>v4Prefix;
    const v6 = <i32>v6Prefix;
    return new KeyPart(source, name, claim, v4, v6, whenRepeated, settings, index);
  }

  /**
   * This part of a request. NONE: the request has none. REPEATED: it came more than once, with
   * different values, and none of them may choose the bucket. Valid until the next part is asked
   * for.
   */
  of(request: RequestView): Bytes {
    switch (this.source) {
      case KeySource.Header:
        return this.headerOf(request);
      case KeySource.Claim:
        return this.claimOf(request);
      case KeySource.Cookie: {
        const cookies = this.settings.cookies;
        return this.chosen(
          cookies.valueAt(this.index, request),
          cookies.otherAt(this.index, request),
        );
      }
      case KeySource.QueryParam: {
        const params = this.settings.params;
        return this.chosen(
          params.valueAt(this.index, request),
          params.otherAt(this.index, request),
        );
      }
      case KeySource.SourceAddress:
        return networkIn(request, this.v4Prefix, this.v6Prefix);
      case KeySource.Method:
        return methodOf(request);
      case KeySource.Uri:
        return this.settings.normalizesPath ? request.normalizedPath() : request.path();
      case KeySource.Authority:
        return this.authorityOf(request);
      default:
        return view(this.name);
    }
  }

  private authorityOf(request: RequestView): Bytes {
    return this.settings.normalizesAuthority ? request.normalizedAuthority() : request.authority();
  }

  private headerOf(request: RequestView): Bytes {
    const name = view(this.name);
    if (equal(name, AUTHORITY)) return this.authorityOf(request);
    if (this.whenRepeated == WhenRepeated.Joined) return request.joinedHeader(name);
    const first = request.header(name);
    let other = NONE;
    let index = isPresent(first) ? request.headerIndex(name, 0) : -1;
    while (index >= 0) {
      const value = request.headerValue(index);
      if (other != NONE || !equal(value, first)) other = value;
      index = request.headerIndex(name, index + 1);
    }
    return this.chosen(first, other);
  }

  /** `other` is the last value, when it is another than the first. */
  private chosen(first: Bytes, other: Bytes): Bytes {
    if (other == NONE || this.whenRepeated == WhenRepeated.First) return first;
    if (this.whenRepeated == WhenRepeated.Last) return other;
    if (this.whenRepeated != WhenRepeated.Joined) return REPEATED;
    // Of cookies and parameters the first and the last value stand for all.
    joined.reset();
    joined.bytes(first);
    joined.byte(COMMA);
    joined.bytes(other);
    return joined.view();
  }

  private claimOf(request: RequestView): Bytes {
    const claim = this.claim;
    return claim === null ? NONE : claim.textIn(request);
  }

  /**
   * What the rate limit service knows this part by: the name of the header, cookie or parameter,
   * or of the claim.
   */
  get label(): Bytes {
    const claim = this.claim;
    return claim === null ? view(this.name) : claim.head;
  }

  /** The client's network as text. */
  addressText(request: RequestView): Bytes {
    return networkTextIn(request, this.v4Prefix, this.v6Prefix);
  }

  /** Whether the other part has the same value in every request. */
  isSame(other: KeyPart): bool {
    if (this.source != other.source || this.whenRepeated != other.whenRepeated) return false;
    if (this.v4Prefix != other.v4Prefix || this.v6Prefix != other.v6Prefix) return false;
    return equal(view(this.name), view(other.name)) && equal(this.claimName, other.claimName);
  }

  private get claimName(): Bytes {
    const claim = this.claim;
    return claim === null ? NONE : claim.property;
  }
}

/**
 * The method, in one case of letters. All methods that the registry does not have are one: a client
 * could invent as many as it likes, and servers take them for others.
 */
function methodOf(request: RequestView): Bytes {
  const method = request.method();
  if (!isPresent(method)) return NONE;
  const registered = registeredMethod(method);
  return isPresent(registered) ? registered : OTHER_METHOD;
}

/** The parts of all keys of a configuration, each of them once. */
@final
export class KeyParts {
  private readonly parts: KeyPart[] = [];

  constructor(private readonly settings: MatchSettings) {}

  /** Reads one item of `key`. */
  read(at: Cursor, whenRepeated: WhenRepeated): KeyPart {
    const part = KeyPart.read(at, whenRepeated, this.settings);
    for (let i = 0; i < this.parts.length; i++) {
      if (this.parts[i].isSame(part)) return this.parts[i];
    }
    this.parts.push(part);
    return part;
  }
}
