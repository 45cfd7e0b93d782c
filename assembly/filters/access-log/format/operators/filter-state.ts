// %FILTER_STATE(key:PLAIN)%.
import {
  Bytes,
  equal,
  lengthOf,
  owned,
  path,
  slice,
  startsWith,
  text,
} from "../../../../lib/bytes";
import { Result, success } from "../../../../lib/result";
import { Writer } from "../../../../lib/writer";
import { Action } from "../../redact/action";
import { Piece } from "../command";
import { Operator } from "./operator";
import { Arguments, Length, OperatorMaker, OperatorRow, partAt, refused, refusedWith } from "./row";
import { UntypedProperty } from "./untyped-property";

const COLON: u8 = 0x3a;
const PLAIN = text(":PLAIN");
const CLAIMS = text("wasm.gatehouse_claims");
/** The host knows what Wasm filters have left by their names alone, without this prefix. */
const WASM_PREFIX = text("wasm.");
const FILTER_STATE = path("filter_state.");


@final
export class FilterStateRow extends OperatorRow {
  constructor(name: Bytes) {
    super(name, Arguments.Required, Length.Optional);
  }

  make(command: Piece, maker: OperatorMaker): Result<Operator> {
    const given = command.arguments;
    const key = partAt(given, 0, COLON);
    if (lengthOf(key) == 0 || !equal(slice(given, lengthOf(key)), PLAIN)) {
      return refused(command, "needs `:PLAIN`: the host gives no other form");
    }
    const redaction = maker.redaction;
    if (equal(key, CLAIMS) && redaction.hasClaims) {
      const problem = "the whole of the claims cannot be redacted; expected `%CLAIM(name)%`";
      return refusedWith(command, problem);
    }
    const property = propertyOf(key);
    return success<Operator>(new UntypedProperty(property, redaction, Action.Keep, command.length));
  }
}

function propertyOf(key: Bytes): StaticArray<u8> {
  if (startsWith(key, WASM_PREFIX)) return owned(slice(key, lengthOf(WASM_PREFIX)));
  const property = new Writer();
  property.bytes(FILTER_STATE);
  property.bytes(key);
  return owned(property.view());
}
