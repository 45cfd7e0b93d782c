// The proxy behind the view of a finished request. Header maps are fetched when the first header
// is asked for.
import { environmentVariable } from "../../host/environment";
import { monotonicNanos, unixNanos } from "../../host/clock";
import { HeaderMap, MapType, headerValue } from "../../host/header-map";
import { property } from "../../host/property";
import { randomBits } from "../../host/random";
import { HostRequest } from "../../host/request";
import { Bytes } from "../../lib/bytes";
import { HeaderList } from "../../lib/http/headers";
import { RequestView, SEARCH_NANOS_MAX } from "../../lib/http/request";
import { RecordView } from "./record";

/** A header map as a list. */
@final
class HostHeaders extends HeaderList {
  private map: HeaderMap = new HeaderMap();
  private isOpen: bool = false;

  constructor(private type: MapType) {
    super();
  }

  forget(): void {
    this.isOpen = false;
  }

  one(name: Bytes): Bytes {
    return this.isOpen ? this.map.get(name) : headerValue(this.type, name);
  }

  /** A map that cannot be had is empty. */
  opened(): this {
    if (this.isOpen) return this;
    this.map.read(this.type);
    this.isOpen = true;
    return this;
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
}


@final
export class HostRecord extends RecordView {
  private requestHeaders: HostRequest = new HostRequest();
  private isOpen: bool = false;
  private response: HostHeaders = new HostHeaders(MapType.ResponseHeaders);
  private trailers: HostHeaders = new HostHeaders(MapType.ResponseTrailers);

  constructor() {
    super();
    this.requestHeaders.searchNanosMax = SEARCH_NANOS_MAX;
  }

  /** Begins with the request of the current context. */
  open(): void {
    this.clear();
    this.isOpen = false;
    this.response.forget();
    this.trailers.forget();
  }

  request(): RequestView {
    if (!this.isOpen) {
      this.requestHeaders.open();
      this.isOpen = true;
    }
    return this.requestHeaders;
  }

  isOverscanned(): bool {
    return this.isOpen && this.requestHeaders.isOverscanned;
  }

  responseHeaders(): HeaderList {
    return this.response.opened();
  }

  responseHeader(name: Bytes): Bytes {
    return this.response.one(name);
  }

  responseTrailers(): HeaderList {
    return this.trailers.opened();
  }

  property(path: Bytes): Bytes {
    return property(path);
  }

  nowNanos(): i64 {
    return unixNanos();
  }

  monotonicNanos(): i64 {
    return monotonicNanos();
  }

  randomBits(): u64 {
    return randomBits();
  }

  variable(name: Bytes): Bytes {
    return environmentVariable(name);
  }
}
