// Reads one JWK (RFC 7517 section 4). Strict where a lax reader would verify with a key that was
// not made for it: a `use`, `key_ops`, `alg`, `kty` or `crv` that says something else leaves the
// key out. Lenient where it says nothing: an optional member that is null, empty or of another type
// is absent, as for the native filter, since a key set that breaks an API for everybody helps
// nobody.
import { Bytes, NONE, equal, equalIgnoreCase, owned, text } from "../bytes";
import { JsonDocument, JsonKind } from "../json/document";
import { Algorithm, algorithmOf } from "./algorithm";
import { isPrivate, optionalText, readKeyMembers } from "./jwk-members";
import { JwkResult, JwkStatus } from "./jwk-status";

const USE = text("use");
const KEY_OPS = text("key_ops");
const ALG = text("alg");
const KID = text("kid");
const SIG = text("sig");
/** SPIFFE trust bundles (SPIFFE ID and JWT-SVID, section "use"). */
const JWT_SVID = text("jwt-svid");
const VERIFY = text("verify");
const SIGN = text("sign");

/** Reads the JWK in row `node`. */
export function readJwk(document: JsonDocument, node: i32): JwkResult {
  if (!document.is(node, JsonKind.Object)) return JwkResult.refused(JwkStatus.NotObject);
  if (!isForSignatures(document, node)) return JwkResult.refused(JwkStatus.UseNotSignature);
  if (!mayVerify(document, document.find(node, KEY_OPS))) {
    return JwkResult.refused(JwkStatus.OperationsWithoutVerify);
  }
  const alg = optionalText(document, node, ALG);
  const algorithm = alg != NONE ? algorithmOf(alg) : null;
  if (alg != NONE && algorithm === null) return JwkResult.refused(JwkStatus.AlgorithmMismatch);
  const result = readKeyMembers(document, node, algorithm);
  const key = result.key;
  if (key === null) return result;
  if (algorithm !== null) key.algorithms &= algorithm.bit;
  if (key.algorithms == 0) return JwkResult.refused(JwkStatus.AlgorithmMismatch);
  const kid = optionalText(document, node, KID);
  if (kid != NONE) key.keyId = owned(kid);
  key.hadPrivatePart = isPrivate(document, node);
  return result;
}

function isForSignatures(document: JsonDocument, node: i32): bool {
  const use = optionalText(document, node, USE);
  return use == NONE || equalIgnoreCase(use, SIG) || equal(use, JWT_SVID);
}

/**
 * Whether `key_ops` leaves the key for signatures. "sign" is what some issuers write on the public
 * half. A list without texts in it says nothing.
 */
function mayVerify(document: JsonDocument, operations: i32): bool {
  let saysOther = false;
  for (
    let child = document.is(operations, JsonKind.Array) ? document.first(operations) : -1;
    child >= 0;
    child = document.after(child, operations)
  ) {
    const operation = document.text(child);
    if (operation == NONE) continue;
    if (equal(operation, VERIFY) || equal(operation, SIGN)) return true;
    saysOther = true;
  }
  return !saysOther;
}
