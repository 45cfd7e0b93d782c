// Cuts the small fixture out of the whole corpus: `node tests/differential/wycheproof/cut.ts
// <folder of the vectors>`. Of each file a few cases of every kind, fewer where they are long;
// the services' suite runs them all.
import { writeFileSync } from "node:fs";
import { type Case, type File, type Group, fixture, readCorpus } from "./corpus.ts";

/** The pairs of curve and hash that JWS has, and of RSA each hash once and some lengths. */
const chosen = [
  /^ecdsa_secp(256r1_sha256|384r1_sha384|521r1_sha512)_p1363$/,
  /^ecdsa_secp256r1_sha256$/,
  /^(ed25519|hmac|json)/,
  /^rsa_signature_(2048_sha\d+|3072_sha256|4096_sha256)$/,
  /^rsa_pss_(2048_.*|4096_sha512_mgf1_64|misc)$/,
];

/** Cases of one kind, by the hexadecimal digits of a signature. */
const MOST_SHORT = 3;
const MOST_LONG = 1;
const LONG = 256;

function cut(file: File): File {
  const taken = new Map<string, number>();
  const isWanted = (group: Group, test: Case): boolean => {
    const isOwnKind = test.flags.length === 0 || file.name === "json_web_key";
    const kind = [...test.flags, test.result, isOwnKind ? test.comment : "", group.comment].join();
    const count = taken.get(kind) ?? 0;
    taken.set(kind, count + 1);
    const length = (test.sig ?? test.tag ?? "").length;
    return count < (isOwnKind || length > LONG ? MOST_LONG : MOST_SHORT);
  };
  const testGroups = file.testGroups.map((group) => slim(group, (test) => isWanted(group, test)));
  return { name: file.name, testGroups: testGroups.filter((group) => group.tests.length > 0) };
}

/** What the checks read, and nothing else; a private key only where it is the secret of HMAC. */
function slim(group: Group, isWanted: (test: Case) => boolean): Group {
  const { type, comment, sha, mgfSha, sLen, tagSize, publicKey, publicKeyDer, tests } = group;
  const { uncompressed, modulus, publicExponent, pk } = publicKey ?? {};
  return {
    ...{ type, comment, sha, mgfSha, sLen, tagSize, publicKeyDer },
    publicKey: publicKey && { uncompressed, modulus, publicExponent, pk },
    ...(group.public ? { public: group.public } : group.private ? { private: group.private } : {}),
    tests: tests.filter(isWanted),
  };
}

const folder = process.argv[2];
if (!folder)
  throw new Error("usage: node tests/differential/wycheproof/cut.ts <folder of the vectors>");
const files = readCorpus(folder).filter(({ name }) => chosen.some((pattern) => pattern.test(name)));
// A line for each case, so that a change shows which.
const lines = files.map(cut).map(({ name, testGroups }) => {
  const groups = testGroups.map(({ tests, ...group }) => {
    const head = JSON.stringify(group).slice(0, -1);
    return `${head},"tests":[\n${tests.map((test) => JSON.stringify(test)).join(",\n")}]}`;
  });
  return `{"name":${JSON.stringify(name)},"testGroups":[\n${groups.join(",\n")}]}`;
});
writeFileSync(fixture, `[\n${lines.join(",\n")}\n]\n`);
