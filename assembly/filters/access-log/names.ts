// Which texts may be the name of a header, of a variable or of a label.
import { Bytes, at, equal, text } from "../../lib/bytes";
import { isToken, isWord } from "../../lib/http/field";

const HOST = text("host");
const AUTHORITY = text(":authority");

/**
 * The name under which the proxy holds a request's header: `host` is `:authority` in every version
 * of HTTP. `name` is in lower case.
 */
export function requestFieldName(name: Bytes): Bytes {
  return equal(name, HOST) ? AUTHORITY : name;
}

/** A header whose value may be redacted: any one, and the authority by either of its names. */
export function isRedactableName(name: Bytes): bool {
  return isToken(name) || equal(name, AUTHORITY);
}

/** Of a Loki label: ":" too. */
export function isLabel(name: Bytes): bool {
  return isWord(name, text("_:")) && !startsWithDigit(name);
}

function startsWithDigit(name: Bytes): bool {
  return at(name, 0) - 0x30 < 10;
}
