// Our hashes, HMAC and RSA as plain functions, for the differential test and the micro benchmark.
import { Bytes } from "../../assembly/lib/bytes";
import { SHA256, sha256 } from "../../assembly/lib/crypto/sha256";
import { SHA384, SHA512, sha384, sha512 } from "../../assembly/lib/crypto/sha512";
import { Digest } from "../../assembly/lib/crypto/digest";

export { sha256, sha384, sha512 };

function digestOf(bits: i32): Digest {
  return bits == 256 ? SHA256 : bits == 384 ? SHA384 : SHA512;
}

/** The same message in two parts, to try every place where a stream can be cut. */
export function hashInTwo(bits: i32, first: Bytes, second: Bytes, out: usize): void {
  const digest = digestOf(bits);
  digest.reset();
  digest.update(first);
  digest.update(second);
  digest.finish(out);
}
