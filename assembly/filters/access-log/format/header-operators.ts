// %REQ(…)%, %RESP(…)%, %TRAILER(…)% and what else reads header maps: the first value of a name, an alternative when it is
// absent, cut to a length. Redacted before it is cut, so that no piece of a secret is left.
import { Bytes, NONE, bytes, lengthOf, view } from "../../../lib/bytes";
import { sha256 } from "../../../lib/crypto/sha256";
import { HeaderList } from "../../../lib/http/headers";
import { pathOf } from "../../../lib/http/query";
import { Writer } from "../../../lib/writer";
import { Operator, Value, truncated } from "./operator";
import { Action } from "../redact/redact-config";
import { Redaction, Shape } from "../redact/redaction";
import { RecordView } from "../record";

export const enum HeaderSource {
  Request,
  Response,
  Trailers,
}

/** One name to look for, with what its value becomes. */
@final
export class HeaderName {
  private action: Action;
  private shape: Shape;

  constructor(
    private name: StaticArray<u8>,
    private redaction: Redaction,
  ) {
    this.action = redaction.ofHeader(view(name));
    this.shape = Redaction.shapeOf(view(name));
  }

  /** The value as it came, or NONE. */
  find(headers: HeaderList): Bytes {
    return headers.header(view(this.name));
  }

  /** The value without its secrets. */
  clean(value: Bytes): Bytes {
    return this.redaction.header(this.action, this.shape, value);
  }

  get isRedacted(): bool {
    return this.action != Action.Keep || this.shape != Shape.Plain;
  }
}


@final
export class HeaderOperator extends Operator {
  constructor(
    private source: HeaderSource,
    private names: HeaderName[],
    private length: i32,
  ) {
    super();
  }

  ask(record: RecordView, value: Value): void {
    const headers = headersOf(record, this.source);
    for (let i = 0; i < this.names.length; i++) {
      const name = unchecked(this.names[i]);
      const found = name.find(headers);
      if (found != NONE) return value.setText(truncated(name.clean(found), this.length));
    }
    value.setAbsent();
  }
}

/** %REQ_WITHOUT_QUERY(X?Y)%: a path without its query, as Envoy's extension of that name. */
@final
export class WithoutQueryOperator extends Operator {
  constructor(
    private names: HeaderName[],
    private length: i32,
  ) {
    super();
  }

  ask(record: RecordView, value: Value): void {
    const headers = record.request();
    for (let i = 0; i < this.names.length; i++) {
      const name = unchecked(this.names[i]);
      const found = name.find(headers);
      if (found == NONE) continue;
      const path = name.clean(pathOf(found));
      return value.setText(truncated(path, this.length));
    }
    value.setAbsent();
  }
}

const digest = memory.data(32, 16);

/** %REQUEST_HEADER_SHA256(X?Y)%: in hexadecimal. Of a header that is redacted: what redaction makes of it. */
@final
export class HeaderDigestOperator extends Operator {
  private hex: Writer = new Writer(64);

  constructor(
    private names: HeaderName[],
    private length: i32,
  ) {
    super();
  }

  ask(record: RecordView, value: Value): void {
    const headers = record.request();
    for (let i = 0; i < this.names.length; i++) {
      const name = unchecked(this.names[i]);
      const found = name.find(headers);
      if (found == NONE) continue;
      if (name.isRedacted) return value.setText(truncated(name.clean(found), this.length));
      sha256(found, digest);
      this.hex.reset();
      this.hex.hex(bytes(digest, 32));
      return value.setText(truncated(this.hex.view(), this.length));
    }
    value.setAbsent();
  }
}

/** %REQUEST_HEADERS_BYTES% and its like: names and values, as Envoy counts them. */
@final
export class HeaderBytesOperator extends Operator {
  constructor(private source: HeaderSource) {
    super();
  }

  ask(record: RecordView, value: Value): void {
    value.setInteger(byteSize(headersOf(record, this.source)));
  }
}

/** `HeaderMap::byteSize`. */
export function byteSize(headers: HeaderList): i64 {
  let size: i64 = 0;
  for (let i = 0; i < headers.headerCount(); i++)
    size += lengthOf(headers.headerName(i)) + lengthOf(headers.headerValue(i));
  return size;
}

function headersOf(record: RecordView, source: HeaderSource): HeaderList {
  if (source == HeaderSource.Request) return record.request();
  return source == HeaderSource.Response ? record.responseHeaders() : record.responseTrailers();
}
