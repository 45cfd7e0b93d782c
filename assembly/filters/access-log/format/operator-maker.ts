// How a command becomes an operator: by its row in operator-table.ts. What is wrong with it is
// `error`; the operator that comes back then is never used.
import {
  Bytes,
  NONE,
  at,
  equal,
  indexOf,
  lengthOf,
  owned,
  slice,
  startsWith,
  text,
  unpacked,
  toText,
  view,
} from "../../../lib/bytes";
import { JsonDocument, JsonKind } from "../../../lib/json/document";
import { ClaimPath } from "../../../lib/match/claim-path";
import { lowerCased } from "../../../lib/http/field";
import { isToken } from "../../../lib/http/field";
import { Writer, decimal } from "../../../lib/writer";
import { Piece } from "./command";
import { HeaderForm, HeaderName, HeaderOperator } from "./header-operators";
import { Operator } from "./operator";
import { Kind, LENGTH, PARAMS, PARAMS_OPTIONAL, operatorRow } from "./operator-table";
import {
  ClaimOperator,
  CoalesceOperator,
  ConstantOperator,
  EnvironmentOperator,
  TimeOperator,
  TraceOperator,
  nothing,
} from "./other-operators";
import { PropertyForm, PropertyOperator, UntypedProperty } from "./property-operators";
import { putParts } from "./property-path";
import { Action } from "../redact/redact-config";
import { Redaction } from "../redact/redaction";
import { ResultForm, ResultOperator } from "./result-operators";
import {
  PathOperator,
  PathSource,
  QueryParamOperator,
  QueryParamsOperator,
} from "./target-operators";
import { DEFAULT_FORMAT, TimeFormat } from "./time-format";
import { UniqueIdOperator } from "./unique-id";
import { partAt, spelled, wordAt, wordIndex } from "../words";

const COLON: u8 = 0x3a;
const QUESTION: u8 = 0x3f;
const DOT: u8 = 0x2e;
const UNDERSCORE: u8 = 0x5f;
const COALESCE_MAX = 16;
const COALESCE_BYTES_MAX = 16 * 1024;
const CLAIMS_STATE = text("wasm.gatehouse_claims");
const STATE_PREFIX = text("wasm.");
const STATE_PATH = text("filter_state\0");
/** Where Envoy's own filter leaves the claims of a token. */
const NATIVE_CLAIMS = text("envoy.filters.http.jwt_authn");
/** What METADATA(TYPE:…) names. */
const METADATA_TYPES = unpacked("DYNAMIC CLUSTER ROUTE UPSTREAM_HOST LISTENER VIRTUAL_HOST");
const METADATA_PATHS = unpacked(
  "metadata xds.cluster_metadata xds.route_metadata xds.upstream_host_metadata xds.listener_metadata xds.virtual_host_metadata",
);
const METADATA_STEP = text("\0filter_metadata\0");
/** What of a connection's address an operator is, behind the row's name. */
const ADDRESS_PARTS = text("ADDRESS ADDRESS_WITHOUT_PORT PORT");

/** Paths are put together here. */
const path = new Writer();


@final
export class OperatorMaker {
  /** What is wrong with the last command; empty when nothing is. */
  error: string = "";
  /** Some operator wants to know when the request began. */
  usesStart: bool = false;

  constructor(private redaction: Redaction) {}

  make(command: Piece): Operator {
    this.error = "";
    const row = operatorRow(command.name);
    if (row == NONE) return this.fail(command, "unknown operator " + nameOf(command));
    if (!this.takes(command, at(row, 0) - 0x30)) return nothing();
    return this.made(command, at(row, 1), slice(row, 3));
  }

  private fail(command: Piece, message: string): Operator {
    this.error = message + " (at byte " + decimal(command.offset) + ")";
    return nothing();
  }

  private refuse(command: Piece, message: string): Operator {
    return this.fail(command, nameOf(command) + " " + message);
  }

