// Operators whose value is one property of the proxy: a text, an integer, a duration, an address or its port.
import { Bytes, NONE, at, indexOf, lastIndexOf, lengthOf, parseUnsigned, pointerOf, slice } from "../../../lib/bytes";
import { Scratch } from "../../../lib/http/scratch";
import { Operator, Value, truncated } from "./operator";
import { propertyPath } from "./property-path";
import { MISSING, RecordView } from "../record";
import { Action } from "../redact/redact-config";
import { Redaction } from "../redact/redaction";

const COLON: u8 = 0x3a;
const OPEN_BRACKET: u8 = 0x5b;
const CLOSE_BRACKET: u8 = 0x5d;
const UNDERSCORE: u8 = 0x5f;

/** A text; an empty one is absent. */
@final
export class TextProperty extends Operator {
  constructor(
    private path: Bytes,
    private redaction: Redaction,
    private length: i32,
    /** White space becomes "_", as Envoy does where a text must stay one word. */
    private joined: bool,
  ) {
    super();
  }

  ask(record: RecordView, value: Value): void {
    const found = record.property(this.path);
    if (found == NONE || lengthOf(found) == 0) return value.setAbsent();
    const clean = this.redaction.scrubbed(found);
    value.setText(truncated(this.joined ? withoutBlanks(clean) : clean, this.length));
  }
}

const word = new Scratch();

function withoutBlanks(source: Bytes): Bytes {
  let i = 0;
  while (i < lengthOf(source) && !isBlank(at(source, i))) i++;
  if (i == lengthOf(source)) return source;
  word.clear();
  for (i = 0; i < lengthOf(source); i++) {
    const byte = at(source, i);
    word.putByte(isBlank(byte) ? UNDERSCORE : byte);
  }
  return word.view();
}

/** `absl::ascii_isspace`. */
function isBlank(byte: u8): bool {
  return byte == 0x20 || (byte >= 0x09 && byte <= 0x0d);
}


@final
export class IntegerProperty extends Operator {
  constructor(
    private path: Bytes,
    /** What an absent one is; MISSING: absent. */
    private fallback: i64,
  ) {
    super();
  }

  ask(record: RecordView, value: Value): void {
    const found = record.integer(this.path);
    const shown = found == MISSING ? this.fallback : found;
    if (shown == MISSING) value.setAbsent();
    else value.setInteger(shown);
  }
}

/** A duration in whole units, cut off. */
@final
export class DurationProperty extends Operator {
  constructor(
    private path: Bytes,
    private unitNanos: i64,
  ) {
    super();
  }

  ask(record: RecordView, value: Value): void {
    const nanos = record.integer(this.path);
    if (nanos == MISSING) value.setAbsent();
    else value.setInteger(nanos / this.unitNanos);
  }
}

/** `10.0.0.1:80`, `[::1]:80` or a path without the port. */
@final
export class AddressProperty extends Operator {
  constructor(private path: Bytes) {
    super();
  }

  ask(record: RecordView, value: Value): void {
    const address = record.property(this.path);
    value.setText(address == NONE || lengthOf(address) == 0 ? NONE : withoutPort(address));
  }
}


@final
export class PortProperty extends Operator {
  constructor(private path: Bytes) {
    super();
  }

  ask(record: RecordView, value: Value): void {
    const address = record.property(this.path);
    const port = address == NONE ? -1 : parseUnsigned(slice(address, portStart(address)));
    if (port < 0) value.setAbsent();
    else value.setInteger(port);
  }
}

/** An address of the internet has a port behind its last colon; others (a Unix socket's path) have none. */
function portStart(address: Bytes): i32 {
  const colon = lastIndexOf(address, COLON);
  return colon < 0 || indexOf(address, 0x2f) >= 0 ? lengthOf(address) : colon + 1;
}

function withoutPort(address: Bytes): Bytes {
  const start = portStart(address);
  if (start == lengthOf(address)) return address;
  const host = slice(address, 0, start - 1);
  const isBracketed = lengthOf(host) > 1 && at(host, 0) == OPEN_BRACKET;
  return isBracketed && at(host, lengthOf(host) - 1) == CLOSE_BRACKET ? slice(host, 1, lengthOf(host) - 1) : host;
}

const UPSTREAM_LOCAL_ADDRESS = propertyPath("upstream.local_address");

/** Absent unless there was a connection to the upstream. */
@final
export class ConnectedOperator extends Operator {
  constructor(private inner: Operator) {
    super();
  }

  ask(record: RecordView, value: Value): void {
    if (record.property(UPSTREAM_LOCAL_ADDRESS) == NONE) value.setAbsent();
    else this.inner.ask(record, value);
  }
}

/**
 * A value of metadata or filter state. The host loses its type: what is printable is a text, else eight bytes are a
 * double and one byte is a boolean; a structure cannot be told and is absent.
 */
@final
export class UntypedProperty extends Operator {
  constructor(
    private path: Bytes,
    private redaction: Redaction,
    /** Of the whole value. */
    private action: Action,
    private length: i32,
  ) {
    super();
  }

  ask(record: RecordView, value: Value): void {
    const found = record.property(this.path);
    if (found == NONE) return value.setAbsent();
    if (this.action != Action.Keep)
      return value.setText(truncated(this.redaction.replacement(this.action, found), this.length));
    if (isPrintable(found)) return value.setText(truncated(this.redaction.plain(found), this.length));
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
