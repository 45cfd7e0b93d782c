// Reads `jwks` of a provider: text, or the object itself.
import { Cursor } from "../../../lib/config/reader";
import { JsonKind } from "../../../lib/json/document";
import { KeySet, KeySetStatus, describeKeySet } from "../../../lib/jose/key-set";

/** The keys; where one is of no use the configuration still loads, but not where all are. */
export function readInlineKeys(provider: Cursor): KeySet {
  const at = provider.value("jwks");
  const keys = new KeySet();
  const isText = at.kind == JsonKind.String;
  if (!isText && at.kind != JsonKind.Object) at.refuse("", "expected a key set: text or an object");
  const status = keys.read(isText ? at.document.text(at.node) : at.document.source(at.node));
  if (status != KeySetStatus.Ok) refuseKeys(at, keys, status);
  return keys;
}

function refuseKeys(at: Cursor, keys: KeySet, status: KeySetStatus): void {
  const bad = keys.describeBad();
  at.refuse(
    "",
    "expected a key set; " + describeKeySet(status) + (bad.length > 0 ? " (" + bad + ")" : ""),
  );
}
