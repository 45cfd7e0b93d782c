// How a command becomes an operator. A group of operators is a method: it answers with null for a name it does not know,
// and with `refuse` when the arguments are wrong.
import { Bytes, indexOf, lengthOf, owned, slice, toText, utf8, view } from "../../../lib/bytes";
import { JsonDocument, JsonKind } from "../../../lib/json/document";
import { ClaimPath } from "../../../lib/match/claim-path";
import { lowerCased } from "../../../lib/match/match";
import { Piece, indexIn, splitAt } from "./command";
import {
  HeaderBytesOperator,
  HeaderDigestOperator,
  HeaderName,
  HeaderOperator,
  HeaderSource,
  WithoutQueryOperator,
} from "./header-operators";
import { whyImpossible } from "./impossible";
import { isFieldName } from "../names";
import { Operator } from "./operator";
import { FORMS, METADATA_PATHS, METADATA_TYPES, PropertyForm, propertyOf } from "./operator-table";
import {
  ClaimOperator,
  CoalesceOperator,
  ConstantOperator,
  EnvironmentOperator,
  TraceOperator,
  nothing,
} from "./other-operators";
import {
  AddressProperty,
  ConnectedOperator,
  DurationProperty,
  IntegerProperty,
  PortProperty,
  TextProperty,
  UntypedProperty,
} from "./property-operators";
import { pathOfParts, propertyPath } from "./property-path";
import { MISSING } from "../record";
import { Action } from "../redact/redact-config";
import { Redaction } from "../redact/redaction";
import {
  BytesReceivedOperator,
  CodeOperator,
  DurationOperator,
  FlagsOperator,
  GrpcForm,
  GrpcStatusOperator,
} from "./result-operators";
import { PathOperator, PathSource, QueryParamOperator, QueryParamsOperator } from "./target-operators";
import { DEFAULT_FORMAT, TimeFormat } from "./time-format";
import { EmitTimeOperator, StartTimeOperator } from "./time-operators";
import { UniqueIdOperator } from "./unique-id";

const MILLI: i64 = 1_000_000;
const COLON: u8 = 0x3a;
const QUESTION: u8 = 0x3f;
const COALESCE_MAX = 16;
const COALESCE_BYTES_MAX = 16 * 1024;
const CLAIMS_STATE = "wasm.gatehouse_claims";
/** Where Envoy's own filter leaves the claims of a token. */
const NATIVE_CLAIMS = "envoy.filters.http.jwt_authn";

/** What may stand behind an operator's name, as bits. */
const BARE = 0;
const PARAMS = 1;
const PARAMS_OPTIONAL = 2;
const LENGTH = 4;


@final
export class OperatorMaker {
  /** What is wrong with the last command; empty when nothing is. */
  error: string = "";
  /** Some operator wants to know when the request began. */
  usesStart: bool = false;

  constructor(private redaction: Redaction) {}

  make(command: Piece): Operator {
    this.error = "";
    let made: Operator | null = this.ofHeaders(command);
    if (made === null) made = this.ofTarget(command);
    if (made === null) made = this.ofResult(command);
    if (made === null) made = this.ofTime(command);
    if (made === null) made = this.ofProperty(command);
    if (made === null) made = this.ofState(command);
    if (made === null) made = this.ofOthers(command);
    if (made !== null) return made;
    const reason = whyImpossible(command.name);
    return this.refuse(
      reason.length > 0
        ? "`%" + command.name + "%` cannot be had in a Wasm filter: " + reason
        : "unknown operator `%" + command.name + "%`",
      command,
    );
  }

  private refuse(message: string, command: Piece): Operator {
    if (this.error.length == 0) this.error = message + " (at byte " + command.offset.toString() + ")";
    return nothing();
  }

