// Our JSON reader as a function from a text to what it understood, spelled out so that nothing
// can be confused.
import "../../assembly/host/abort";
import { Bytes, at, lengthOf } from "../../assembly/lib/bytes";
import { JsonDocument, JsonKind } from "../../assembly/lib/json/document";

const document = new JsonDocument();
const BYTES_MAX = 1 << 20;
let written: usize = 0;

/** 0, or the status of the refusal. */
export function parse(text: Bytes): i32 {
  document.parse(text, BYTES_MAX);
  return document.status;
}

/**
 * Spells the document at `out`: `{k68:i1}`, `s<hex>`, `d<bits>`, `t`, `f`, `n`. Gives the number
 * of bytes.
 */
export function spell(out: usize): i32 {
  written = out;
  value(0);
  return <i32>(written - out);
}

function value(node: i32): void {
  switch (document.kind(node)) {
    case JsonKind.Null:
      return put(0x6e);
    case JsonKind.Boolean:
      return put(document.boolean(node) ? 0x74 : 0x66);
    case JsonKind.Integer:
      put(0x69);
      return ascii(document.integer(node).toString());
    case JsonKind.Double:
      put(0x64);
      return ascii(reinterpret<u64>(document.number(node)).toString(16).padStart(16, "0"));
    case JsonKind.String:
      put(0x73);
      return hex(document.text(node));
    default:
      return members(node, document.kind(node) == JsonKind.Object);
  }
}

function members(node: i32, isObject: bool): void {
  put(isObject ? 0x7b : 0x5b);
  for (let child = document.first(node); child >= 0; child = document.after(child, node)) {
    if (isObject) {
      put(0x6b);
      hex(document.key(child));
      put(0x3a);
    }
    value(child);
    put(0x2c);
  }
  put(isObject ? 0x7d : 0x5d);
}

function put(byte: u8): void {
  store<u8>(written++, byte);
}

function ascii(text: string): void {
  for (let i = 0; i < text.length; i++) put(<u8>text.charCodeAt(i));
}

function hex(text: Bytes): void {
  for (let i = 0; i < lengthOf(text); i++) ascii(at(text, i).toString(16).padStart(2, "0"));
}
