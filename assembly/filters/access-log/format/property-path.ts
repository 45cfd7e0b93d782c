// Paths of properties as the ABI wants them: the parts with a zero byte between.
import { Bytes, at, lengthOf, text } from "../../../lib/bytes";
import { Writer } from "../../../lib/writer";

/** `propertyPath("request.time")` is the part list of CEL's dotted notation. For module constants. */
export function propertyPath(dotted: string): Bytes {
  return text(dotted.replaceAll(".", "\0"));
}

/** Appends the parts that `separator` divides, with zeros between. */
export function putParts(to: Writer, parts: Bytes, separator: u8): void {
  for (let i = 0; i < lengthOf(parts); i++) to.byte(at(parts, i) == separator ? 0 : at(parts, i));
}
