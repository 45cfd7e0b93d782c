// Checks a signature with the keys that fit: in the host where it can, else in our own code.
// Knows algorithms and keys; what the token says it refuses to know.
import { Bytes, lengthOf, owned, view } from "../../../lib/bytes";
import { spent } from "../../../lib/garbage";
import { ecdsaSignature } from "../../../lib/jose/der";
import { Algorithm, Family } from "../../../lib/jose/algorithm";
import { JoseHeader } from "../../../lib/jose/header";
import { Key } from "../../../lib/jose/key";
import { verifies } from "../../../lib/jose/signature";
import { JwtStatus } from "../../../lib/jose/status";
import { putBytes } from "../../../lib/protobuf";
import { Writer } from "../../../lib/writer";
import { KeyRing } from "../keys/key-ring";
import { VerificationLimiter } from "./limiter";

/**
 * Keys that one token is tried with: a nameless token against a set of nameless keys must not
 * cost a thousand.
 */
const TRIES_MAX = 32;

// Fields of the argument of verify_signature.
const HASH = 1;
const PUBLIC_KEY = 2;
const SIGNATURE = 3;
const MESSAGE = 4;

/** The host's verification, as filter.ts offers it. */
export abstract class HostSignatures {
  /** Whether the host can verify RSASSA-PKCS1-v1_5 and ECDSA. */
  abstract isThere(): bool;

  /** Asks the host; `argument` is the message of its `verify_signature`. */
  abstract verify(argument: Bytes): bool;
}


@final
export class Verifier {
  private argument: Writer = new Writer();

  constructor(
    private host: HostSignatures,
    private limiter: VerificationLimiter,
  ) {}

  /** Ok when one of the ring's keys that fit the header made `signature` over `input`. */
  verify(
    header: JoseHeader,
    ring: KeyRing,
    input: Bytes,
    signature: Bytes,
    nowNanos: i64,
  ): JwtStatus {
    const algorithm = header.algorithm;
    if (algorithm === null) return JwtStatus.AlgorithmUnsupported;
    const keys = ring.keys;
    if (keys === null) return JwtStatus.KeysUnavailable;
    let status = JwtStatus.KeyNotFound;
    let tries = 0;
    for (let i = 0; i < keys.count && tries < TRIES_MAX; i++) {
      const key = unchecked(keys.keys[i]);
      if (!key.fits(algorithm, header.keyId)) continue;
      tries++;
      status = this.tryKey(algorithm, key, input, signature, nowNanos);
      if (status != JwtStatus.VerificationFails) return status;
    }
    return status;
  }

  private tryKey(
    algorithm: Algorithm,
    key: Key,
    input: Bytes,
    signature: Bytes,
    nowNanos: i64,
  ): JwtStatus {
    if (algorithm.signatureBytes != 0 && lengthOf(signature) != algorithm.signatureBytes) {
      return algorithm.family == Family.EdDsa
        ? JwtStatus.SignatureWrongLength
        : JwtStatus.VerificationFails;
    }
    const isHosts = this.isForHost(algorithm);
    if (!isHosts && algorithm.needsHost) return JwtStatus.AlgorithmNotAllowed;
    if (!this.limiter.admits(algorithm.costClass, isHosts, nowNanos))
      return JwtStatus.VerificationLimit;
    const isGood = isHosts
      ? this.hostVerifies(algorithm, key, input, signature)
      : verifies(algorithm, key, input, signature);
    this.limiter.count(algorithm.costClass, !isGood);
    return isGood ? JwtStatus.Ok : JwtStatus.VerificationFails;
  }

  /** The host knows PKCS#1 v1.5 and ECDSA, and is faster at them. */
  private isForHost(algorithm: Algorithm): bool {
    const family = algorithm.family;
    return (family == Family.Rsa || family == Family.Ecdsa) && this.host.isThere();
  }

  private hostVerifies(algorithm: Algorithm, key: Key, input: Bytes, signature: Bytes): bool {
    const isEcdsa = algorithm.family == Family.Ecdsa;
    this.argument.reset();
    this.argument.bytes(this.prefix(algorithm, key));
    putBytes(this.argument, SIGNATURE, isEcdsa ? ecdsaSignature(signature) : signature);
    putBytes(this.argument, MESSAGE, input);
    return this.host.verify(this.argument.view());
  }

  /** Hash name and key of the argument: the same for every token, hence made once. */
  private prefix(algorithm: Algorithm, key: Key): Bytes {
    const hash = algorithm.hash;
    const known = unchecked(key.hostPrefixes[hash.index]);
    if (known !== null) return view(known);
    const writer = new Writer();
    putBytes(writer, HASH, hash.name);
    putBytes(writer, PUBLIC_KEY, view(key.publicKeyInfo));
    const made = owned(writer.view());
    unchecked((key.hostPrefixes[hash.index] = made));
    spent(2 * made.length);
    return view(made);
  }
}
