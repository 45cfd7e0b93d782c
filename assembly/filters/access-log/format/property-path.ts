// Paths of properties as the ABI wants them: the parts with a zero byte between.
import { Bytes, at, lengthOf } from "../../../lib/bytes";
import { Writer } from "../../../lib/writer";

/** Appends the parts that `separator` divides, with zeros between. */
export function putParts(to: Writer, parts: Bytes, separator: u8): void {
  for (let i = 0; i < lengthOf(parts); i++) to.byte(at(parts, i) == separator ? 0 : at(parts, i));
}
