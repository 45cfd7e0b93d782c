// The form of Project Wycheproof's files, and which of them are about what our code does. Knows
// no decision of ours.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

export interface Case {
  tcId: number;
  comment: string;
  flags: string[];
  result: "valid" | "invalid" | "acceptable";
  /** In hexadecimal, as are `sig`, `tag` and `key`. */
  msg?: string;
  sig?: string;
  tag?: string;
  key?: string;
  jws?: string;
  /** A JWK that ECDH is to be done with. */
  public?: { crv: string };
}

/** What a file's groups have beside their cases; each type has some of it. */
export interface Group {
  type: string;
  comment?: string;
  sha?: string;
  mgfSha?: string;
  /** Bytes of salt (RSASSA-PSS). */
  sLen?: number;
  /** Bits of the tag (HMAC). */
  tagSize?: number;
  publicKey?: { uncompressed?: string; modulus?: string; publicExponent?: string; pk?: string };
  publicKeyDer?: string;
  /** JWKs, or sets of them; `private` where the key is a secret. */
  publicKeyJwk?: object;
  keyJwk?: object;
  public?: object;
  private?: object;
  tests: Case[];
}

export interface File {
  /** The source's, without `_test.json`. */
  name: string;
  testGroups: Group[];
}

/**
 * Signatures over the curves, hashes and paddings of JWS, its MACs, keys of its curves as JWKs,
 * and JWS itself.
 */
const wanted = [
  /^ecdh_secp(256|384|521)r1_webcrypto$/,
  /^ecdsa_secp(256r1|384r1)_sha(256|384|512)(_p1363)?$/,
  /^ecdsa_secp521r1_sha512_p1363$/,
  /^ed25519$/,
  /^hmac_sha(256|384|512)$/,
  /^json_web_(key|signature)$/,
  /^rsa_pss_\d+_sha(256|384|512)_mgf1(sha1|sha256)?_\d+$/,
  /^rsa_pss_misc$/,
  /^rsa_signature_\d+_sha(256|384|512)$/,
];

/** A few cases of each kind, cut by cut.ts. */
export const fixture = join(import.meta.dirname, "../fixtures/wycheproof.json");

export function readFixture(): File[] {
  return JSON.parse(readFileSync(fixture, "utf8"));
}

/** The files of a folder that are ours to hold, by name. */
export function readCorpus(folder: string): File[] {
  const names = readdirSync(folder).map((file) => file.replace(/_test\.json$/, ""));
  return names
    .filter((name) => wanted.some((pattern) => pattern.test(name)))
    .sort()
    .map((name) => readFile(folder, name));
}

function readFile(folder: string, name: string): File {
  const { testGroups, algorithm } = JSON.parse(
    readFileSync(join(folder, `${name}_test.json`), "utf8"),
  );
  // The files of HMAC name their hash once, in front.
  const sha = /^HMACSHA(\d+)$/.exec(algorithm)?.[1];
  if (sha) for (const group of testGroups) group.sha = `SHA-${sha}`;
  return { name, testGroups };
}

/** Answers counted, and the cases where an answer was not what it has to be. */
export class Tally {
  asked = 0;
  readonly wrong: string[] = [];

  /**
   * `answer` undefined: there is nothing to ask about the case, which must not be one that holds.
   */
  add(file: File, test: Case, answer: boolean | undefined, expected: boolean): void {
    if (answer !== undefined) this.asked++;
    if ((answer ?? false) !== expected)
      this.wrong.push(`${file.name}#${test.tcId}, ${test.result}: ${test.comment}`);
  }
}

export const hex = (text: string): Buffer => Buffer.from(text, "hex");
