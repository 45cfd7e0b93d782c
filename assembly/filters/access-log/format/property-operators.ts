// Operators whose value is one property of the proxy.
import {
  Bytes,
  NONE,
  at,
  indexOf,
  lastIndexOf,
  lengthOf,
  parseUnsigned,
  path,
  pointerOf,
  slice,
  view,
} from "../../../lib/bytes";
import { Operator, Value, answer, truncated } from "./operator";
import { MISSING, RecordView } from "../record";
import { Action } from "../redact/redact-config";
import { Redaction, Shape } from "../redact/redaction";

const COLON: u8 = 0x3a;
const OPEN_BRACKET: u8 = 0x5b;
const CLOSE_BRACKET: u8 = 0x5d;
const UNDERSCORE: u8 = 0x5f;

/** How the property becomes a value. Numbers stand in the rows of operator-table.ts. */
export const enum PropertyForm {
  /** An empty one is absent. */
  Text = 0,
  /** White space becomes "_", as Envoy does where a text must stay one word. */
  Word = 1,
  Integer = 2,
  /** An integer that is 0 when absent. */
  Count = 3,
  /** A duration in whole units, cut off. */
  Millis = 4,
  Micros = 5,
  Nanos = 6,
  /** `10.0.0.1:80`, `[::1]:80` or a path without the port. */
  Host = 7,
  Port = 8,
}

const UPSTREAM_LOCAL_ADDRESS = path("upstream.local_address");


@final
export class PropertyOperator extends Operator {
  constructor(
    private path: StaticArray<u8>,
    private form: PropertyForm,
    private redaction: Redaction,
    /** Absent unless there was a connection to the upstream. */
    private needsConnection: bool,
  ) {
    super();
  }

  ask(record: RecordView, value: Value): void {
    value.setAbsent();
    if (this.needsConnection && record.property(UPSTREAM_LOCAL_ADDRESS) == NONE) return;
    if (this.form >= PropertyForm.Integer && this.form <= PropertyForm.Nanos) {
      return value.setKnown(this.number(record.integer(view(this.path))));
    }
    const found = record.property(view(this.path));
    if (found == NONE || lengthOf(found) == 0) return;
    if (this.form == PropertyForm.Port)
      value.setKnown(parseUnsigned(slice(found, portStart(found))));
    else value.setText(this.form == PropertyForm.Host ? withoutPort(found) : this.text(found));
  }

  private text(found: Bytes): Bytes {
    const clean = this.redaction.scrubbed(found);
    return this.form == PropertyForm.Word ? withoutBlanks(clean) : clean;
  }

  private number(found: i64): i64 {
    if (found == MISSING) return this.form == PropertyForm.Count ? 0 : MISSING;
    return this.form == PropertyForm.Millis
      ? found / 1_000_000
      : this.form == PropertyForm.Micros
        ? found / 1_000
        : found;
  }
}

function withoutBlanks(source: Bytes): Bytes {
  let i = 0;
  while (i < lengthOf(source) && !isBlank(at(source, i))) i++;
  if (i == lengthOf(source)) return source;
  answer.reset();
  for (i = 0; i < lengthOf(source); i++) {
    const byte = at(source, i);
    answer.byte(isBlank(byte) ? UNDERSCORE : byte);
  }
  return answer.view();
}

/** `absl::ascii_isspace`. */
function isBlank(byte: u8): bool {
  return byte == 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

/**
 * An address of the internet has a port behind its last colon; others (a Unix socket's path) have
 * none.
 */
function portStart(address: Bytes): i32 {
  const colon = lastIndexOf(address, COLON);
  return colon < 0 || indexOf(address, 0x2f) >= 0 ? lengthOf(address) : colon + 1;
}

function withoutPort(address: Bytes): Bytes {
  const start = portStart(address);
  if (start == lengthOf(address)) return address;
  const host = slice(address, 0, start - 1);
  const isBracketed = lengthOf(host) > 1 && at(host, 0) == OPEN_BRACKET;
  return isBracketed && at(host, lengthOf(host) - 1) == CLOSE_BRACKET
    ? slice(host, 1, lengthOf(host) - 1)
    : host;
}

/**
 * A value of metadata or filter state. The host loses its type: what is printable is a text, else
 * eight bytes are a double and one byte is a boolean; a structure cannot be told and is absent.
 */
@final
export class UntypedProperty extends Operator {
  constructor(
    private path: StaticArray<u8>,
    private redaction: Redaction,
    /** Of the whole value. */
    private action: Action,
    private length: i32,
  ) {
    super();
  }

  ask(record: RecordView, value: Value): void {
    const found = record.property(view(this.path));
    if (found == NONE) return value.setAbsent();
    if (this.action != Action.Keep || isPrintable(found)) {
      return value.setText(
        truncated(this.redaction.header(this.action, Shape.Plain, found), this.length),
      );
    }
    if (lengthOf(found) == 1) return value.setBoolean(load<u8>(pointerOf(found)) != 0);
    const double = lengthOf(found) == 8 ? load<f64>(pointerOf(found)) : NaN;
    if (double == Math.floor(double) && Math.abs(double) < 9e15) value.setInteger(<i64>double);
    else value.setAbsent();
  }
}

function isPrintable(text: Bytes): bool {
  for (let i = 0; i < lengthOf(text); i++) {
    const byte = at(text, i);
    if (byte < 0x20 && byte != 0x09 && byte != 0x0a && byte != 0x0d) return false;
  }
  return true;
}