  /** Refuses what must not stand behind the name, or must. */
  private takes(command: Piece, syntax: i32): bool {
    if ((syntax & LENGTH) == 0 && command.length >= 0) this.refuse(command, "takes no length");
    if ((syntax & PARAMS) != 0 && lengthOf(command.arguments) == 0)
      this.refuse(command, "needs arguments");
    if ((syntax & (PARAMS | PARAMS_OPTIONAL)) == 0 && command.hasArguments)
      this.refuse(command, "takes no arguments");
    return this.error.length == 0;
  }

  /** `rest` is what the row has for the kind. */
  private made(command: Piece, kind: Kind, rest: Bytes): Operator {
    const redaction = this.redaction;
    const given = command.arguments;
    switch (kind) {
      case Kind.Property:
        return this.property(<PropertyForm>digitOf(rest), rest, false);
      case Kind.Address:
        return this.address(command, rest);
      case Kind.Header:
        return this.header(command, <HeaderForm>digitOf(rest), given);
      case Kind.FixedHeader:
        return this.header(command, HeaderForm.Request, rest);
      case Kind.Result:
        return new ResultOperator(<ResultForm>digitOf(rest));
      case Kind.GrpcStatus: {
        const form = this.choice(command, text("CAMEL_STRING SNAKE_STRING NUMBER"), given);
        return new ResultOperator(
          form == 2 ? ResultForm.GrpcNumber : <ResultForm>(ResultForm.GrpcCamel + form),
        );
      }
      case Kind.Details: {
        this.choice(command, text("ALLOW_WHITESPACES"), given);
        const form = lengthOf(given) > 0 ? PropertyForm.Text : PropertyForm.Word;
        return this.property(form, text("0response.code_details"), false);
      }
      case Kind.CommonDuration:
        return this.commonDuration(command);
      case Kind.StartTime:
      case Kind.EmitTime:
        return this.time(command, kind == Kind.StartTime);
      case Kind.Path:
        return this.path(command);
      case Kind.QueryParam:
        return new QueryParamOperator(owned(given), redaction, command.length);
      case Kind.QueryParams: {
        const form = this.choice(command, text("ORIG DECODED"), given);
        return new QueryParamsOperator(form == 1, redaction, command.length);
      }
      case Kind.Metadata:
        return this.metadata(command, digitOf(rest), given);
      case Kind.TypedMetadata: {
        const type = partAt(given, 0, COLON);
        return this.metadata(
          command,
          wordIndex(METADATA_TYPES, type),
          slice(given, lengthOf(type) + 1),
        );
      }
      case Kind.FilterState:
        return this.filterState(command);
      case Kind.Left:
        return new UntypedProperty(owned(rest), redaction, Action.Keep, -1);
      case Kind.Claim:
        return this.claim(command);
      case Kind.Coalesce:
        return this.coalesce(command);
      case Kind.Environment:
        return new EnvironmentOperator(owned(given), command.length);
      case Kind.TraceId:
      case Kind.SpanId:
        return new TraceOperator(kind == Kind.SpanId);
      case Kind.UniqueId:
        return new UniqueIdOperator();
      case Kind.Constant:
        return new ConstantOperator(rest);
      default:
        return this.impossible(command, rest);
    }
  }

  private impossible(command: Piece, reason: Bytes): Operator {
    const why = lengthOf(reason) == 0 ? "the host does not give it" : toText(reason);
    return this.refuse(command, "cannot be had in a Wasm filter: " + why);
  }

  /** Which of `words` is `given`; the first when nothing is. */
  private choice(command: Piece, words: Bytes, given: Bytes): i32 {
    const index = lengthOf(given) == 0 ? 0 : wordIndex(words, given);
    if (index < 0) this.refuse(command, "takes " + spelled(words, text(" or ")));
    return max(index, 0);
  }

  /** The path stands behind the row's digit. */
  private property(form: PropertyForm, row: Bytes, needsConnection: bool): Operator {
    path.reset();
    putParts(path, slice(row, 1), DOT);
    return new PropertyOperator(owned(path.view()), form, this.redaction, needsConnection);
  }

