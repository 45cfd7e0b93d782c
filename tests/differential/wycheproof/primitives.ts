// What lib/crypto says to Wycheproof's signatures and tags. JWS has one encoding where Wycheproof
// has several, so DER is read into r‖s first; what is no DER has no JWS form, and there is
// nothing to ask.
import * as crypto from "node:crypto";
import { type HashBits, exports, machine, put } from "../crypto/machine.ts";
import { type Case, type File, type Group, Tally, hex } from "./corpus.ts";

/** Whether a case holds; undefined: it has no form in JWS. */
type Decision = boolean | undefined;
type Check = (test: Case) => Decision;

/**
 * Makes a group's key ready. The evaluate takes the cases of that group, until the next is made.
 */
const checks: Record<string, (group: Group) => Check> = {
  EcdsaP1363Verify: ecdsaCheck,
  EcdsaVerify: (group) => {
    const evaluate = ecdsaCheck(group);
    const width = (hex(group.publicKey!.uncompressed!).length - 1) / 2;
    return (test) => {
      const signature = concatenated(hex(test.sig!), width);
      return signature && evaluate({ ...test, sig: signature.toString("hex") });
    };
  },
  EddsaVerify: (group) => {
    machine.clear();
    exports.ed25519Prepare(put(hex(group.publicKey!.pk!)));
    return (test) => ask((message, signature) => exports.ed25519Verify(message, signature), test);
  },
  MacTest: (group) => (test) => macHolds(group, test),
  RsassaPkcs1Verify: (group) => {
    prepareRsa(group);
    return (test) =>
      ask((message, signature) => exports.rsaVerifyPkcs1(bitsOf(group), message, signature), test);
  },
  RsassaPssVerify: (group) => {
    prepareRsa(group);
    if (!hasJwsHash(group)) return () => undefined;
    return (test) =>
      ask((message, signature) => exports.rsaVerifyPss(bitsOf(group), message, signature), test);
  },
};

/** Asks about every signature and tag of these files. */
export function judgeSignatures(files: File[], tally = new Tally()): Tally {
  for (const file of files) {
    // Our own code has no P-521.
    if (file.name.includes("secp521r1")) continue;
    for (const group of file.testGroups) {
      const evaluate = checks[group.type]?.(group);
      if (evaluate)
        for (const test of group.tests)
          tally.add(file, test, evaluate(test), expected(group, test));
    }
  }
  return tally;
}

/**
 * What a case's decision has to be in JWS. The only "acceptable" ones are PKCS#1 encodings without
 * the NULL of the hash's parameters: RFC 8017 section 8.2.2 compares with the encoding that
 * section 9.2 makes, which has it.
 */
function expected(group: Group, test: Case): boolean {
  if (group.type !== "RsassaPssVerify") return test.result === "valid";
  if (!hasJwsHash(group)) return false;
  if (group.sha === group.mgfSha && group.sLen! * 8 === bitsOf(group))
    return test.result === "valid";
  // Another salt or mask than RFC 7518 section 3.5 has: OpenSSL decides by that section instead.
  const key = crypto.createPublicKey({
    key: hex(group.publicKeyDer!),
    format: "der",
    type: "spki",
  });
  const padding = crypto.constants.RSA_PKCS1_PSS_PADDING;
  const hash = `sha${bitsOf(group)}`;
  return crypto.verify(
    hash,
    hex(test.msg!),
    { key, padding, saltLength: bitsOf(group) / 8 },
    hex(test.sig!),
  );
}

function hasJwsHash({ sha }: Group): boolean {
  return /^SHA-(256|384|512)$/.test(sha!);
}

function bitsOf({ sha }: Group): HashBits {
  return Number(sha!.replace("SHA-", "")) as HashBits;
}

function ask(verify: (message: bigint, signature: bigint) => number, test: Case): boolean {
  machine.clear();
  return verify(put(hex(test.msg!)), put(hex(test.sig!))) === 1;
}

function ecdsaCheck(group: Group): Check {
  const point = hex(group.publicKey!.uncompressed!).subarray(1);
  const width = point.length / 2;
  machine.clear();
  exports.ecdsaPrepare(width * 8, put(point.subarray(0, width)), put(point.subarray(width)));
  return (test) =>
    ask((message, signature) => exports.ecdsaVerify(bitsOf(group), message, signature), test);
}

function prepareRsa({ publicKey }: Group): void {
  machine.clear();
  exports.rsaPrepare(put(hex(publicKey!.modulus!)), put(hex(publicKey!.publicExponent!)));
}

/** JWS has whole tags only: a truncated one is compared here, and must not hold there. */
function macHolds(group: Group, test: Case): Decision {
  const bits = bitsOf(group);
  machine.clear();
  exports.hmacPrepare(bits, put(hex(test.key!)));
  const [message, tag] = [put(hex(test.msg!)), hex(test.tag!)];
  const holds = exports.hmacVerify(message, put(tag)) === 1;
  if (group.tagSize === bits) return holds;
  const out = machine.room(bits / 8);
  exports.hmacSign(message, out);
  return !holds && machine.read(out, tag.length).equals(tag);
}

/** An Ecdsa-Sig-Value as r‖s, if it is DER and both fit. */
function concatenated(der: Buffer, width: number): Buffer | undefined {
  const body = content(der, 0x30);
  if (!body || body.end !== der.length) return undefined;
  const r = content(body.content, 0x02);
  const s = r && content(body.content.subarray(r.end), 0x02);
  if (!s || r.end + s.end !== body.content.length) return undefined;
  const numbers = [r.content, s.content].map((number) => unsigned(number, width));
  return numbers[0] && numbers[1] && Buffer.concat([numbers[0], numbers[1]]);
}

/** What a DER element of that tag holds, and where it ends. */
function content(der: Buffer, tag: number): { content: Buffer; end: number } | undefined {
  const [first, short, long] = [der[0], der[1], der[2]];
  if (first !== tag || short === undefined || short > 0x81 || short === 0x80) return undefined;
  if (short === 0x81 && (long === undefined || long < 0x80)) return undefined;
  const [start, length] = short === 0x81 ? [3, long!] : [2, short];
  return start + length > der.length
    ? undefined
    : { content: der.subarray(start, start + length), end: start + length };
}

function unsigned(integer: Buffer, width: number): Buffer | undefined {
  if (integer.length === 0 || integer[0]! >= 0x80) return undefined;
  if (integer.length > 1 && integer[0] === 0 && integer[1]! < 0x80) return undefined;
  const bytes = integer[0] === 0 ? integer.subarray(1) : integer;
  return bytes.length > width
    ? undefined
    : Buffer.concat([Buffer.alloc(width - bytes.length), bytes]);
}
