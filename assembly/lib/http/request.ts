// The read-only view of one request that policies decide from. Everything is asked for when it is
// needed and at most once: a policy that never asks for the source address costs no host call.
// filter.ts puts the host behind it, units a list of headers (tests/unit/support/request.ts).
import { Bytes, NONE, text } from "../bytes";
import { IpAddress } from "../ip";
import { JsonDocument, JsonKind } from "../json/document";
import { HeaderList } from "./headers";
import { pathOf, queryOf } from "./query";

const METHOD = text(":method");
const AUTHORITY = text(":authority");
const TARGET = text(":path");

/** jwt-auth hands over no more than a token may hold. */
const CLAIMS_BYTES_MAX = 64 * 1024;

/** Not asked for yet; no view is equal to it (address 0 is never data). */
const UNREAD: Bytes = 0xfffffffe;

export abstract class RequestView extends HeaderList {
  private targetRead: Bytes = UNREAD;
  private addressRead: Bytes = UNREAD;
  private principalsRead: Bytes = UNREAD;
  private claimsRead: Bytes = UNREAD;
  private ip: IpAddress = new IpAddress();
  private ipRead: bool = false;
  private document: JsonDocument | null = null;
  private documentRead: bool = false;

  /** Envoy's `source.address` property: text with a port, or NONE. */
  protected abstract readSourceAddress(): Bytes;

  /**
   * Envoy's `connection.uri_san_peer_certificate` property: one URI or several joined by ",", or
   * NONE.
   */
  protected abstract readSourcePrincipals(): Bytes;

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
    this.targetRead = UNREAD;
    this.addressRead = UNREAD;
    this.principalsRead = UNREAD;
    this.claimsRead = UNREAD;
    this.ipRead = false;
    this.documentRead = false;
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
    if (this.targetRead == UNREAD) this.targetRead = this.header(TARGET);
    return this.targetRead;
  }

  /** The target without its query and fragment. */
  path(): Bytes {
    const target = this.target();
    return target == NONE ? NONE : pathOf(target);
  }

  /** The query without its "?", or NONE. */
  query(): Bytes {
    const target = this.target();
    return target == NONE ? NONE : queryOf(target);
  }

  /** The client's address as text, with its port as the proxy gives it, or NONE. */
  sourceAddress(): Bytes {
    if (this.addressRead == UNREAD) this.addressRead = this.readSourceAddress();
    return this.addressRead;
  }

  /**
   * The client's address; of Family.None when the proxy has none (a Unix socket). Shared: copy
   * before masking.
   */
  sourceIp(): IpAddress {
    if (!this.ipRead) {
      const address = this.sourceAddress();
      if (address == NONE) this.ip.clear();
      else this.ip.parseWithPort(address);
      this.ipRead = true;
    }
    return this.ip;
  }

  /** The URI names of the client's certificate, joined by ",", or NONE. */
  sourcePrincipals(): Bytes {
    if (this.principalsRead == UNREAD) this.principalsRead = this.readSourcePrincipals();
    return this.principalsRead;
  }

  /** The payload JSON of the token that let the request in, or NONE. */
  claims(): Bytes {
    if (this.claimsRead == UNREAD) this.claimsRead = this.readClaims();
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
    if (!this.documentRead) {
      document.parse(json, CLAIMS_BYTES_MAX);
      this.documentRead = true;
    }
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
