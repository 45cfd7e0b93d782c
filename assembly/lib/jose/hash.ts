// The SHA-2 functions that the signature algorithms use (RFC 7518 section 3.1).
import { Bytes, text } from "../bytes";
import { Digest } from "../crypto/digest";
import { SHA256 } from "../crypto/sha256";
import { SHA384, SHA512 } from "../crypto/sha512";


@final
export class Hash {
  constructor(
    /** Its place where something is kept for each hash; below HASH_COUNT. */
    readonly index: i32,
    readonly bits: i32,
    /** As Envoy's `verify_signature` names it. */
    readonly name: Bytes,
    readonly digest: Digest,
  ) {}
}

export const HASH_COUNT = 3;
export const SHA_256 = new Hash(0, 256, text("sha256"), SHA256);
export const SHA_384 = new Hash(1, 384, text("sha384"), SHA384);
export const SHA_512 = new Hash(2, 512, text("sha512"), SHA512);
