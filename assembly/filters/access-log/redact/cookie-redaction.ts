// Takes the values out of cookies; what remains of a cookie header is a cookie header.
import { Bytes, EMPTY, NONE, indexOf, slice, text, trimSpace } from "../../../lib/bytes";
import { CookieReader } from "../../../lib/http/cookie";
import { Writer } from "../../../lib/writer";
import { RedactConfig } from "./redact-config";
import { Replacement } from "./replacement";

const SEPARATOR = text("; ");
const EQUALS: u8 = 0x3d;
const SEMICOLON: u8 = 0x3b;

/** Of all configurations together: a writer is never given back. */
const out = new Writer();


@final
export class CookieRedaction {
  private cookies: CookieReader = new CookieReader();

  constructor(
    private config: RedactConfig,
    private replacement: Replacement,
  ) {}

  /** Of `cookie`: pairs. */
  request(value: Bytes): Bytes {
    out.reset();
    this.cookies.open(value);
    while (this.cookies.nextPiece()) {
      this.putCookie(slice(value, this.cookies.start, this.cookies.end));
    }
    return out.view();
  }

  /** Of `set-cookie`: one pair and attributes. */
  response(value: Bytes): Bytes {
    out.reset();
    const end = indexOf(value, SEMICOLON);
    this.putCookie(trimSpace(end < 0 ? value : slice(value, 0, end)));
    if (end >= 0) out.bytes(slice(value, end));
    return out.view();
  }

  /** One `name=value`; what is no pair counts as a value without a name. */
  private putCookie(piece: Bytes): void {
    const equals = indexOf(piece, EQUALS);
    const name = equals < 0 ? EMPTY : trimSpace(slice(piece, 0, equals));
    const action = this.config.ofCookie(name);
    const shown = this.replacement.of(action, slice(piece, equals + 1));
    if (shown == NONE) return;
    if (out.length > 0) out.bytes(SEPARATOR);
    if (equals >= 0) out.bytes(slice(piece, 0, equals + 1));
    out.bytes(shown);
  }
}
