// The JWS compact serialization, RFC 7515 section 7.1: header "." payload "." signature.
// Knows dots; what the parts hold is read by header.ts and claims.ts.
import { Bytes, EMPTY, indexOf, lengthOf, slice } from "../bytes";
import { JwtStatus } from "./status";

const DOT: u8 = 0x2e;

/** The three parts of a token, still encoded; views of the token that was split last. */
@final
export class CompactToken {
  header: Bytes = EMPTY;
  payload: Bytes = EMPTY;
  signature: Bytes = EMPTY;
  /** Header, dot and payload: what the signature is over. */
  signingInput: Bytes = EMPTY;

  /**
   * BadFormat unless there are exactly two dots and no part is empty: the native filter skips
   * empty parts and so takes `.a.b..c`, which makes two texts one token.
   */
  split(token: Bytes): JwtStatus {
    const length = lengthOf(token);
    const first = indexOf(token, DOT);
    const second = indexOf(token, DOT, first + 1);
    if (first <= 0 || second <= first + 1 || second == length - 1) return JwtStatus.BadFormat;
    if (indexOf(token, DOT, second + 1) >= 0) return JwtStatus.BadFormat;
    this.header = slice(token, 0, first);
    this.payload = slice(token, first + 1, second);
    this.signature = slice(token, second + 1);
    this.signingInput = slice(token, 0, second);
    return JwtStatus.Ok;
  }
}
