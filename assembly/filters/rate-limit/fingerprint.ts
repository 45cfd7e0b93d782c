// A client's key as one number: the parts of it, hashed one after the other under a secret of the
// proxy, so that nobody can choose two keys that share a bucket.
import { Bytes, isPresent, lengthOf } from "../../lib/bytes";
import { siphash } from "../../lib/hash";
import { RequestView } from "../../lib/http/request";
import { KeyPart, REPEATED } from "./key";
import { Secret } from "./secret";

/** What `fingerprint` gives when a part of the key is missing, and when one came more than once. */
export const MISSING: u64 = 0;
export const AMBIGUOUS: u64 = 1;

/** Longer values are hashed once a request, however many limits have them in their keys. */
const LONG_BYTES = 128;

/** The fingerprint of a request's key under the proxy's secret; or MISSING, or AMBIGUOUS. */
export function fingerprint(
  parts: KeyPart[],
  request: RequestView,
  seed: u64,
  secret: Secret,
): u64 {
  let hash = seed;
  let isAmbiguous = false;
  for (let i = 0; i < parts.length; i++) {
    const value = valueOrHash(unchecked(parts[i]), request, secret);
    if (!isPresent(value)) return isAmbiguous ? AMBIGUOUS : MISSING;
    if (value == REPEATED) isAmbiguous = true;
    else hash = siphash(value, secret.k0 ^ hash, secret.k1 + <u64>i);
  }
  if (isAmbiguous) return AMBIGUOUS;
  return hash <= AMBIGUOUS ? 2 : hash;
}

/** A part of the request; of a long one its hash, which no client knows. */
function valueOrHash(part: KeyPart, request: RequestView, secret: Secret): Bytes {
  const known = part.secretHash;
  if (known.isOf(request)) return known.view();
  const value = part.of(request);
  if (lengthOf(value) <= LONG_BYTES) return value;
  return known.keep(
    request,
    siphash(value, secret.k0, secret.k1),
    siphash(value, secret.k1, secret.k0),
  );
}
