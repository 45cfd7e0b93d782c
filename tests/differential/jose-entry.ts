// Tokens and keys as lib/jose reads them, for the examples of the RFCs and for tokens that
// another library made.
import "../../assembly/host/abort";
import { Bytes, bytes, lengthOf, pointerOf, view } from "../../assembly/lib/bytes";
import { decodeBase64url } from "../../assembly/lib/base64url";
import { CompactToken } from "../../assembly/lib/jose/compact";
import { ecdsaSignature } from "../../assembly/lib/jose/der";
import { JoseHeader } from "../../assembly/lib/jose/header";
import { KeySet } from "../../assembly/lib/jose/key-set";
import { verifies } from "../../assembly/lib/jose/signature";
import { JwtStatus } from "../../assembly/lib/jose/status";

const compact = new CompactToken();
const header = new JoseHeader();
const decoded = memory.data(16384, 16);
const decodedPayload = memory.data(16384, 16);
const decodedSignature = memory.data(2048, 16);
let keys = new KeySet();

/** The KeySetStatus, or 100 and the JwkStatus of the first key left out when there is one. */
export function readKeys(json: Bytes): i32 {
  keys = new KeySet();
  const status = keys.read(json);
  return keys.leftOutCount > 0 ? 100 + keys.leftOut[0].status : status;
}

/** The bits of the algorithms that the first key may be used with. */
export function algorithmsOfFirst(): u32 {
  return keys.count > 0 ? keys.keys[0].algorithms : 0;
}

/** The SubjectPublicKeyInfo of the first key to `out`; gives its length. */
export function publicKeyInfo(out: usize): i32 {
  return keys.count > 0 ? copied(view(keys.keys[0].publicKeyInfo), out) : 0;
}

/** r‖s as Ecdsa-Sig-Value to `out`; gives its length. */
export function derSignature(concatenated: Bytes, out: usize): i32 {
  return copied(ecdsaSignature(concatenated), out);
}

function copied(from: Bytes, to: usize): i32 {
  memory.copy(to, pointerOf(from), lengthOf(from));
  return lengthOf(from);
}

/**
 * The JwtStatus of a token's form and signature, as one of the keys that fit says; its payload is
 * decoded, not read.
 */
export function verify(token: Bytes): i32 {
  const form = compact.split(token);
  if (form != JwtStatus.Ok) return form;
  const length = decodeBase64url(compact.header, decoded, 16384);
  if (length < 0) return JwtStatus.HeaderBadBase64;
  const status = header.read(bytes(decoded, length));
  if (status != JwtStatus.Ok) return status;
  if (decodeBase64url(compact.payload, decodedPayload, 16384) < 0)
    return JwtStatus.PayloadBadBase64;
  const signatureLength = decodeBase64url(compact.signature, decodedSignature, 2048);
  if (signatureLength < 0) return JwtStatus.SignatureBadBase64;
  return verifyWith(bytes(decodedSignature, signatureLength));
}

function verifyWith(signature: Bytes): i32 {
  const algorithm = header.algorithm;
  if (algorithm === null) return JwtStatus.AlgorithmUnsupported;
  let status = JwtStatus.KeyNotFound;
  for (let i = 0; i < keys.count; i++) {
    const key = keys.keys[i];
    if (!key.fits(algorithm, header.keyId)) continue;
    if (verifies(algorithm, key, compact.signingInput, signature)) return JwtStatus.Ok;
    status = JwtStatus.VerificationFails;
  }
  return status;
}