  private address(command: Piece, row: Bytes): Operator {
    const name = command.name;
    const asked = slice(name, indexOf(name, UNDERSCORE, indexOf(name, UNDERSCORE) + 1) + 1);
    const part = wordIndex(ADDRESS_PARTS, asked);
    if (part < 0) return this.impossible(command, 0);
    const form = part == 0 ? PropertyForm.Text : part == 1 ? PropertyForm.Host : PropertyForm.Port;
    return this.property(form, row, digitOf(row) == 1);
  }

  /** `X?Y`: a name and one alternative. */
  private header(command: Piece, form: HeaderForm, given: Bytes): Operator {
    let first: HeaderName | null = null;
    for (let i = 0; ; i++) {
      const part = partAt(given, i, QUESTION);
      if (part == NONE) break;
      if (i == 2) this.refuse(command, "takes one alternative");
      const text = lowerCased(owned(part));
      // A pseudo-header begins with a colon.
      const isPseudo = text.length > 0 && text[0] == COLON;
      if (!isToken(slice(view(text), isPseudo ? 1 : 0)))
        this.refuse(command, "needs a header name");
      const name = new HeaderName(text, this.redaction);
      if (first === null) first = name;
      else first.alternative = name;
    }
    return new HeaderOperator(form, first, command.length);
  }

  private path(command: Piece): Operator {
    const given = command.arguments;
    const shown = partAt(given, 0, COLON);
    const from = partAt(given, 1, COLON);
    const query = lengthOf(shown) == 0 ? 0 : wordIndex(text("WQ NQ"), shown);
    const source = from == NONE ? 2 : wordIndex(text("ORIG PATH ORIG_OR_PATH"), from);
    if (query < 0 || source < 0 || partAt(given, 2, COLON) != NONE) {
      return this.refuse(command, "takes WQ or NQ, then ORIG, PATH or ORIG_OR_PATH");
    }
    return new PathOperator(<PathSource>source, query == 0, this.redaction, command.length);
  }

  /** Only between the two time points that the host tells of: what the upstream took. */
  private commonDuration(command: Piece): Operator {
    const given = command.arguments;
    const unit = partAt(given, 2, COLON);
    const form = unit == NONE ? 0 : wordIndex(text("ms us ns"), unit);
    if (form < 0 || partAt(given, 1, COLON) == NONE || partAt(given, 3, COLON) != NONE) {
      return this.refuse(command, "takes two time points and ms, us or ns");
    }
    const points = unit == NONE ? given : slice(given, 0, lengthOf(given) - lengthOf(unit) - 1);
    if (!equal(points, text("US_TX_BEG:US_RX_END"))) {
      return this.refuse(
        command,
        "of `" + toText(points) + "` cannot be had in a Wasm filter; US_TX_BEG:US_RX_END can",
      );
    }
    return this.property(
      <PropertyForm>(PropertyForm.Millis + form),
      text("0response.backend_latency"),
      false,
    );
  }

  private time(command: Piece, atStart: bool): Operator {
    const given = command.arguments;
    const format = TimeFormat.compile(lengthOf(given) == 0 ? DEFAULT_FORMAT : given);
    if (format === null) return this.fail(command, nameOf(command) + ": " + TimeFormat.error);
    if (atStart) this.usesStart = true;
    return new TimeOperator(format, atStart);
  }

  /** Of the type numbered `type`, `namespace:key…`. */
  private metadata(command: Piece, type: i32, given: Bytes): Operator {
    if (type < 0)
      return this.refuse(command, "takes " + spelled(METADATA_TYPES, text(" or ")) + " first");
    if (indexOf(given, COLON) < 0) {
      return this.refuse(
        command,
        "needs a namespace and a key: the host gives no whole structures",
      );
    }
    path.reset();
    putParts(path, wordAt(METADATA_PATHS, type), DOT);
    path.bytes(METADATA_STEP);
    const space = partAt(given, 0, COLON);
    const isClaim = type == 0 && equal(space, NATIVE_CLAIMS);
    const start = path.length + lengthOf(space) + 1;
    putParts(path, given, COLON);
    const all = path.view();
    // `envoy.filters.http.jwt_authn:<where>:<claim>` is redacted like the claim of that name.
    const where = indexOf(all, 0, start);
    const claim = where < 0 ? slice(all, lengthOf(all)) : slice(all, where + 1);
    const action = isClaim ? this.redaction.ofClaim(claim) : Action.Keep;
    return new UntypedProperty(owned(all), this.redaction, action, command.length);
  }

