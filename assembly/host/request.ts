// The proxy behind lib/http's view of a request: header map in one call, properties only when a
// policy asks.
import { RequestView } from "../lib/http/request";
import { Bytes, NONE, lengthOf, path, text } from "../lib/bytes";
import { HeaderMap, MapType } from "./header-map";
import { nativeClaim } from "./native-claim";
import { property } from "./property";
import { Status } from "./status";

const SOURCE_ADDRESS = path("source.address");
const PEER_URI_SAN = path("connection.uri_san_peer_certificate");
/** Where jwt-auth hands over the payload of the token that let the request in. */
export const CLAIMS_PROPERTY = text("gatehouse_claims");


@final
export class HostRequest extends RequestView {
  private readonly map: HeaderMap = new HeaderMap();
  private isBlind: bool = false;

  /**
   * Opens the view on the current context. False: the header map cannot be had, and the view
   * shows no header.
   */
  open(): bool {
    this.reset();
    this.isBlind = this.map.read(MapType.RequestHeaders) != Status.Ok;
    return !this.isBlind;
  }

  mayHave(name: Bytes): bool {
    return this.isBlind || this.map.index(name, 0) >= 0;
  }

  headerCount(): i32 {
    return this.map.count;
  }

  headerName(index: i32): Bytes {
    return this.map.name(index);
  }

  headerValue(index: i32): Bytes {
    return this.map.value(index);
  }

  headerIndex(name: Bytes, from: i32): i32 {
    return this.map.index(name, from);
  }

  protected readSourceAddress(): Bytes {
    return property(SOURCE_ADDRESS);
  }

  protected readSourcePrincipal(): Bytes {
    return property(PEER_URI_SAN);
  }

  protected readClaims(): Bytes {
    const claims = property(CLAIMS_PROPERTY);
    // Empty: cleared by jwt-auth.
    return lengthOf(claims) == 0 ? NONE : claims;
  }

  protected readNativeClaim(path: Bytes): Bytes {
    return nativeClaim(path);
  }
}
