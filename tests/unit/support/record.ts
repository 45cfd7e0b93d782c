// A finished request for the units of access-log: headers, properties and a clock as given.
//
//   const record = new FakeRecord(new FakeRequest("GET", "/a")).integerAt("response.code", 200);
import { RecordView } from "../../../assembly/filters/access-log/record";
import { Bytes, NONE, equal, utf8, view } from "../../../assembly/lib/bytes";
import { HeaderList } from "../../../assembly/lib/http/headers";
import { RequestView } from "../../../assembly/lib/http/request";
import { FakeRequest } from "./request";

export class FakeRecord extends RecordView {
  /** How often anything was asked of the "host" besides request headers. */
  reads: i32 = 0;
  now: i64 = 1_764_064_800_000_000_000;
  monotonic: i64 = 5_000_000_000;
  readonly response: FakeRequest = new FakeRequest();
  readonly trailers: FakeRequest = new FakeRequest();
  private paths: Array<StaticArray<u8>> = [];
  private values: Array<StaticArray<u8>> = [];

  constructor(private fakeRequest: FakeRequest = new FakeRequest()) {
    super();
  }

  textAt(dotted: string, value: string): this {
    this.paths.push(utf8(dotted.replaceAll(".", "\0")));
    this.values.push(utf8(value));
    return this;
  }

  integerAt(dotted: string, value: i64): this {
    const bytes = new StaticArray<u8>(8);
    store<i64>(changetype<usize>(bytes), value);
    this.paths.push(utf8(dotted.replaceAll(".", "\0")));
    this.values.push(bytes);
    return this;
  }

  request(): RequestView {
    return this.fakeRequest;
  }

  isOverscanned(): bool {
    return this.fakeRequest.isOverscanned;
  }

  responseHeaders(): HeaderList {
    this.reads++;
    return this.response;
  }

  responseTrailers(): HeaderList {
    this.reads++;
    return this.trailers;
  }

  responseHeader(name: Bytes): Bytes {
    this.reads++;
    return this.response.header(name);
  }

  property(path: Bytes): Bytes {
    this.reads++;
    for (let i = 0; i < this.paths.length; i++) {
      if (equal(view(this.paths[i]), path)) return view(this.values[i]);
    }
    return NONE;
  }

  randomBits(): u64 {
    return 0x0123_4567_89ab_cdef;
  }

  nowNanos(): i64 {
    return this.now;
  }

  monotonicNanos(): i64 {
    return this.monotonic;
  }

  variable(name: Bytes): Bytes {
    return NONE;
  }
}
