// PEM (RFC 7468): blocks of base64 with a line before and after.
import { Bytes, NONE, at, find, lengthOf, slice, startsWith, text, view } from "../bytes";
import { decodeLoosely } from "./loose-base64";
import { JwkResult, JwkStatus } from "./jwk-status";
import { DerReader, TAG_SEQUENCE } from "./der-reader";
import { readPublicKeyInfo } from "./spki";
import { readCertificate } from "./x509";

const BEGIN = text("-----BEGIN ");
const CERTIFICATE = text("-----BEGIN CERTIFICATE-----");
const PUBLIC_KEY = text("-----BEGIN PUBLIC KEY-----");
const END = text("-----END ");
const DASHES = text("-----");

/** Whether `source` is PEM, blanks and line ends before it or not. */
export function isPem(source: Bytes): bool {
  return startsWith(withoutSpace(source), BEGIN);
}

function withoutSpace(source: Bytes): Bytes {
  let start = 0;
  while (start < lengthOf(source) && at(source, start) <= 0x20) start++;
  return slice(source, start);
}

/** Steps through the blocks of a text. */
@final
export class PemReader {
  private rest: Bytes;

  constructor(source: Bytes) {
    this.rest = withoutSpace(source);
  }

  get hasMore(): bool {
    return lengthOf(this.rest) > 0;
  }

  /** Reads the next block as a key. What is no block ends the text. */
  next(): JwkResult {
    const isCertificate = startsWith(this.rest, CERTIFICATE);
    const isPublicKey = startsWith(this.rest, PUBLIC_KEY);
    const begin = isCertificate ? CERTIFICATE : isPublicKey ? PUBLIC_KEY : BEGIN;
    const end = find(this.rest, END);
    const after = end < 0 ? -1 : find(this.rest, DASHES, end + lengthOf(END));
    if (after < 0 || !startsWith(this.rest, BEGIN)) {
      this.rest = 0;
      return JwkResult.refused(JwkStatus.BadPem);
    }
    const body = slice(this.rest, lengthOf(begin), end);
    this.rest = withoutSpace(slice(this.rest, after + lengthOf(DASHES)));
    if (!isCertificate && !isPublicKey) return JwkResult.refused(JwkStatus.PemKindUnknown);
    return readBlock(body, isCertificate);
  }
}

function readBlock(body: Bytes, isCertificate: bool): JwkResult {
  const decoded = decodeLoosely(body);
  if (decoded === null) return JwkResult.refused(JwkStatus.BadBase64);
  const der = view(decoded);
  if (isCertificate) return readCertificate(der);
  const info = new DerReader(der).read(TAG_SEQUENCE);
  return info == NONE ? JwkResult.refused(JwkStatus.BadDer) : readPublicKeyInfo(info);
}
