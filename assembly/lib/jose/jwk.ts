// Reads one JWK (RFC 7517 section 4). Strict where a lax reader would verify with a key that was
// not made for it: `use`, `key_ops`, `alg`, `kty` and `crv` all have to fit. Private members are
// not looked at.
import { owned, text } from "../bytes";
import { JsonDocument, JsonKind } from "../json/document";
import { algorithmOf } from "./algorithm";
import { JwkResult, JwkStatus } from "./jwk-status";
import { isText, readKeyMembers } from "./jwk-members";
import { Key } from "./key";

const USE = text("use");
const KEY_OPS = text("key_ops");
const ALG = text("alg");
const KID = text("kid");
const SIG = text("sig");
const VERIFY = text("verify");

/** Reads the JWK in row `node`. */
export function readJwk(document: JsonDocument, node: i32): JwkResult {
  if (!document.is(node, JsonKind.Object)) return JwkResult.refused(JwkStatus.NotObject);
  const status = checkUse(document, node);
  if (status != JwkStatus.Ok) return JwkResult.refused(status);
  const result = readKeyMembers(document, node);
  const key = result.key;
  if (key === null) return result;
  if (!restrict(key, document, document.find(node, ALG))) {
    return JwkResult.refused(JwkStatus.AlgorithmMismatch);
  }
  const kid = document.find(node, KID);
  if (kid >= 0) key.keyId = owned(document.text(kid));
  return result;
}

/** Whether the members that say what the key is for leave it for signatures. */
function checkUse(document: JsonDocument, node: i32): JwkStatus {
  const kid = document.find(node, KID);
  if (kid >= 0 && !document.is(kid, JsonKind.String)) return JwkStatus.KeyIdNotString;
  const use = document.find(node, USE);
  if (use >= 0 && !isText(document, use, SIG)) return JwkStatus.UseNotSignature;
  const operations = document.find(node, KEY_OPS);
  return mayVerify(document, operations) ? JwkStatus.Ok : JwkStatus.OperationsWithoutVerify;
}

function mayVerify(document: JsonDocument, operations: i32): bool {
  if (operations < 0) return true;
  if (!document.is(operations, JsonKind.Array)) return false;
  for (
    let child = document.first(operations);
    child >= 0;
    child = document.after(child, operations)
  ) {
    if (isText(document, child, VERIFY)) return true;
  }
  return false;
}

/** Leaves only what `alg` says, where it is there. False when that is nothing. */
function restrict(key: Key, document: JsonDocument, alg: i32): bool {
  key.algorithms = key.fittingAlgorithms();
  if (alg < 0) return key.algorithms != 0;
  const algorithm = document.is(alg, JsonKind.String) ? algorithmOf(document.text(alg)) : null;
  key.algorithms &= algorithm === null ? 0 : algorithm.bit;
  return key.algorithms != 0;
}
