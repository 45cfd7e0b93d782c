// Paths of properties as the ABI wants them: the parts with a zero byte between.
import { Bytes, equal, text, utf8, view } from "../../../lib/bytes";

/** Every path asked for so far. They live for ever, so that one configuration after the other must not keep its own. */
const kept: Bytes[] = [];

/** `propertyPath("request.time")` is the part list of CEL's dotted notation. */
export function propertyPath(dotted: string): Bytes {
  return once(dotted.replaceAll(".", "\0"));
}

/** The path of these parts, which may have dots in them. */
export function pathOfParts(parts: string[]): Bytes {
  return once(parts.join("\0"));
}

function once(path: string): Bytes {
  const bytes = utf8(path);
  for (let i = 0; i < kept.length; i++) {
    if (equal(kept[i], view(bytes))) return kept[i];
  }
  const made = text(path);
  kept.push(made);
  return made;
}