  /** Refuses what must not stand behind the name, or must. */
  private takes(command: Piece, syntax: i32): bool {
    const name = "`%" + command.name + "%` ";
    if ((syntax & (PARAMS | PARAMS_OPTIONAL)) == 0 && command.hasArguments)
      this.refuse(name + "takes no arguments", command);
    if ((syntax & PARAMS) != 0 && command.arguments.length == 0) this.refuse(name + "needs arguments", command);
    if ((syntax & LENGTH) == 0 && command.length >= 0) this.refuse(name + "takes no length", command);
    return this.error.length == 0;
  }

  private ofHeaders(command: Piece): Operator | null {
    const name = command.name;
    if (name == "REQ" || name == "REQUEST_HEADER") return this.header(command, HeaderSource.Request);
    if (name == "RESP" || name == "RESPONSE_HEADER") return this.header(command, HeaderSource.Response);
    if (name == "TRAILER" || name == "RESPONSE_TRAILER") return this.header(command, HeaderSource.Trailers);
    if (name == "REQ_SHA256" || name == "REQUEST_HEADER_SHA256") {
      return new HeaderDigestOperator(this.headerNames(command), command.length);
    }
    if (name == "REQ_WITHOUT_QUERY") return new WithoutQueryOperator(this.headerNames(command), command.length);
    const bytes =
      name == "REQUEST_HEADERS_BYTES"
        ? 0
        : name == "RESPONSE_HEADERS_BYTES"
          ? 1
          : name == "RESPONSE_TRAILERS_BYTES"
            ? 2
            : -1;
    if (bytes < 0) return null;
    this.takes(command, BARE);
    return new HeaderBytesOperator(<HeaderSource>bytes);
  }

  private header(command: Piece, source: HeaderSource): Operator {
    return new HeaderOperator(source, this.headerNames(command), command.length);
  }

  /** `X?Y`: a name and one alternative. */
  private headerNames(command: Piece): HeaderName[] {
    const names: HeaderName[] = [];
    if (!this.takes(command, PARAMS | LENGTH)) return names;
    const parts = splitAt(view(command.arguments), QUESTION);
    if (parts.length > 2) this.refuse("`%" + command.name + "%` takes one alternative", command);
    for (let i = 0; i < parts.length; i++) {
      const name = headerName(parts[i]);
      if (name.length == 0) this.refuse("`%" + command.name + "%` needs a header name", command);
      names.push(new HeaderName(name, this.redaction));
    }
    return names;
  }

  private ofTarget(command: Piece): Operator | null {
    const name = command.name;
    const redaction = this.redaction;
    if (name == "QUERY_PARAM") {
      this.takes(command, PARAMS | LENGTH);
      return new QueryParamOperator(command.arguments, redaction, command.length);
    }
    if (name == "QUERY_PARAMS") {
      this.takes(command, PARAMS_OPTIONAL | LENGTH);
      const form = command.arguments.length == 0 ? 0 : indexIn(["ORIG", "DECODED"], view(command.arguments));
      if (form < 0) return this.refuse("`%QUERY_PARAMS%` takes ORIG or DECODED", command);
      return new QueryParamsOperator(form == 1, redaction, command.length);
    }
    if (name != "PATH") return null;
    this.takes(command, PARAMS_OPTIONAL | LENGTH);
    const parts = splitAt(view(command.arguments), COLON);
    const query = lengthOf(parts[0]) == 0 ? 0 : indexIn(["WQ", "NQ"], parts[0]);
    const source = parts.length < 2 ? 2 : indexIn(["ORIG", "PATH", "ORIG_OR_PATH"], parts[1]);
    if (query < 0 || source < 0 || parts.length > 2) {
      return this.refuse("`%PATH%` takes WQ or NQ, then ORIG, PATH or ORIG_OR_PATH", command);
    }
    return new PathOperator(<PathSource>source, query == 0, redaction, command.length);
  }

