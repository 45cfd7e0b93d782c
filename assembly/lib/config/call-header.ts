// Headers of a filter's own calls, such as a key: `value`, or `valueFromEnv` with the name of a
// variable of the virtual machine (`vmConfig.env`).
import { Bytes, EMPTY, NONE, at as byteAt, equal, lengthOf, owned, text, view } from "../bytes";
import { isFieldValue, isToken, isWord, lowerCased } from "../http/field";
import { decimal } from "../writer";
import { Cursor } from "./reader";

const HOST = text("host");
const UNDERSCORE = text("_");


@final
export class CallHeader {
  constructor(
    /** In lower case. */
    readonly name: StaticArray<u8>,
    /** Of a variable: empty until `use`. */
    public value: StaticArray<u8>,
    /** The variable that holds the value; empty when it stands in the settings. */
    readonly variable: StaticArray<u8>,
  ) {}

  /** Takes the variable's value; what is wrong with it, or nothing. The value is never shown. */
  use(value: Bytes): string {
    this.value = owned(value == NONE ? EMPTY : value);
    if (this.value.length == 0) return "the variable is missing or empty";
    return isFieldValue(view(this.value)) ? "" : "the variable has control characters in it";
  }
}

/** The list `name` of headers, at most `countMax`. */
export function readCallHeaders(parent: Cursor, name: string, countMax: i32): CallHeader[] {
  const items = parent.list(name);
  const headers: CallHeader[] = [];
  if (items.length > countMax) {
    parent.refuse(name, "expected 0 to " + decimal(countMax) + " items");
  }
  for (let i = 0; i < items.length && i < countMax; i++) {
    if (items[i].expectObject()) headers.push(readCallHeader(items[i]));
  }
  return headers;
}

function readCallHeader(at: Cursor): CallHeader {
  const name = lowerCased(at.bytes("name"));
  if (!isToken(view(name)) || equal(view(name), HOST)) {
    at.refuse("name", "expected a header name; for the host use authority");
  }
  const value = at.optionalBytes("value", new StaticArray<u8>(0));
  const variable = at.optionalBytes("valueFromEnv", new StaticArray<u8>(0));
  if (!isFieldValue(view(value))) {
    at.refuse("value", "expected a header value without control characters");
  }
  if (at.has("valueFromEnv") && !isVariable(view(variable))) {
    at.refuse("valueFromEnv", "expected the name of a variable");
  }
  if (at.has("value") == at.has("valueFromEnv")) at.refuse("", "expected value or valueFromEnv");
  at.done();
  return new CallHeader(name, value, variable);
}

/** The name of a variable: letters, digits and "_", no digit first. */
export function isVariable(name: Bytes): bool {
  return lengthOf(name) > 0 && isWord(name, UNDERSCORE) && byteAt(name, 0) - 0x30 >= 10;
}
