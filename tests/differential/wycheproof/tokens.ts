// What lib/jose says to Wycheproof's tokens and keys, and where it says otherwise than
// Wycheproof, with the reason.
import { verifySignature } from "../../../deploy/emulator/foreign.ts";
import type { Machine } from "../compile.ts";
import { type Case, type File, type Group, Tally, hex } from "./corpus.ts";

export interface Exports {
  readKeys(json: bigint): number;
  algorithmsOfFirst(): number;
  verify(token: bigint): number;
  publicKeyInfo(out: number): number;
  derSignature(concatenated: bigint, out: number): number;
}

/** Of JwtStatus. */
const OK = 0;

const EMPTY_PAYLOAD =
  "RFC 7515 has empty payloads; a JWT's is a JSON object, so an empty part is bad form here";
const OTHER_ALG =
  "the token is PS384 and the key's `alg` PS256: RFC 7517 section 4.4 has the key for that alone";
const NO_SUCH_ALG =
  "the key's `alg` is ES521, which is none (RFC 7518 has ES512): a key with an unknown `alg` is left out";
const SAME_AS_357 = "the token is letter by letter that of case 357, which is valid";
const NOT_BASE64URL =
  "a `?` inside the encoding: RFC 7515 section 2 has no other characters, and one token one spelling";
const MIXED = "which kinds of key a provider takes is its `algorithms`; HS ones only when listed";
const SAME_KID = "RFC 7517 section 4.5 allows it; the one whose encoding is sound is taken";

/** By `file#tcId`. */
const differences: Record<string, string> = {
  "json_web_key#1": MIXED,
  "json_web_key#4": SAME_KID,
  "json_web_signature#259": EMPTY_PAYLOAD,
  "json_web_signature#264": EMPTY_PAYLOAD,
  "json_web_signature#268": EMPTY_PAYLOAD,
  "json_web_signature#272": EMPTY_PAYLOAD,
  "json_web_signature#320": EMPTY_PAYLOAD,
  "json_web_signature#325": EMPTY_PAYLOAD,
  "json_web_signature#346": OTHER_ALG,
  "json_web_signature#347": NO_SUCH_ALG,
  "json_web_signature#350": OTHER_ALG,
  "json_web_signature#351": NO_SUCH_ALG,
  "json_web_signature#367": SAME_AS_357,
  "json_web_signature#370": SAME_AS_357,
  "json_web_signature#372": NOT_BASE64URL,
  "json_web_signature#373": NOT_BASE64URL,
};

/** Asks about every token of these files; a difference that is listed but gone is wrong, too. */
export function judgeTokens(machine: Machine<Exports>, files: File[], tally = new Tally()): Tally {
  for (const file of files.filter(({ name }) => name.startsWith("json_web_"))) {
    for (const group of file.testGroups) {
      const evaluate = tokenCheck(machine, group);
      for (const test of group.tests) {
        const isOther = `${file.name}#${test.tcId}` in differences;
        tally.add(file, test, evaluate(test), (test.result === "valid") !== isOther);
      }
    }
  }
  return tally;
}

/**
 * Asks OpenSSL about every signature of those algorithms that a host can verify, in the form in
 * which the host gets it; the keys' form must be Wycheproof's to the byte.
 */
export function judgeHostForms(
  machine: Machine<Exports>,
  files: File[],
  tally = new Tally(),
): Tally {
  for (const file of files.filter(({ name }) => /^ecdsa_.*_p1363$|^rsa_signature_/.test(name))) {
    for (const group of file.testGroups) {
      const info = publicKeyInfo(machine, group);
      const isSame = info.equals(hex(group.publicKeyDer!));
      const evaluate = hostCheck(machine, group, info);
      for (const test of group.tests)
        tally.add(file, test, isSame && evaluate(test), test.result === "valid");
    }
  }
  return tally;
}

/** Whether lib/jose reads the public keys of ECDH: a point that is on no curve of JWS is none. */
export function judgePoints(machine: Machine<Exports>, files: File[], tally = new Tally()): Tally {
  for (const file of files.filter(({ name }) => name.startsWith("ecdh_"))) {
    for (const test of file.testGroups.flatMap(({ tests }) => tests)) {
      const isRead = readKeys(machine, { keys: [test.public] }) === OK;
      // Good keys, but not for the other side's curve.
      const isOfOther =
        /WrongCurve|ModifiedGroup/.test(test.flags.join()) &&
        /^P-(256|384|521)$/.test(test.public!.crv);
      tally.add(file, test, isRead, test.result !== "invalid" || isOfOther);
    }
  }
  return tally;
}

/** Whether each token of a group holds with the group's keys. */
function tokenCheck(machine: Machine<Exports>, group: Group): (test: Case) => boolean {
  const key = (group.public ?? group.private)!;
  readKeys(machine, "keys" in key ? key : { keys: [key] });
  return (test) => {
    machine.clear();
    return machine.exports.verify(machine.put(Buffer.from(test.jws!))) === OK;
  };
}

/** The length of r‖s is checked before the host is asked, as in the filter. */
function hostCheck(machine: Machine<Exports>, group: Group, info: Buffer): (test: Case) => boolean {
  const width = group.publicKey!.uncompressed && hex(group.publicKey!.uncompressed).length - 1;
  return (test) => {
    const signature = hex(test.sig!);
    if (width && signature.length !== width) return false;
    const form = width ? derOf(machine, signature) : signature;
    const parts = [
      Buffer.from(group.sha!.replace("-", "").toLowerCase()),
      info,
      form,
      hex(test.msg!),
    ];
    const answer = verifySignature(Buffer.concat(parts.map((part, i) => field(i + 1, part))));
    return answer.result?.[0] === 0x08;
  };
}

/** The SubjectPublicKeyInfo that lib/jose makes of a group's key. */
function publicKeyInfo(machine: Machine<Exports>, group: Group): Buffer {
  readKeys(machine, { keys: [jwkOf(group)] });
  const out = machine.room(2048);
  return machine.read(out, machine.exports.publicKeyInfo(out));
}

function jwkOf({ publicKey }: Group): object {
  const { uncompressed, modulus, publicExponent } = publicKey!;
  if (!uncompressed) return { kty: "RSA", n: base64url(modulus!), e: base64url(publicExponent!) };
  const half = (uncompressed.length - 2) / 2;
  const crv = { 64: "P-256", 96: "P-384", 132: "P-521" }[half];
  return {
    kty: "EC",
    crv,
    x: base64url(uncompressed.slice(2, 2 + half)),
    y: base64url(uncompressed.slice(2 + half)),
  };
}

const base64url = (text: string) => hex(text).toString("base64url");

/** OK, or why not all keys were read. */
function readKeys(machine: Machine<Exports>, keys: object): number {
  machine.clear();
  return machine.exports.readKeys(machine.put(Buffer.from(JSON.stringify(keys))));
}

function derOf(machine: Machine<Exports>, concatenated: Buffer): Buffer {
  machine.clear();
  const out = machine.room(256);
  return machine.read(out, machine.exports.derSignature(machine.put(concatenated), out));
}

/** A length-delimited protobuf field of at most 16,383 bytes. */
function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([
    Buffer.of((number << 3) | 2, (bytes.length & 127) | 128, bytes.length >> 7),
    bytes,
  ]);
}