  private ofResult(command: Piece): Operator | null {
    const name = command.name;
    if (name == "RESPONSE_CODE_DETAILS") return this.details(command);
    if (name == "GRPC_STATUS") return this.grpcStatus(command);
    if (name == "COMMON_DURATION") return this.commonDuration(command);
    let made: Operator | null = null;
    if (name == "RESPONSE_CODE") made = new CodeOperator();
    else if (name == "DURATION") made = new DurationOperator();
    else if (name == "BYTES_RECEIVED") made = new BytesReceivedOperator();
    else if (name == "RESPONSE_FLAGS") made = new FlagsOperator(false);
    else if (name == "RESPONSE_FLAGS_LONG") made = new FlagsOperator(true);
    else if (name == "GRPC_STATUS_NUMBER") made = new GrpcStatusOperator(GrpcForm.Number);
    if (made !== null) this.takes(command, BARE);
    return made;
  }

  private details(command: Piece): Operator {
    this.takes(command, PARAMS_OPTIONAL);
    const keeps = command.arguments.length > 0;
    if (keeps && indexIn(["ALLOW_WHITESPACES"], view(command.arguments)) < 0) {
      return this.refuse("`%RESPONSE_CODE_DETAILS%` takes ALLOW_WHITESPACES", command);
    }
    return new TextProperty(propertyPath("response.code_details"), this.redaction, -1, !keeps);
  }

  private grpcStatus(command: Piece): Operator {
    this.takes(command, PARAMS_OPTIONAL);
    const forms = ["CAMEL_STRING", "SNAKE_STRING", "NUMBER"];
    const form = command.arguments.length == 0 ? 0 : indexIn(forms, view(command.arguments));
    if (form < 0) return this.refuse("`%GRPC_STATUS%` takes CAMEL_STRING, SNAKE_STRING or NUMBER", command);
    return new GrpcStatusOperator(<GrpcForm>form);
  }

  /** Only between the two time points that the host tells of: what the upstream took. */
  private commonDuration(command: Piece): Operator {
    if (!this.takes(command, PARAMS)) return nothing();
    const parts = splitAt(view(command.arguments), COLON);
    const unit = parts.length < 3 ? 0 : indexIn(["ms", "us", "ns"], parts[2]);
    if (parts.length < 2 || parts.length > 3 || unit < 0) {
      return this.refuse("`%COMMON_DURATION%` takes two time points and ms, us or ns", command);
    }
    const between = toText(parts[0]) + ":" + toText(parts[1]);
    if (between != "US_TX_BEG:US_RX_END") {
      return this.refuse(
        "`%COMMON_DURATION%` of `" + between + "` cannot be had in a Wasm filter; US_TX_BEG:US_RX_END can",
        command,
      );
    }
    const unitNanos: i64 = unit == 0 ? MILLI : unit == 1 ? 1_000 : 1;
    return new DurationProperty(propertyPath("response.backend_latency"), unitNanos);
  }

  private ofTime(command: Piece): Operator | null {
    const isStart = command.name == "START_TIME";
    if (!isStart && command.name != "EMIT_TIME") return null;
    this.takes(command, PARAMS_OPTIONAL);
    const given = command.arguments;
    const format = TimeFormat.compile(given.length == 0 ? view(utf8(DEFAULT_FORMAT)) : view(given));
    if (format === null) return this.refuse("`%" + command.name + "%`: " + TimeFormat.error, command);
    if (isStart) this.usesStart = true;
    if (isStart) return new StartTimeOperator(format);
    return new EmitTimeOperator(format);
  }

  private ofProperty(command: Piece): Operator | null {
    const row = propertyOf(command.name);
    if (row.length == 0) return null;
    this.takes(command, BARE);
    const path = propertyPath(row.substring(2));
    const form = <PropertyForm>FORMS.indexOf(row.charAt(0));
    const made = this.property(path, form);
    // The host has the address of a host that was chosen; Envoy's operator that of a connection.
    return command.name.startsWith("UPSTREAM_REMOTE_") ? new ConnectedOperator(made) : made;
  }

