// The public key in an X.509 certificate (RFC 5280 section 4.1). Nothing else of the certificate is
// looked at: who may sign is said by the key set that it comes in, as for the native filter.
import { Bytes, NONE, at, lengthOf } from "../bytes";
import { DerReader, TAG_INTEGER, TAG_SEQUENCE } from "./der-reader";
import { JwkResult, JwkStatus } from "./jwk-status";
import { readPublicKeyInfo } from "./spki";

/** The context tag of `version`, which version 1 leaves out. */
const TAG_VERSION: u8 = 0xa0;

/** The key of the certificate `der`. */
export function readCertificate(der: Bytes): JwkResult {
  const certificate = new DerReader(new DerReader(der).read(TAG_SEQUENCE));
  const body = new DerReader(certificate.read(TAG_SEQUENCE));
  const first = body.element();
  if (first == NONE || lengthOf(first) == 0) return JwkResult.refused(JwkStatus.BadDer);
  // version or serialNumber
  if (at(first, 0) == TAG_VERSION) body.read(TAG_INTEGER);
  // signature, issuer, validity, subject
  for (let i = 0; i < 4; i++) body.read(TAG_SEQUENCE);
  const info = body.read(TAG_SEQUENCE);
  return info == NONE ? JwkResult.refused(JwkStatus.BadDer) : readPublicKeyInfo(info);
}
