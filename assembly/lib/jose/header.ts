// The JOSE header of a token, RFC 7515 section 4: which algorithm, which key, what kind of token.
// Knows member names; which values are welcome is the caller's.
import { Bytes, NONE, text } from "../bytes";
import { JsonDocument, JsonKind } from "../json/document";
import { Algorithm, algorithmOf } from "./algorithm";
import { JwtStatus } from "./status";

/** A header has a handful of members; certificates inline (`x5c`) are the longest things in it. */
const HEADER_BYTES_MAX = 16 * 1024;
const HEADER_DEPTH_MAX = 16;

const ALG = text("alg");
const KID = text("kid");
const TYP = text("typ");
const CRIT = text("crit");

/** Views live until the next `read`. */
@final
export class JoseHeader {
  algorithm: Algorithm | null = null;
  /** NONE when there is none; an empty one names no key either. */
  keyId: Bytes = NONE;
  type: Bytes = NONE;

  private document: JsonDocument = new JsonDocument();

  /** Reads the decoded header. Every way it can be wrong has its own status. */
  read(json: Bytes): JwtStatus {
    const document = this.document;
    this.algorithm = null;
    if (!document.parse(json, HEADER_BYTES_MAX, HEADER_DEPTH_MAX)) return JwtStatus.HeaderBadJson;
    if (!document.is(0, JsonKind.Object)) return JwtStatus.HeaderBadJson;
    const alg = document.find(0, ALG);
    if (!document.is(alg, JsonKind.String)) return JwtStatus.HeaderBadAlgorithm;
    const algorithm = algorithmOf(document.text(alg));
    if (algorithm === null) return JwtStatus.AlgorithmUnsupported;
    const kid = document.find(0, KID);
    if (kid >= 0 && !document.is(kid, JsonKind.String)) return JwtStatus.HeaderBadKeyId;
    const typ = document.find(0, TYP);
    if (typ >= 0 && !document.is(typ, JsonKind.String)) return JwtStatus.HeaderBadType;
    if (document.find(0, CRIT) >= 0) return JwtStatus.CriticalUnsupported;
    this.algorithm = algorithm;
    this.keyId = document.text(kid);
    this.type = document.text(typ);
    return JwtStatus.Ok;
  }
}