  private property(path: Bytes, form: PropertyForm): Operator {
    switch (form) {
      case PropertyForm.Integer:
        return new IntegerProperty(path, MISSING);
      case PropertyForm.Count:
        return new IntegerProperty(path, 0);
      case PropertyForm.Millis:
        return new DurationProperty(path, MILLI);
      case PropertyForm.Address:
        return new AddressProperty(path);
      case PropertyForm.Port:
        return new PortProperty(path);
      default:
        return new TextProperty(path, this.redaction, -1, form == PropertyForm.Word);
    }
  }

  private ofState(command: Piece): Operator | null {
    if (command.name == "FILTER_STATE") return this.filterState(command);
    const isTyped = command.name == "METADATA";
    const type = isTyped
      ? 0
      : indexIn(["DYNAMIC_METADATA", "CLUSTER_METADATA", "", "UPSTREAM_METADATA"], view(utf8(command.name)));
    if (type < 0) return null;
    if (!this.takes(command, PARAMS | LENGTH)) return nothing();
    const parts = splitAt(view(command.arguments), COLON);
    const first = isTyped ? 1 : 0;
    const kind = isTyped ? indexIn(METADATA_TYPES, parts[0]) : type;
    if (kind < 0) return this.refuse("`%METADATA%` takes " + METADATA_TYPES.join(", ") + " first", command);
    if (parts.length < first + 2) {
      return this.refuse(
        "`%" + command.name + "%` needs a namespace and a key: the host gives no whole structures",
        command,
      );
    }
    const path = METADATA_PATHS[kind].split(".");
    path.push("filter_metadata");
    for (let i = first; i < parts.length; i++) path.push(toText(parts[i]));
    if (kind == 0 && toText(parts[first]) == NATIVE_CLAIMS) return this.nativeClaim(command, parts.slice(first), path);
    return new UntypedProperty(pathOfParts(path), this.redaction, Action.Keep, command.length);
  }

  /** `envoy.filters.http.jwt_authn:<where>:<claim>`: redacted like the claim of that name. */
  private nativeClaim(command: Piece, parts: Bytes[], path: string[]): Operator {
    const steps: string[] = [];
    for (let i = 2; i < parts.length; i++) steps.push(toText(parts[i]));
    const action = this.redaction.ofClaim(pathOfParts(steps));
    return new UntypedProperty(pathOfParts(path), this.redaction, action, command.length);
  }

  private filterState(command: Piece): Operator {
    if (!this.takes(command, PARAMS | LENGTH)) return nothing();
    const parts = splitAt(view(command.arguments), COLON);
    const form = parts.length < 2 ? "TYPED" : toText(parts[1]);
    const key = toText(parts[0]);
    if (form != "PLAIN" || parts.length > 2 || key.length == 0) {
      return this.refuse("`%FILTER_STATE%` needs `:PLAIN`: the host gives no other form", command);
    }
    if (key == CLAIMS_STATE && this.redaction.hasClaims) {
      return this.refuse("the whole of the claims cannot be redacted; expected `%CLAIM(name)%`", command);
    }
    // The host knows what filters have left by their names alone, without the prefix.
    const path = key.startsWith("wasm.") ? [key.substring(5)] : ["filter_state", key];
    return new UntypedProperty(pathOfParts(path), this.redaction, Action.Keep, command.length);
  }

