// %REQ(…)%, %RESP(…)%, %TRAILER(…)% and what else reads header maps: the first value of a name, an
// alternative when it is absent. A value is redacted before it is cut to a length, so that no piece
// of a secret is left.
import { Bytes, NONE, bytes, lengthOf, owned, slice, view } from "../../../../lib/bytes";
import { sha256 } from "../../../../lib/crypto/sha256";
import { HeaderList } from "../../../../lib/http/headers";
import { pathOf } from "../../../../lib/http/query";
import { isToken, lowerCased } from "../../../../lib/http/field";
import { Result, success } from "../../../../lib/result";
import { requestFieldName } from "../../names";
import { RecordView } from "../../record";
import { Action, MASK } from "../../redact/action";
import { Redaction, Shape } from "../../redact/redaction";
import { Piece } from "../command";
import { Operator, Value, operatorText, truncated } from "./operator";
import { Arguments, Length, OperatorMaker, OperatorRow, partAt, refused } from "./row";

const COLON: u8 = 0x3a;
const QUESTION: u8 = 0x3f;

/** Where the header is, and what of it is shown. */
export const enum HeaderForm {
  Request,
  Response,
  Trailers,
  /** %REQUEST_HEADER_SHA256(X?Y)%: in hexadecimal; a redacted header is shown redacted instead. */
  Digest,
  /** %REQ_WITHOUT_QUERY(X?Y)%: a path without its query, as Envoy's extension of that name. */
  WithoutQuery,
}

/** One name to look for, with what its value becomes. */
@final
class HeaderName {
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

  /** Whether a hash of the value may still be made for this line. */
  admitsHash(value: Bytes): bool {
    return this.redaction.admitsHash(value);
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
    private name: HeaderName,
    private length: i32,
  ) {
    super();
  }

  evaluate(record: RecordView, value: Value): void {
    const headers = headersOf(record, this.form);
    let name: HeaderName | null = this.name;
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
    if (!name.admitsHash(found)) return MASK;
    sha256(found, digest);
    operatorText.reset();
    operatorText.hex(bytes(digest, 32));
    return operatorText.view();
  }
}

/** An operator whose argument is a header's name, or `X?Y`: a name and one alternative. */
@final
export class HeaderRow extends OperatorRow {
  constructor(
    name: Bytes,
    private form: HeaderForm,
  ) {
    super(name, Arguments.Required, Length.Optional);
  }

  make(command: Piece, maker: OperatorMaker): Result<Operator> {
    const given = command.arguments;
    const alternative = partAt(given, 1, QUESTION);
    if (partAt(given, 2, QUESTION) != NONE) return refused(command, "takes one alternative");
    const name = headerName(partAt(given, 0, QUESTION), this.form, maker.redaction);
    if (name === null) return refused(command, "needs a header name");
    if (alternative != NONE) {
      name.alternative = headerName(alternative, this.form, maker.redaction);
      if (name.alternative === null) return refused(command, "needs a header name");
    }
    return success<Operator>(new HeaderOperator(this.form, name, command.length));
  }
}

/** Null for what is no name of a header or a pseudo-header, which begins with a colon. */
function headerName(given: Bytes, form: HeaderForm, redaction: Redaction): HeaderName | null {
  const isOfResponse = form == HeaderForm.Response || form == HeaderForm.Trailers;
  const lower = lowerCased(owned(given));
  const name = isOfResponse ? lower : owned(requestFieldName(view(lower)));
  const isPseudo = name.length > 0 && name[0] == COLON;
  if (!isToken(slice(view(name), isPseudo ? 1 : 0))) return null;
  return new HeaderName(name, redaction);
}

/** A header of the request that the row names. */
@final
export class FixedHeaderRow extends OperatorRow {
  constructor(
    name: Bytes,
    private header: Bytes,
  ) {
    super(name);
  }

  make(command: Piece, maker: OperatorMaker): Result<Operator> {
    const name = new HeaderName(owned(this.header), maker.redaction);
    return success<Operator>(new HeaderOperator(HeaderForm.Request, name, -1));
  }
}

/** The size of a header map in bytes. */
@final
export class HeaderBytesOperator extends Operator {
  constructor(private form: HeaderForm) {
    super();
  }

  evaluate(record: RecordView, value: Value): void {
    value.setInteger(byteSize(headersOf(record, this.form)));
  }
}

/** Names and values, as `HeaderMap::byteSize` of Envoy counts them. */
export function byteSize(headers: HeaderList): i64 {
  let size: i64 = 0;
  for (let i = 0; i < headers.headerCount(); i++) {
    size += lengthOf(headers.headerName(i)) + lengthOf(headers.headerValue(i));
  }
  return size;
}

function headersOf(record: RecordView, form: HeaderForm): HeaderList {
  if (form == HeaderForm.Response) return record.responseHeaders();
  return form == HeaderForm.Trailers ? record.responseTrailers() : record.request();
}
