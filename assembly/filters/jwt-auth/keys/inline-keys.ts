// Reads `jwks` of a provider: text, or the object itself.
import { Cursor } from "../../../lib/config/reader";
import { JsonKind } from "../../../lib/json/document";
import { KeySet, KeySetStatus, describeKeySet } from "../../../lib/jose/key-set";

const PUBLIC_ONLY = "expected public keys; leave out the members d, p, q, dp, dq and qi";

/** The keys; where one is of no use the configuration still loads, but not where all are. */
export function readInlineKeys(provider: Cursor): KeySet {
  const at = provider.value("jwks");
  const keys = new KeySet();
  const isText = at.kind == JsonKind.String;
  if (!isText && at.kind != JsonKind.Object) at.refuse("", "expected a key set: text or an object");
  const status = keys.read(isText ? at.document.text(at.node) : at.document.source(at.node));
  if (status != KeySetStatus.Ok) refuseKeys(at, keys, status);
  if (keys.privateKeyPlace.length > 0) {
    at.refuse("", "private key at " + keys.privateKeyPlace + "; " + PUBLIC_ONLY);
  }
  return keys;
}

function refuseKeys(at: Cursor, keys: KeySet, status: KeySetStatus): void {
  const bad = keys.describeLeftOut();
  at.refuse(
    "",
    "expected a key set; " + describeKeySet(status) + (bad.length > 0 ? " (" + bad + ")" : ""),
  );
}
