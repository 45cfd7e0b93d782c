// Operators whose value is one property of the proxy with a known type.
import {
  Bytes,
  NONE,
  at,
  equal,
  indexOf,
  lastIndexOf,
  lengthOf,
  parseUnsigned,
  path,
  slice,
  text,
} from "../../../../lib/bytes";
import { Result, success } from "../../../../lib/result";
import { MISSING, RecordView } from "../../record";
import { Redaction } from "../../redact/redaction";
import { Piece } from "../command";
import { Operator, Value, operatorText } from "./operator";
import { Arguments, OperatorMaker, OperatorRow, refused } from "./row";

const COLON: u8 = 0x3a;
const SLASH: u8 = 0x2f;
const OPEN_BRACKET: u8 = 0x5b;
const CLOSE_BRACKET: u8 = 0x5d;
const UNDERSCORE: u8 = 0x5f;

/** How the property becomes a value. */
export const enum PropertyForm {
  /** An empty one is absent. */
  Text,
  /** White space becomes "_", as Envoy does where a text must stay one word. */
  Word,
  Integer,
  /** An integer that is 0 when absent. */
  Count,
  /** A duration in whole units, cut off. */
  Millis,
  Micros,
  Nanos,
  /** `10.0.0.1:80`, `[::1]:80` or a path without the port. */
  Host,
  Port,
}

/** Whether the host tells the property only of a connection that was made. */
export const enum Needs {
  Nothing,
  /**
   * The host has the address of any upstream host that was chosen, also of one that was never
   * connected to. Envoy's own operator is absent then.
   */
  UpstreamConnection,
}

const UPSTREAM_LOCAL_ADDRESS = path("upstream.local_address");


@final
export class PropertyOperator extends Operator {
  constructor(
    private path: Bytes,
    private form: PropertyForm,
    private redaction: Redaction,
    private needs: Needs,
  ) {
    super();
  }

  evaluate(record: RecordView, value: Value): void {
    value.setAbsent();
    if (this.needs == Needs.UpstreamConnection && record.property(UPSTREAM_LOCAL_ADDRESS) == NONE) {
      return;
    }
    if (this.form >= PropertyForm.Integer && this.form <= PropertyForm.Nanos) {
      return value.setKnown(this.number(record.integer(this.path)));
    }
    const found = record.property(this.path);
    if (found == NONE || lengthOf(found) == 0) return;
    if (this.form == PropertyForm.Port) {
      value.setKnown(parseUnsigned(slice(found, portStart(found))));
    } else {
      value.setText(this.form == PropertyForm.Host ? withoutPort(found) : this.text(found));
    }
  }

  private text(found: Bytes): Bytes {
    const clean = this.redaction.scrubbed(found);
    return this.form == PropertyForm.Word ? withoutBlanks(clean) : clean;
  }

  private number(found: i64): i64 {
    if (found == MISSING) return this.form == PropertyForm.Count ? 0 : MISSING;
    if (this.form == PropertyForm.Millis) return found / 1_000_000;
    return this.form == PropertyForm.Micros ? found / 1_000 : found;
  }
}


@final
export class PropertyRow extends OperatorRow {
  /** `path` is a constant of the module. */
  constructor(
    name: Bytes,
    private form: PropertyForm,
    private path: Bytes,
    private needs: Needs = Needs.Nothing,
  ) {
    super(name);
  }

  make(command: Piece, maker: OperatorMaker): Result<Operator> {
    const redaction = maker.redaction;
    return success<Operator>(new PropertyOperator(this.path, this.form, redaction, this.needs));
  }
}

const DETAILS = path("response.code_details");
const ALLOW_WHITESPACES = text("ALLOW_WHITESPACES");

/** %RESPONSE_CODE_DETAILS(ALLOW_WHITESPACES)%. */
@final
export class DetailsRow extends OperatorRow {
  constructor(name: Bytes) {
    super(name, Arguments.Optional);
  }

  make(command: Piece, maker: OperatorMaker): Result<Operator> {
    const given = command.arguments;
    const isWord = lengthOf(given) == 0;
    if (!isWord && !equal(given, ALLOW_WHITESPACES)) {
      return refused(command, "takes ALLOW_WHITESPACES");
    }
    const form = isWord ? PropertyForm.Word : PropertyForm.Text;
    return success<Operator>(new PropertyOperator(DETAILS, form, maker.redaction, Needs.Nothing));
  }
}

function withoutBlanks(source: Bytes): Bytes {
  let i = 0;
  while (i < lengthOf(source) && !isBlank(at(source, i))) i++;
  if (i == lengthOf(source)) return source;
  operatorText.reset();
  for (i = 0; i < lengthOf(source); i++) {
    const byte = at(source, i);
    operatorText.byte(isBlank(byte) ? UNDERSCORE : byte);
  }
  return operatorText.view();
}

/** `absl::ascii_isspace`. */
function isBlank(byte: u8): bool {
  return byte == 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

/** An internet address has its port behind the last colon; a Unix socket's path has none. */
function portStart(address: Bytes): i32 {
  const colon = lastIndexOf(address, COLON);
  return colon < 0 || indexOf(address, SLASH) >= 0 ? lengthOf(address) : colon + 1;
}

function withoutPort(address: Bytes): Bytes {
  const start = portStart(address);
  if (start == lengthOf(address)) return address;
  const host = slice(address, 0, start - 1);
  const last = lengthOf(host) - 1;
  if (last < 1 || at(host, 0) != OPEN_BRACKET || at(host, last) != CLOSE_BRACKET) return host;
  return slice(host, 1, last);
}