  private filterState(command: Piece): Operator {
    const given = command.arguments;
    const key = partAt(given, 0, COLON);
    if (lengthOf(key) == 0 || !equal(slice(given, lengthOf(key)), text(":PLAIN"))) {
      return this.refuse(command, "needs `:PLAIN`: the host gives no other form");
    }
    if (equal(key, CLAIMS_STATE) && this.redaction.hasClaims) {
      return this.fail(
        command,
        "the whole of the claims cannot be redacted; expected `%CLAIM(name)%`",
      );
    }
    // The host knows what filters have left by their names alone, without the prefix.
    const isLeft = startsWith(key, STATE_PREFIX);
    path.reset();
    if (!isLeft) path.bytes(STATE_PATH);
    path.bytes(slice(key, isLeft ? lengthOf(STATE_PREFIX) : 0));
    return new UntypedProperty(owned(path.view()), this.redaction, Action.Keep, command.length);
  }

  private claim(command: Piece): Operator {
    const given = command.arguments;
    for (let i = 0; ; i++) {
      const step = partAt(given, i, DOT);
      if (step == NONE) break;
      if (lengthOf(step) == 0 || indexOf(step, 0) >= 0)
        return this.refuse(command, "needs a claim's name");
    }
    return new ClaimOperator(ClaimPath.ofText(given), this.redaction, command.length);
  }

  /**
   * `{"operators": ["PROTOCOL", {"command": "REQ", "param": ":AUTHORITY", "max_length": 10}]}`,
   * as Envoy has it.
   */
  private coalesce(command: Piece): Operator {
    const operators: Operator[] = [];
    const document = new JsonDocument();
    const isJson = document.parse(command.arguments, COALESCE_BYTES_MAX);
    const list = isJson ? document.find(0, text("operators")) : -1;
    if (
      !document.is(list, JsonKind.Array) ||
      document.size(list) == 0 ||
      document.size(list) > COALESCE_MAX
    ) {
      return this.refuse(command, 'needs {"operators": [...]} with 1 to 16 operators');
    }
    for (let node = document.first(list); node >= 0; node = document.after(node, list)) {
      const inner = innerCommand(document, node, command.offset);
      if (inner === null || equal(inner.name, command.name))
        return this.refuse(command, "has a bad operator");
      const made = this.make(inner);
      if (this.error.length > 0) return made;
      operators.push(made);
    }
    return new CoalesceOperator(operators, command.length);
  }
}

/** An item of COALESCE: a name, or an object with command, param and max_length. */
function innerCommand(document: JsonDocument, node: i32, offset: i32): Piece | null {
  const command = document.find(node, text("command"));
  const name = command < 0 ? node : command;
  if (!document.is(name, JsonKind.String)) return null;
  const piece = new Piece(document.text(name), NONE, offset);
  const param = document.find(node, text("param"));
  if (document.is(param, JsonKind.String)) {
    piece.hasArguments = true;
    piece.arguments = document.text(param);
  }
  const length = document.find(node, text("max_length"));
  if (document.is(length, JsonKind.Integer))
    piece.length = <i32>min<i64>(max<i64>(document.integer(length), 0), i32.MAX_VALUE);
  return piece;
}

function nameOf(command: Piece): string {
  return "`%" + toText(command.name) + "%`";
}

/** The digit that a row's argument begins with. */
function digitOf(rest: Bytes): i32 {
  return <i32>at(rest, 0) - 0x30;
}
