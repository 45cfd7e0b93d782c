// A set of keys: a JWK set (RFC 7517 section 5), a map of key id to certificate, or PEM. One bad
// key does not spoil the others; a set without a usable key is refused.
import { Bytes, lengthOf, owned, slice, startsWith, text } from "../bytes";
import { JsonDocument, JsonKind } from "../json/document";
import { decimal } from "../writer";
import { readJwk } from "./jwk";
import { JwkResult, JwkStatus, describeJwk } from "./jwk-status";
import { Key } from "./key";
import { PemReader, isPem } from "./pem";

/** More than any issuer has; the size of the text bounds the work of reading it. */
export const KEYS_MAX = 1_000;
export const JWKS_BYTES_MAX = 1024 * 1024;
const JWKS_DEPTH_MAX = 16;

/** More are counted, not named. */
const LEFT_OUT_NAMED_MAX = 20;

const KEYS = text("keys");
/** UTF-8's mark that some servers put first (RFC 8259 section 8.1: a parser may ignore it). */
const BYTE_ORDER_MARK = text("\u{feff}");

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

/** A key of a set that is not used, and why. */
@final
export class LeftOutKey {
  constructor(
    /** `/keys/3` of a set; of other forms `/3`. */
    readonly place: string,
    readonly status: JwkStatus,
  ) {}
}


@final
export class KeySet {
  readonly keys: Key[] = [];
  /** The first of those left out, and how many there are. */
  readonly leftOut: LeftOutKey[] = [];
  leftOutCount: i32 = 0;
  /** Where the first private key is; empty: there is none. */
  privateKeyPlace: string = "";

  get count(): i32 {
    return this.keys.length;
  }

  /** Reads a set in any form; the bytes are not needed afterwards. */
  read(source: Bytes): KeySetStatus {
    if (lengthOf(source) > JWKS_BYTES_MAX) return KeySetStatus.TooLarge;
    if (isPem(source)) return this.readPem(source);
    const document = new JsonDocument();
    const json = startsWith(source, BYTE_ORDER_MARK) ? slice(source, 3) : source;
    if (!document.parse(json, JWKS_BYTES_MAX, JWKS_DEPTH_MAX)) return KeySetStatus.NotJson;
    const keys = document.find(0, KEYS);
    if (keys >= 0) return this.readJwks(document, keys);
    return areCertificates(document) ? this.readCertificates(document) : KeySetStatus.NoKeys;
  }

  private readJwks(document: JsonDocument, keys: i32): KeySetStatus {
    if (!document.is(keys, JsonKind.Array)) return KeySetStatus.KeysNotArray;
    if (document.size(keys) > KEYS_MAX) return KeySetStatus.TooManyKeys;
    let index = 0;
    let child = document.first(keys);
    for (; child >= 0; child = document.after(child, keys)) {
      this.take(readJwk(document, child), "/keys/", index++);
    }
    return this.status;
  }

  /** A map of key id to certificate, as Google and Firebase publish it. */
  private readCertificates(document: JsonDocument): KeySetStatus {
    if (document.size(0) > KEYS_MAX) return KeySetStatus.TooManyKeys;
    let index = 0;
    for (let child = document.first(0); child >= 0; child = document.after(child, 0)) {
      const result = new PemReader(document.text(child)).next();
      const key = result.key;
      if (key !== null) key.keyId = owned(document.key(child));
      this.take(result, "/", index++);
    }
    return this.status;
  }

  private readPem(source: Bytes): KeySetStatus {
    const blocks = new PemReader(source);
    for (let index = 0; blocks.hasMore; index++) {
      if (index == KEYS_MAX) return KeySetStatus.TooManyKeys;
      this.take(blocks.next(), "/", index);
    }
    return this.status;
  }

  private take(result: JwkResult, place: string, index: i32): void {
    const key = result.key;
    if (key === null) {
      if (this.leftOutCount++ < LEFT_OUT_NAMED_MAX) {
        this.leftOut.push(new LeftOutKey(place + decimal(index), result.status));
      }
      return;
    }
    if (key.hadPrivatePart && this.privateKeyPlace.length == 0) {
      this.privateKeyPlace = place + decimal(index);
    }
    this.keys.push(key);
  }

  private get status(): KeySetStatus {
    return this.keys.length > 0 ? KeySetStatus.Ok : KeySetStatus.NoValidKeys;
  }

  /** What to tell people about keys left out; empty when there are none. */
  describeLeftOut(): string {
    let words = "";
    for (let i = 0; i < this.leftOut.length; i++) {
      const key = this.leftOut[i];
      words += (i > 0 ? "; " : "") + key.place + ": " + describeJwk(key.status);
    }
    const more = this.leftOutCount - this.leftOut.length;
    return more > 0 ? words + "; and " + decimal(more) + " more" : words;
  }
}

/** Whether the document is a map of texts that begin as certificates. */
function areCertificates(document: JsonDocument): bool {
  let child = document.first(0);
  if (child < 0 || !document.is(0, JsonKind.Object)) return false;
  for (; child >= 0; child = document.after(child, 0)) {
    if (lengthOf(document.key(child)) == 0 || !isPem(document.text(child))) return false;
  }
  return true;
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
