// A JWK set (RFC 7517 section 5): the keys of it that are of use. One bad key does not spoil the
// others; none left does.
import { Bytes, lengthOf, text } from "../bytes";
import { JsonDocument, JsonKind } from "../json/document";
import { Key } from "./key";
import { readJwk } from "./jwk";
import { JwkStatus, describeJwk } from "./jwk-status";
import { decimal } from "../writer";

/** More than any issuer has; the size of the text bounds the work of reading it. */
export const KEYS_MAX = 1_000;
export const JWKS_BYTES_MAX = 1024 * 1024;
const JWKS_DEPTH_MAX = 16;

const KEYS = text("keys");

export const enum KeySetStatus {
  Ok = 0,
  TooLarge,
  NotJson,
  /** No object, or one without `keys`. */
  NoKeys,
  KeysNotArray,
  /** More than 1,000. */
  TooManyKeys,
  /** Not one that can be used. */
  NoValidKeys,
}


@final
export class KeySet {
  readonly keys: Key[] = [];
  /** What was wrong with the first key that was left out, and at which position; -1: none was. */
  firstBad: i32 = -1;
  firstBadStatus: JwkStatus = JwkStatus.Ok;

  get count(): i32 {
    return this.keys.length;
  }

  /** Reads a set; the bytes are not needed afterwards. */
  read(json: Bytes): KeySetStatus {
    if (lengthOf(json) > JWKS_BYTES_MAX) return KeySetStatus.TooLarge;
    const document = new JsonDocument();
    if (!document.parse(json, JWKS_BYTES_MAX, JWKS_DEPTH_MAX)) return KeySetStatus.NotJson;
    return this.take(document, 0);
  }

  /** Reads the set in row `node` of a document. */
  take(document: JsonDocument, node: i32): KeySetStatus {
    const keys = document.find(node, KEYS);
    if (keys < 0) return KeySetStatus.NoKeys;
    if (!document.is(keys, JsonKind.Array)) return KeySetStatus.KeysNotArray;
    if (document.size(keys) > KEYS_MAX) return KeySetStatus.TooManyKeys;
    let index = 0;
    for (
      let child = document.first(keys);
      child >= 0;
      child = document.after(child, keys), index++
    ) {
      const result = readJwk(document, child);
      const key = result.key;
      if (key !== null) this.keys.push(key);
      else if (this.firstBad < 0) this.noteBad(index, result.status);
    }
    return this.keys.length > 0 ? KeySetStatus.Ok : KeySetStatus.NoValidKeys;
  }

  private noteBad(index: i32, status: JwkStatus): void {
    this.firstBad = index;
    this.firstBadStatus = status;
  }

  /** What to tell people about keys left out; empty when there are none. */
  describeBad(): string {
    if (this.firstBad < 0) return "";
    return "/keys/" + decimal(this.firstBad) + ": " + describeJwk(this.firstBadStatus);
  }
}

/** For people; some in the native filter's words. */
export function describeKeySet(status: KeySetStatus): string {
  switch (status) {
    case KeySetStatus.TooLarge:
      return "Jwks is larger than 1 MiB";
    case KeySetStatus.NotJson:
      return "Jwks is an invalid JSON";
    case KeySetStatus.NoKeys:
      return "Jwks does not have [keys] field";
    case KeySetStatus.KeysNotArray:
      return "[keys] in Jwks is not an array";
    case KeySetStatus.TooManyKeys:
      return "Jwks has more than 1000 keys";
    case KeySetStatus.NoValidKeys:
      return "Jwks doesn't have any valid public key";
    default:
      return "Jwks is not usable";
  }
}
