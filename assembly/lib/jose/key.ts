// One key, ready to verify with. Which algorithms it fits is settled when it is read, from all
// fields of its JWK.
import { Bytes, equal, lengthOf, view } from "../bytes";
import { EcdsaPublicKey } from "../crypto/ecdsa";
import { Ed25519PublicKey } from "../crypto/ed25519";
import { HmacKey } from "../crypto/hmac";
import { RsaPublicKey } from "../crypto/rsa";
import { Algorithm, Curve, Family, algorithms } from "./algorithm";
import { HASH_COUNT } from "./hash";

export const enum KeyType {
  Rsa = 0,
  Ec = 1,
  Okp = 2,
  Oct = 3,
}


@final
export class Key {
  /** Empty: it has no name, and is tried for every token. */
  keyId: StaticArray<u8> = new StaticArray<u8>(0);
  curve: Curve = Curve.None;
  /** Its JWK had a private key beside the public one: whoever read the set can sign. */
  hadPrivatePart: bool = false;
  /** Bits of the algorithms it may be used with; 0: none. */
  algorithms: u32 = 0;
  /**
   * RSA: modulus; EC and OKP: x; oct: the secret. Numbers are big-endian; those of RSA without
   * leading zeros.
   */
  first: StaticArray<u8> = new StaticArray<u8>(0);
  /** RSA: exponent; EC: y. */
  second: StaticArray<u8> = new StaticArray<u8>(0);
  /**
   * SubjectPublicKeyInfo in DER (RFC 5280 section 4.1) of RSA and EC keys: what the host's
   * verification takes.
   */
  publicKeyInfo: StaticArray<u8> = new StaticArray<u8>(0);

  /**
   * For SHA-256, 384 and 512: the part of a host call that is the same for every token (the
   * verifier's to fill).
   */
  readonly hostPrefixes: StaticArray<StaticArray<u8> | null> =
    new StaticArray<StaticArray<u8> | null>(HASH_COUNT);

  /**
   * What our own code verifies with. OKP: made with the key; the others by `verifies`, at the
   * first token.
   */
  ed25519: Ed25519PublicKey | null = null;
  rsa: RsaPublicKey | null = null;
  ecdsa: EcdsaPublicKey | null = null;
  /** For SHA-256, 384 and 512. */
  readonly hmac: StaticArray<HmacKey | null> = new StaticArray<HmacKey | null>(HASH_COUNT);

  constructor(readonly type: KeyType) {}

  /** The algorithms that go with its type, curve and size, as bits. */
  fittingAlgorithms(): u32 {
    let bits: u32 = 0;
    for (let i = 0; i < algorithms.length; i++) {
      const algorithm = unchecked(algorithms[i]);
      if (this.goesWith(algorithm)) bits |= algorithm.bit;
    }
    return bits;
  }

  private goesWith(algorithm: Algorithm): bool {
    switch (this.type) {
      case KeyType.Rsa:
        return algorithm.family == Family.Rsa || algorithm.family == Family.RsaPss;
      case KeyType.Ec:
        return algorithm.family == Family.Ecdsa && algorithm.curve == this.curve;
      case KeyType.Okp:
        return algorithm.family == Family.EdDsa;
      default:
        return algorithm.family == Family.Hmac && this.first.length * 8 >= algorithm.hash.bits;
    }
  }

  /**
   * Whether it can be the one for a token with this header. Where one of them has no name, the
   * name decides nothing.
   */
  fits(algorithm: Algorithm, keyId: Bytes): bool {
    if ((this.algorithms & algorithm.bit) == 0) return false;
    return this.keyId.length == 0 || lengthOf(keyId) == 0 || equal(view(this.keyId), keyId);
  }
}
