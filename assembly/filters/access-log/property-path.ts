// Paths of properties as the ABI wants them: the parts with a zero byte between.
import { Bytes, text } from "../../lib/bytes";

/** For module constants: `propertyPath("request.time")` is the part list of CEL's dotted notation. */
export function propertyPath(dotted: string): Bytes {
  return text(dotted.replaceAll(".", "\0"));
}

/** The path of these parts, which may have dots in them. Lives for ever: for configuration time. */
export function pathOfParts(parts: string[]): Bytes {
  return text(parts.join("\0"));
}
