// Takes secrets out of URLs: credentials before the host, and query parameters wherever a URL
// stands, also percent-encoded inside of another parameter. What remains of a path is a path.
import { Bytes, at, indexOf, lengthOf, slice } from "../../../lib/bytes";
import { decoded } from "../../../lib/http/percent";
import { ParamReader } from "../../../lib/http/query";
import { Writer } from "../../../lib/writer";
import { Action } from "./action";
import { RedactConfig } from "./redact-config";
import { Replacement } from "./replacement";
import { isNameByte, nextMark, trimEnd, withoutAmpersand, withoutUsers } from "./url-places";

const EQUALS: u8 = 0x3d;
const PERCENT: u8 = 0x25;
/** A URL that is encoded so many times more than its query is no longer looked into. */
const ENCODINGS_MAX = 4;

// Of all configurations together: a writer is never given back.
const out = new Writer();
const plainName = new Writer();
const plainValue: Writer[] = [new Writer(), new Writer()];


@final
export class UrlRedaction {
  private params: ParamReader = new ParamReader();

  constructor(
    private config: RedactConfig,
    private replacement: Replacement,
  ) {}

  /** A URL, a request target or any text with one. */
  url(value: Bytes): Bytes {
    const known = this.config.defaults ? withoutUsers(value) : value;
    const first = nextMark(known, 0);
    if (!this.hasSecret(known, first)) return known;
    out.reset();
    out.bytes(slice(known, 0, first));
    this.putMarked(known, first);
    return out.view();
  }

  /** What stands behind the "?" of a target. */
  query(query: Bytes): Bytes {
    const known = this.config.defaults ? withoutUsers(query) : query;
    const end = nextMark(known, 0);
    out.reset();
    this.putParams(0, slice(known, 0, end));
    this.putMarked(known, end);
    return out.view();
  }

  /** What becomes of one parameter by its decoded name and its value. */
  actionOf(name: Bytes, value: Bytes): Action {
    const action = this.config.ofParam(name);
    return action == Action.Keep && this.hidesParam(value) ? this.config.action : action;
  }

  /**
   * Whether any parameter from the "?" or "#" at `from` on may not be shown: mostly none, and then
   * nothing is copied.
   */
  private hasSecret(value: Bytes, from: i32): bool {
    while (from < lengthOf(value)) {
      const end = nextMark(value, from + 1);
      if (end > from + 1) this.params.open(slice(value, from + 1, end));
      while (end > from + 1 && this.params.next()) {
        if (this.actionOfParam() != Action.Keep) return true;
      }
      from = end;
    }
    return false;
  }

  /** Of the parameter at hand; one without a value has nothing to hide. */
  private actionOfParam(): Action {
    const value = this.params.value;
    if (lengthOf(value) == 0) return Action.Keep;
    return this.actionOf(decoded(this.params.name, plainName), value);
  }

  /** Each part from the "?" or "#" at `from` on. */
  private putMarked(value: Bytes, from: i32): void {
    while (from < lengthOf(value)) {
      const end = nextMark(value, from + 1);
      this.putParams(at(value, from), slice(value, from + 1, end));
      from = end;
    }
  }

  /** Puts `mark` (0: none) and the parameters that may be shown, each as it stood. */
  private putParams(mark: u8, query: Bytes): void {
    const params = this.params;
    const start = out.length;
    let copied = 0;
    let hasGap = false;
    let hasDropped = false;
    if (mark != 0) out.byte(mark);
    params.open(query);
    while (params.next()) {
      const value = params.value;
      const action = this.actionOfParam();
      if (action == Action.Keep) continue;
      // Between the last redacted parameter and this one everything stays byte for byte.
      const end = action == Action.Drop ? params.start : params.end - lengthOf(value);
      out.bytes(withoutAmpersand(slice(query, copied, end), hasGap));
      hasGap = action == Action.Drop;
      if (hasGap) hasDropped = true;
      else out.bytes(this.replacement.of(action, value));
      copied = params.end;
    }
    out.bytes(withoutAmpersand(slice(query, copied), hasGap));
    if (hasDropped) trimEnd(out, start, mark);
  }

  /** A URL in a parameter, percent-encoded once or more, that has credentials in its own. */
  private hidesParam(value: Bytes): bool {
    if (!this.config.defaults) return false;
    let inner = value;
    for (let times = 0; times < ENCODINGS_MAX && indexOf(inner, PERCENT) >= 0; times++) {
      const before = lengthOf(inner);
      inner = decoded(inner, unchecked(plainValue[times & 1]));
      if (lengthOf(inner) == before) return false;
      if (this.namesCredential(inner)) return true;
    }
    return false;
  }

  private namesCredential(text: Bytes): bool {
    for (let i = indexOf(text, EQUALS); i >= 0; i = indexOf(text, EQUALS, i + 1)) {
      let start = i;
      while (start > 0 && isNameByte(at(text, start - 1))) start--;
      if (start < i && this.config.ofParam(slice(text, start, i)) != Action.Keep) return true;
    }
    return false;
  }
}
