// EMSA-PKCS1-v1_5 (RFC 8017 section 9.2). The one right encoding is made and compared whole:
// nothing of what the signature holds is parsed, so there is no room for a lenient reading of it.
import { Bytes, bytes, equal, lengthOf } from "../bytes";
import { Digest } from "./digest";

/** DER of DigestInfo up to the hash, section 9.2 note 1: of SHA-256. */
// prettier-ignore
const DIGEST_INFO = memory.data<u8>([
  0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
]);
const DIGEST_INFO_BYTES: usize = 19;

const expected = memory.data(1024, 16);

/**
 * Whether `encoded`, of 256 to 1,024 bytes, is the encoding of `message`: 00 01 FF… 00 DigestInfo
 * hash.
 */
export function isPkcs1Encoding(encoded: Bytes, digest: Digest, message: Bytes): bool {
  const length = <usize>lengthOf(encoded);
  const hash = expected + length - <usize>digest.outputBytes;
  const digestInfo = hash - DIGEST_INFO_BYTES;
  memory.fill(expected, 0xff, length);
  store<u8>(expected, 0x00);
  store<u8>(expected, 0x01, 1);
  store<u8>(digestInfo - 1, 0x00);
  putDigestInfo(digestInfo, digest.outputBytes);
  digest.hash(message, hash);
  return equal(encoded, bytes(expected, <i32>length));
}

/**
 * SHA-384 and SHA-512 differ in both lengths that count the hash, and in the last arc of the
 * algorithm.
 */
function putDigestInfo(to: usize, hashBytes: i32): void {
  memory.copy(to, DIGEST_INFO, DIGEST_INFO_BYTES);
  store<u8>(to, 0x11 + hashBytes, 1);
  store<u8>(to, (hashBytes >> 4) - 1, 14);
  store<u8>(to, hashBytes, 18);
}
