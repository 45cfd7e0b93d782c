// The foreign functions that Envoy offers and the filters use. `verify_signature` is done by
// OpenSSL through node:crypto, so a result here comes from another implementation than the one
// in the module.
import { type KeyObject, createPublicKey, verify } from "node:crypto";
import { Status } from "./abi.ts";

export interface ForeignResult {
  status: number;
  result?: Buffer;
}

export type ForeignFunction = (argument: Buffer) => ForeignResult;

/** BoringSSL knows these for this function; any other name makes the verification fail. */
const hashes = ["sha1", "sha224", "sha256", "sha384", "sha512"];

/**
 * `verify_signature`: 1 hash name, 2 SubjectPublicKeyInfo DER, 3 signature, 4 text → 1 bool, 2
 * error. RSA is PKCS#1 v1.5, ECDSA wants DER. BadArgument for a key that does not parse.
 */
export function verifySignature(argument: Buffer): ForeignResult {
  const fields = readFields(argument);
  if (!fields) return { status: Status.BadArgument };
  const key = publicKey(fields.get(2) ?? Buffer.alloc(0));
  if (!key) return { status: Status.BadArgument };
  const hash = (fields.get(1) ?? Buffer.alloc(0)).toString("latin1");
  const valid = hashes.includes(hash) && isValid(hash, key, fields);
  return {
    status: Status.Ok,
    result: valid ? Buffer.from([0x08, 0x01]) : failure("Failed to verify digest"),
  };
}

function isValid(hash: string, key: KeyObject, fields: Map<number, Buffer>): boolean {
  try {
    return verify(hash, fields.get(4) ?? Buffer.alloc(0), key, fields.get(3) ?? Buffer.alloc(0));
  } catch {
    return false;
  }
}

function publicKey(der: Buffer): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: der, format: "der", type: "spki" });
    return ["rsa", "ec"].includes(key.asymmetricKeyType ?? "") ? key : undefined;
  } catch {
    return undefined;
  }
}

function failure(error: string): Buffer {
  return Buffer.concat([Buffer.from([0x12, error.length]), Buffer.from(error)]);
}

/**
 * Length-delimited protobuf fields by number, the last of each; undefined when the bytes are no
 * such message.
 */
function readFields(data: Buffer): Map<number, Buffer> | undefined {
  const fields = new Map<number, Buffer>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 35 && at < data.length; shift += 7) {
      const byte = data[at++]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return -1;
  };
  while (at < data.length) {
    const tag = varint();
    const length = varint();
    if (tag < 0 || (tag & 7) !== 2 || length < 0 || at + length > data.length) return undefined;
    fields.set(tag >>> 3, data.subarray(at, at + length));
    at += length;
  }
  return fields;
}
