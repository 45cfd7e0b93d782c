// A claim as the value of a header: text as it is, everything else as JSON in the token's own
// digits, so that integers above 2^53 stay what they are.
import { Bytes, NONE, at, lengthOf, utf8, view } from "../../../lib/bytes";
import { spent } from "../../../lib/garbage";
import { isFieldValue } from "../../../lib/http/field";
import { JsonDocument, JsonKind } from "../../../lib/json/document";
import { Writer, decimal } from "../../../lib/writer";

const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;
/** A header longer than this would break other parts of the chain sooner than help. */
const VALUE_BYTES_MAX = 16 * 1024;

/**
 * The header value of the claim at `node`, in the document or in `scratch`. NONE: the claim is
 * absent, null or empty text, or it holds bytes that no header may have (line ends would make
 * headers of their own).
 */
export function claimText(document: JsonDocument, node: i32, scratch: Writer): Bytes {
  if (node < 0 || document.is(node, JsonKind.Null)) return NONE;
  const value = document.is(node, JsonKind.String)
    ? document.text(node)
    : jsonText(document, node, scratch);
  const length = lengthOf(value);
  return length > 0 && length <= VALUE_BYTES_MAX && isFieldValue(value) ? value : NONE;
}

function jsonText(document: JsonDocument, node: i32, scratch: Writer): Bytes {
  const source = document.source(node);
  if (document.is(node, JsonKind.Integer))
    return isPlainInteger(source) ? source : digits(document.integer(node));
  const isContainer = document.is(node, JsonKind.Array) || document.is(node, JsonKind.Object);
  return isContainer ? compacted(source, scratch) : source;
}

function isPlainInteger(source: Bytes): bool {
  for (let i = 0; i < lengthOf(source); i++) {
    const byte = at(source, i);
    if (byte != 0x2d && byte - 0x30 > 9) return false;
  }
  return true;
}

/** `1.0` and `1e3` are whole numbers; they are written as such. */
function digits(value: i64): Bytes {
  const text = utf8(decimal(value));
  spent(4 * text.length);
  return view(text);
}

/** JSON without the blanks between its parts. */
function compacted(source: Bytes, scratch: Writer): Bytes {
  scratch.reset();
  let inText = false;
  for (let i = 0; i < lengthOf(source); i++) {
    const byte = at(source, i);
    if (!inText && byte <= 0x20) continue;
    scratch.byte(byte);
    if (byte == QUOTE) inText = !inText;
    if (inText && byte == BACKSLASH && i + 1 < lengthOf(source)) scratch.byte(at(source, ++i));
  }
  return scratch.view();
}
