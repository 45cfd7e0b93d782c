// Checks a signature with the keys that fit: in the host where it can, else in our own code.
// Knows algorithms and keys; what the token says it refuses to know.
import { Bytes, lengthOf, owned, view } from "../../../lib/bytes";
import { spent } from "../../../lib/garbage";
import { ecdsaSignature } from "../../../lib/jose/der";
import { Algorithm, Family } from "../../../lib/jose/algorithm";
import { RequestView } from "../../../lib/http/request";
import { JoseHeader } from "../../../lib/jose/header";
import { Key } from "../../../lib/jose/key";
import { KeySet } from "../../../lib/jose/key-set";
import { verifies } from "../../../lib/jose/signature";
import { JwtStatus } from "../../../lib/jose/status";
import { putBytes } from "../../../lib/protobuf";
import { Writer } from "../../../lib/writer";
import { KeyRing } from "../keys/key-ring";
import { FailureBudget } from "./failure-budget";
import { VerificationLimiter } from "./limiter";
import { sourceNetwork } from "./source-network";
import { costNanos } from "./verification-cost";

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
  private request: RequestView | null = null;
  /** What the checks of the token at hand have cost so far. */
  private spentNanos: i64 = 0;

  constructor(
    private host: HostSignatures,
    private limiter: VerificationLimiter,
    private failures: FailureBudget,
  ) {}

  /** The request that the tokens are of from now on. */
  beginRequest(request: RequestView): void {
    this.request = request;
  }

  /** Ok when one of the ring's keys that fit the header made `signature` over `input`. */
  verify(
    header: JoseHeader,
    provider: i32,
    ring: KeyRing,
    input: Bytes,
    signature: Bytes,
    nowNanos: i64,
  ): JwtStatus {
    const algorithm = header.algorithm;
    if (algorithm === null) return JwtStatus.AlgorithmUnsupported;
    const keys = ring.keys;
    if (keys === null) return JwtStatus.KeysUnavailable;
    if (!this.mayFail(provider, nowNanos)) return JwtStatus.VerificationLimit;
    this.spentNanos = 0;
    const status = this.tryKeys(algorithm, keys, header.keyId, input, signature, nowNanos);
    if (status == JwtStatus.VerificationFails) this.charge(provider, nowNanos);
    return status;
  }

  private tryKeys(
    algorithm: Algorithm,
    keys: KeySet,
    keyId: Bytes,
    input: Bytes,
    signature: Bytes,
    nowNanos: i64,
  ): JwtStatus {
    let status = JwtStatus.KeyNotFound;
    let tries = 0;
    for (let i = 0; i < keys.count && tries < TRIES_MAX; i++) {
      const key = unchecked(keys.keys[i]);
      if (!key.fits(algorithm, keyId)) continue;
      tries++;
      status = this.tryKey(algorithm, key, input, signature, nowNanos);
      if (status != JwtStatus.VerificationFails) return status;
    }
    return status;
  }

  /**
   * Whether the failures of the client's network leave room for one more. The network is asked of
   * the host only while some network has used up its share.
   */
  private mayFail(provider: i32, nowNanos: i64): bool {
    if (this.limiter.isSet || !this.failures.isPressedAt(nowNanos)) return true;
    return this.failures.admits(provider, this.network(), nowNanos);
  }

  /** A good token is no flood: only one that no key has signed is charged, with all it cost. */
  private charge(provider: i32, nowNanos: i64): void {
    if (this.limiter.isSet || this.spentNanos == 0) return;
    this.failures.charge(provider, this.network(), this.spentNanos, nowNanos);
  }

  private network(): u64 {
    const request = this.request;
    return request === null ? 0 : sourceNetwork(request);
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
    const costClass = algorithm.costClass;
    if (!this.limiter.admits(costClass, nowNanos)) return JwtStatus.VerificationLimit;
    this.limiter.count(costClass);
    this.spentNanos += costNanos(costClass, isHosts, lengthOf(input));
    const isGood = isHosts
      ? this.hostVerifies(algorithm, key, input, signature)
      : verifies(algorithm, key, input, signature);
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
