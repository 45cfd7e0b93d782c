// %PATH(…)%, %QUERY_PARAM(…)% and %QUERY_PARAMS(…)%: parts of the request target.
import { Bytes, NONE, at, indexOf, lengthOf, owned, text, view } from "../../../../lib/bytes";
import { escapeAt } from "../../../../lib/http/percent";
import { ParamValues } from "../../../../lib/http/named-values";
import { behindQuestion, pathOf } from "../../../../lib/http/query";
import { Result, success } from "../../../../lib/result";
import { RecordView } from "../../record";
import { Redaction } from "../../redact/redaction";
import { Piece } from "../command";
import { Operator, Value, operatorText, truncated } from "./operator";
import {
  Arguments,
  Choice,
  Length,
  OperatorMaker,
  OperatorRow,
  chosen,
  partAt,
  refused,
  refusedChoice,
} from "./row";

const COLON: u8 = 0x3a;
const PERCENT: u8 = 0x25;
const ORIGINAL_PATH = text("x-envoy-original-path");

/** Which path: the one that came, the one that went on, or the first of them that is there. */
const enum PathSource {
  Original,
  Current,
  OriginalOrCurrent,
}

const SOURCES: Choice[] = [
  new Choice(text("ORIG"), PathSource.Original),
  new Choice(text("PATH"), PathSource.Current),
  new Choice(text("ORIG_OR_PATH"), PathSource.OriginalOrCurrent),
];

const enum Query {
  With,
  Without,
}

const QUERIES: Choice[] = [
  new Choice(text("WQ"), Query.With),
  new Choice(text("NQ"), Query.Without),
];


@final
class PathOperator extends Operator {
  constructor(
    private source: PathSource,
    private query: Query,
    private redaction: Redaction,
    private length: i32,
  ) {
    super();
  }

  evaluate(record: RecordView, value: Value): void {
    const request = record.request();
    let target = this.source == PathSource.Current ? NONE : request.header(ORIGINAL_PATH);
    if (target == NONE && this.source != PathSource.Original) target = request.target();
    if (target == NONE) return value.setAbsent();
    const shown = this.query == Query.With ? target : pathOf(target);
    value.setText(truncated(this.redaction.plain(shown), this.length));
  }
}


@final
export class PathRow extends OperatorRow {
  constructor(name: Bytes) {
    super(name, Arguments.Optional, Length.Optional);
  }

  make(command: Piece, maker: OperatorMaker): Result<Operator> {
    const given = command.arguments;
    const shown = partAt(given, 0, COLON);
    const from = partAt(given, 1, COLON);
    const query = lengthOf(shown) == 0 ? Query.With : chosen(QUERIES, shown);
    const source = from == NONE ? PathSource.OriginalOrCurrent : chosen(SOURCES, from);
    if (query < 0 || source < 0 || partAt(given, 2, COLON) != NONE) {
      return refused(command, "takes WQ or NQ, then ORIG, PATH or ORIG_OR_PATH");
    }
    const redaction = maker.redaction;
    return success<Operator>(
      new PathOperator(<PathSource>source, <Query>query, redaction, command.length),
    );
  }
}

/** The first parameter of a name, percent-decoded. */
@final
class QueryParamOperator extends Operator {
  constructor(
    private name: StaticArray<u8>,
    private params: ParamValues,
    /** Of the name among `params`. */
    private index: i32,
    private redaction: Redaction,
    private length: i32,
  ) {
    super();
  }

  evaluate(record: RecordView, value: Value): void {
    const found = this.params.valueAt(this.index, record.request());
    if (found == NONE) return value.setAbsent();
    value.setText(truncated(this.redaction.param(view(this.name), found), this.length));
  }
}


@final
export class QueryParamRow extends OperatorRow {
  constructor(name: Bytes) {
    super(name, Arguments.Required, Length.Optional);
  }

  make(command: Piece, maker: OperatorMaker): Result<Operator> {
    const name = owned(command.arguments);
    const params = maker.params;
    const index = params.indexOf(view(name));
    const redaction = maker.redaction;
    return success<Operator>(
      new QueryParamOperator(name, params, index, redaction, command.length),
    );
  }
}

const enum QueryForm {
  Original,
  Decoded,
}

const QUERY_FORMS: Choice[] = [
  new Choice(text("ORIG"), QueryForm.Original),
  new Choice(text("DECODED"), QueryForm.Decoded),
];


@final
class QueryParamsOperator extends Operator {
  constructor(
    private form: QueryForm,
    private redaction: Redaction,
    private length: i32,
  ) {
    super();
  }

  evaluate(record: RecordView, value: Value): void {
    const query = behindQuestion(record.request().target());
    if (query == NONE) return value.setAbsent();
    const clean = this.redaction.query(query);
    const isDecoded = this.form == QueryForm.Decoded;
    const shown = isDecoded ? this.redaction.scrubbed(decodedAsEnvoy(clean)) : clean;
    value.setText(truncated(shown, this.length));
  }
}


@final
export class QueryParamsRow extends OperatorRow {
  constructor(name: Bytes) {
    super(name, Arguments.Optional, Length.Optional);
  }

  make(command: Piece, maker: OperatorMaker): Result<Operator> {
    const given = command.arguments;
    const form = lengthOf(given) == 0 ? QueryForm.Original : chosen(QUERY_FORMS, given);
    if (form < 0) return refusedChoice(command, QUERY_FORMS);
    const redaction = maker.redaction;
    return success<Operator>(new QueryParamsOperator(<QueryForm>form, redaction, command.length));
  }
}

/**
 * What Envoy decodes of a query (measured on 1.40): visible ASCII but what a URL must encode. A "%"
 * that begins no escape is left out, unless fewer than two bytes follow.
 */
function decodedAsEnvoy(query: Bytes): Bytes {
  if (indexOf(query, PERCENT) < 0) return query;
  operatorText.reset();
  for (let i = 0; i < lengthOf(query); i++) {
    const byte = at(query, i);
    if (byte != PERCENT || i + 2 >= lengthOf(query)) {
      operatorText.byte(byte);
      continue;
    }
    const escaped = escapeAt(query, i);
    if (escaped < 0) continue;
    const isKept = staysEncoded(<u8>escaped);
    operatorText.byte(isKept ? byte : <u8>escaped);
    if (!isKept) i += 2;
  }
  return operatorText.view();
}

const STAYS_ENCODED = text('"<>{}\\^|');

function staysEncoded(byte: u8): bool {
  return byte <= 0x20 || byte >= 0x7f || indexOf(STAYS_ENCODED, byte) >= 0;
}
