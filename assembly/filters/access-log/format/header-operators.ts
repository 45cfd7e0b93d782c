// %REQ(…)%, %RESP(…)%, %TRAILER(…)% and what else reads header maps: the first value of a name,
// an alternative when it is absent, cut to a length. Redacted before it is cut, so that no piece
// of a secret is left.
import { Bytes, NONE, bytes, lengthOf, view } from "../../../lib/bytes";
import { sha256 } from "../../../lib/crypto/sha256";
import { HeaderList } from "../../../lib/http/headers";
import { pathOf } from "../../../lib/http/query";
import { Operator, Value, answer, truncated } from "./operator";
import { Action } from "../redact/redact-config";
import { Redaction, Shape } from "../redact/redaction";
import { RecordView } from "../record";

/** Where the header is, and what of it is shown. */
export const enum HeaderForm {
  Request,
  Response,
  Trailers,
  /**
   * %REQUEST_HEADER_SHA256(X?Y)%: in hexadecimal. Of a header that is redacted: what redaction
   * makes of it.
   */
  Digest,
  /** %REQ_WITHOUT_QUERY(X?Y)%: a path without its query, as Envoy's extension of that name. */
  WithoutQuery,
}

/** One name to look for, with what its value becomes. */
@final
export class HeaderName {
  /** What to look for when there is no header of this name. */
  alternative: HeaderName | null = null;
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

const digest = memory.data(32, 16);


@final
export class HeaderOperator extends Operator {
  constructor(
    private form: HeaderForm,
    private name: HeaderName | null,
    private length: i32,
  ) {
    super();
  }

  ask(record: RecordView, value: Value): void {
    const headers = headersOf(record, this.form);
    let name = this.name;
    while (name !== null) {
      const found = name.find(headers);
      if (found != NONE) return value.setText(truncated(this.shown(name, found), this.length));
      name = name.alternative;
    }
    value.setAbsent();
  }

  private shown(name: HeaderName, found: Bytes): Bytes {
    if (this.form == HeaderForm.WithoutQuery) return name.clean(pathOf(found));
    if (this.form != HeaderForm.Digest || name.isRedacted) return name.clean(found);
    sha256(found, digest);
    answer.reset();
    answer.hex(bytes(digest, 32));
    return answer.view();
  }
}

/** Names and values, as `HeaderMap::byteSize` counts them. */
export function byteSize(headers: HeaderList): i64 {
  let size: i64 = 0;
  for (let i = 0; i < headers.headerCount(); i++)
    size += lengthOf(headers.headerName(i)) + lengthOf(headers.headerValue(i));
  return size;
}

export function headersOf(record: RecordView, form: HeaderForm): HeaderList {
  if (form == HeaderForm.Response) return record.responseHeaders();
  return form == HeaderForm.Trailers ? record.responseTrailers() : record.request();
}
