// A token's signature by our own code: what JWS makes of the algorithms of lib/crypto. Knows keys
// and algorithms that fit each other; whether the host could do it instead is the caller's.
import { Bytes, view } from "../bytes";
import { P256, P384 } from "../crypto/curves";
import { EcdsaPublicKey } from "../crypto/ecdsa";
import { HmacKey } from "../crypto/hmac";
import { RsaPublicKey } from "../crypto/rsa";
import { spent } from "../garbage";
import { Algorithm, Curve, Family } from "./algorithm";
import { Hash } from "./hash";
import { Key } from "./key";

/** About what an RSA key takes in memory once it is ready, the largest of all. */
const READY_BYTES = 4 * 1024;

/**
 * Whether `key`, which fits `algorithm`, made `signature` over `input`. Never for P-521, of which
 * there is no own code.
 */
export function verifies(algorithm: Algorithm, key: Key, input: Bytes, signature: Bytes): bool {
  const digest = algorithm.hash.digest;
  switch (algorithm.family) {
    case Family.Rsa:
    case Family.RsaPss:
      return rsaKey(key).verify(algorithm.family == Family.RsaPss, digest, input, signature);
    case Family.Ecdsa:
      return algorithm.curve != Curve.P521 && ecdsaKey(key).verify(digest, input, signature);
    case Family.EdDsa: {
      const point = key.ed25519;
      return point !== null && point.verify(input, signature);
    }
    default:
      return hmacKey(key, algorithm.hash).verify(input, signature);
  }
}

function rsaKey(key: Key): RsaPublicKey {
  const known = key.rsa;
  if (known !== null) return known;
  const made = new RsaPublicKey(view(key.first), view(key.second));
  key.rsa = made;
  spent(READY_BYTES);
  return made;
}

function ecdsaKey(key: Key): EcdsaPublicKey {
  const known = key.ecdsa;
  if (known !== null) return known;
  const made = new EcdsaPublicKey(
    key.curve == Curve.P384 ? P384 : P256,
    view(key.first),
    view(key.second),
  );
  key.ecdsa = made;
  spent(READY_BYTES);
  return made;
}

function hmacKey(key: Key, hash: Hash): HmacKey {
  const known = unchecked(key.hmac[hash.index]);
  if (known !== null) return known;
  const made = new HmacKey(hash.digest, view(key.first));
  unchecked((key.hmac[hash.index] = made));
  spent(READY_BYTES);
  return made;
}