  private ofOthers(command: Piece): Operator | null {
    const name = command.name;
    if (name == "CLAIM") return this.claim(command);
    if (name == "COALESCE") return this.coalesce(command);
    if (name == "ENVIRONMENT") {
      this.takes(command, PARAMS | LENGTH);
      return new EnvironmentOperator(command.arguments, command.length);
    }
    if (name == "VARIANT" || name == "LIMIT" || name == "REASON") {
      this.takes(command, BARE);
      return new UntypedProperty(
        pathOfParts([toText(view(lowerCased(utf8("GATEHOUSE_" + name))))]),
        this.redaction,
        Action.Keep,
        -1,
      );
    }
    let made: Operator | null = null;
    if (name == "TRACE_ID") made = new TraceOperator(false);
    else if (name == "SPAN_ID") made = new TraceOperator(true);
    else if (name == "UNIQUE_ID") made = new UniqueIdOperator();
    else if (name == "STREAM_ID") made = new HeaderOperator(HeaderSource.Request, [this.requestId()], -1);
    else if (name == "ACCESS_LOG_TYPE") made = new ConstantOperator(utf8("DownstreamEnd"));
    if (made !== null) this.takes(command, BARE);
    return made;
  }

  private requestId(): HeaderName {
    return new HeaderName(utf8("x-request-id"), this.redaction);
  }

  private claim(command: Piece): Operator {
    if (!this.takes(command, PARAMS | LENGTH)) return nothing();
    const steps = splitAt(view(command.arguments), 0x2e);
    for (let i = 0; i < steps.length; i++) {
      if (lengthOf(steps[i]) == 0 || indexOf(steps[i], 0) >= 0)
        return this.refuse("`%CLAIM%` needs a claim's name", command);
    }
    return new ClaimOperator(ClaimPath.ofText(view(command.arguments)), this.redaction, command.length);
  }

  /** `{"operators": ["PROTOCOL", {"command": "REQ", "param": ":AUTHORITY", "max_length": 10}]}`, as Envoy has it. */
  private coalesce(command: Piece): Operator {
    const operators: Operator[] = [];
    if (!this.takes(command, PARAMS | LENGTH)) return nothing();
    const document = new JsonDocument();
    document.owner = command.arguments;
    const isJson = document.parse(view(command.arguments), COALESCE_BYTES_MAX);
    const list = isJson ? document.find(0, view(utf8("operators"))) : -1;
    if (!document.is(list, JsonKind.Array) || document.size(list) == 0 || document.size(list) > COALESCE_MAX) {
      return this.refuse('`%COALESCE%` needs {"operators": [...]} with 1 to 16 operators', command);
    }
    for (let node = document.first(list); node >= 0; node = document.after(node, list)) {
      const inner = innerCommand(document, node, command.offset);
      if (inner === null || inner.name == "COALESCE") return this.refuse("`%COALESCE%` has a bad operator", command);
      const made = this.make(inner);
      if (this.error.length > 0) return made;
      operators.push(made);
    }
    return new CoalesceOperator(operators, command.length);
  }
}

/** An item of COALESCE: a name, or an object with command, param and max_length. */
function innerCommand(document: JsonDocument, node: i32, offset: i32): Piece | null {
  const piece = new Piece();
  piece.offset = offset;
  const isObject = document.is(node, JsonKind.Object);
  const name = isObject ? document.find(node, view(utf8("command"))) : node;
  if (!document.is(name, JsonKind.String)) return null;
  piece.name = toText(document.text(name));
  const param = isObject ? document.find(node, view(utf8("param"))) : -1;
  if (document.is(param, JsonKind.String)) {
    piece.hasArguments = true;
    piece.arguments = owned(document.text(param));
  }
  const length = isObject ? document.find(node, view(utf8("max_length"))) : -1;
  if (document.is(length, JsonKind.Integer))
    piece.length = <i32>min<i64>(max<i64>(document.integer(length), 0), i32.MAX_VALUE);
  return piece;
}

/** A header's name in lower case; empty when it is none. A pseudo-header begins with a colon. */
function headerName(given: Bytes): StaticArray<u8> {
  const name = lowerCased(owned(given));
  const isPseudo = name.length > 0 && name[0] == COLON;
  const rest = isPseudo ? owned(slice(view(name), 1)) : name;
  return isFieldName(rest) || (!isPseudo && toText(view(name)) == "host") ? name : new StaticArray<u8>(0);
}
