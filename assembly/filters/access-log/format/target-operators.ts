// %PATH(…)%, %QUERY_PARAM(…)% and %QUERY_PARAMS(…)%: parts of the request target.
import { Bytes, EMPTY, NONE, at, indexOf, lengthOf, slice, text, view } from "../../../lib/bytes";
import { param, decoded, pathOf, queryOf } from "../../../lib/http/query";
import { Writer } from "../../../lib/writer";
import { Operator, Value, answer, truncated } from "./operator";
import { Redaction } from "../redact/redaction";
import { RecordView } from "../record";

const ORIGINAL_PATH = text("x-envoy-original-path");

/** Which path: the one that came, the one that went on, or the first of them that is there. */
export const enum PathSource {
  Original,
  Current,
  OriginalOrCurrent,
}


@final
export class PathOperator extends Operator {
  constructor(
    private source: PathSource,
    private withQuery: bool,
    private redaction: Redaction,
    private length: i32,
  ) {
    super();
  }

  ask(record: RecordView, value: Value): void {
    const request = record.request();
    let target = this.source == PathSource.Current ? NONE : request.header(ORIGINAL_PATH);
    if (target == NONE && this.source != PathSource.Original) target = request.target();
    if (target == NONE) return value.setAbsent();
    const shown = this.redaction.plain(this.withQuery ? target : pathOf(target));
    value.setText(truncated(shown, this.length));
  }
}

const PERCENT: u8 = 0x25;
const QUESTION: u8 = 0x3f;
const one = new Writer();

/** The first parameter of a name, of the original path if there is one; as it came, not decoded. */
@final
export class QueryParamOperator extends Operator {
  constructor(
    private name: StaticArray<u8>,
    private redaction: Redaction,
    private length: i32,
  ) {
    super();
  }

  ask(record: RecordView, value: Value): void {
    const found = param(queryOfRecord(record), view(this.name));
    if (found == NONE) return value.setAbsent();
    value.setText(truncated(this.redaction.param(view(this.name), found), this.length));
  }
}


@final
export class QueryParamsOperator extends Operator {
  constructor(
    private decodes: bool,
    private redaction: Redaction,
    private length: i32,
  ) {
    super();
  }

  ask(record: RecordView, value: Value): void {
    const target = record.request().target();
    const question = target == NONE ? -1 : indexOf(target, QUESTION);
    if (question < 0) return value.setAbsent();
    // As Envoy has it: with the fragment, if there is one.
    const clean = this.redaction.query(slice(target, question + 1));
    value.setText(
      truncated(this.decodes ? this.redaction.scrubbed(decodedAsEnvoy(clean)) : clean, this.length),
    );
  }
}

/**
 * What Envoy decodes of a query: visible ASCII but for those that a URL must encode (measured on
 * 1.40).
 */
function decodedAsEnvoy(query: Bytes): Bytes {
  if (indexOf(query, PERCENT) < 0) return query;
  answer.reset();
  for (let i = 0; i < lengthOf(query); i++) {
    const escaped = at(query, i) == PERCENT ? decoded(slice(query, i, i + 3), one) : EMPTY;
    if (lengthOf(escaped) == 1 && !staysEncoded(at(escaped, 0))) {
      answer.byte(at(escaped, 0));
      i += 2;
    } else {
      answer.byte(at(query, i));
    }
  }
  return answer.view();
}

function staysEncoded(byte: u8): bool {
  if (byte <= 0x20 || byte >= 0x7f) return true;
  const isQuoteOrPercent = byte == 0x22 || byte == 0x25;
  const isBracket = byte == 0x3c || byte == 0x3e || byte == 0x7b || byte == 0x7d;
  return isQuoteOrPercent || isBracket || byte == 0x5c || byte == 0x5e || byte == 0x7c;
}

function queryOfRecord(record: RecordView): Bytes {
  const target = record.request().target();
  return target == NONE ? NONE : queryOf(target);
}
