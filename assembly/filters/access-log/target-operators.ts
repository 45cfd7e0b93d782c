// %PATH(…)%, %QUERY_PARAM(…)% and %QUERY_PARAMS(…)%: parts of the request target.
import { Bytes, NONE, lengthOf, text, view } from "../../lib/bytes";
import { param, decoded, pathOf, queryOf } from "../../lib/http/query";
import { Scratch } from "../../lib/http/scratch";
import { Operator, Value, truncated } from "./operator";
import { Redaction } from "./redaction";
import { RecordView } from "./record";

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

const plain = new Scratch();

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
    const query = queryOfRecord(record);
    if (query == NONE || lengthOf(query) == 0) return value.setAbsent();
    const clean = this.redaction.query(query);
    value.setText(truncated(this.decodes ? decoded(clean, plain) : clean, this.length));
  }
}

function queryOfRecord(record: RecordView): Bytes {
  const target = record.request().target();
  return target == NONE ? NONE : queryOf(target);
}
