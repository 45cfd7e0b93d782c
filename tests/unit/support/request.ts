// A request for the units of policies and matchers: a list of headers and the few facts a proxy
// knows besides.
//
//   const request = new FakeRequest("GET", "/orders?id=7").with("x-canary",
//   "true").from("10.0.0.1:999");
import { Bytes, NONE, equal, utf8, view } from "../../../assembly/lib/bytes";
import { RequestView } from "../../../assembly/lib/http/request";

export class FakeRequest extends RequestView {
  /** How often each lazy fact was asked of the "host". */
  addressReads: i32 = 0;
  principalReads: i32 = 0;
  claimReads: i32 = 0;
  private names: Array<StaticArray<u8>> = [];
  private values: Array<StaticArray<u8>> = [];
  private address: StaticArray<u8> | null = null;
  private principals: StaticArray<u8> | null = null;
  private payload: StaticArray<u8> | null = null;
  private nativePath: StaticArray<u8> | null = null;
  private nativeText: StaticArray<u8> | null = null;

  constructor(
    method: string = "GET",
    target: string = "/",
    authority: string = "shop.example.com",
  ) {
    super();
    this.with(":method", method)
      .with(":path", target)
      .with(":authority", authority)
      .with(":scheme", "https");
  }

  /** Adds a header (name in lower case); a second one of the same name is a duplicate. */
  with(name: string, value: string): this {
    this.names.push(utf8(name));
    this.values.push(utf8(value));
    return this;
  }

  from(address: string): this {
    this.address = utf8(address);
    return this;
  }

  principal(names: string): this {
    this.principals = utf8(names);
    return this;
  }

  /** The payload JSON that jwt-auth would hand over. */
  claimed(json: string): this {
    this.payload = utf8(json);
    return this;
  }

  /**
   * What the native jwt_authn filter left at the dotted `path`; the items of a list with "\0"
   * between.
   */
  nativelyClaimed(path: string, text: string): this {
    this.nativePath = utf8(path.replaceAll(".", "\0"));
    this.nativeText = utf8(text);
    return this;
  }

  headerCount(): i32 {
    return this.names.length;
  }

  headerName(index: i32): Bytes {
    return view(this.names[index]);
  }

  headerValue(index: i32): Bytes {
    return view(this.values[index]);
  }

  headerIndex(name: Bytes, from: i32): i32 {
    for (let i = from; i < this.names.length; i++) {
      if (equal(view(this.names[i]), name)) return i;
    }
    return -1;
  }

  protected readSourceAddress(): Bytes {
    this.addressReads++;
    return orNone(this.address);
  }

  protected readSourcePrincipal(): Bytes {
    this.principalReads++;
    return orNone(this.principals);
  }

  protected readClaims(): Bytes {
    this.claimReads++;
    return orNone(this.payload);
  }

  protected readNativeClaim(path: Bytes): Bytes {
    const known = this.nativePath;
    return known !== null && equal(view(known), path) ? orNone(this.nativeText) : NONE;
  }
}

function orNone(value: StaticArray<u8> | null): Bytes {
  return value === null ? NONE : view(value);
}
