// Keys from an environment variable: an HMAC secret as it is, or a key set as JSON or PEM.
import { Bytes, NONE, at, lengthOf } from "../../../lib/bytes";
import { secretKey } from "../../../lib/jose/public-key";
import { describeJwk } from "../../../lib/jose/jwk-status";
import { KeySet, KeySetStatus, describeKeySet } from "../../../lib/jose/key-set";
import { isPem } from "../../../lib/jose/pem";
import { Provider } from "../provider";

const BRACE: u8 = 0x7b;

/**
 * Gives the provider the keys in `value`; what is wrong with them, or nothing. The value itself
 * is never shown.
 */
export function readSecret(provider: Provider, value: Bytes): string {
  if (value == NONE || lengthOf(value) == 0) return "expected a variable that vmConfig.env sets";
  const keys = new KeySet();
  if (at(value, 0) == BRACE || isPem(value)) {
    const status = keys.read(value);
    if (status != KeySetStatus.Ok)
      return "expected a key set in the variable; " + describeKeySet(status);
  } else {
    const result = secretKey(value);
    const key = result.key;
    if (key === null) return "expected a secret in the variable; " + describeJwk(result.status);
    if ((provider.algorithms & key.algorithms) == 0)
      return "expected algorithms to list HS256, HS384 or HS512 for it";
    keys.keys.push(key);
  }
  provider.inlineKeys = keys;
  return "";
}
