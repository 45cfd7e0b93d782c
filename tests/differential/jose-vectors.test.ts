// Tokens and keys through lib/jose: the examples of the RFCs, tokens that the library `jose`
// signs, each of them truncated and bit-flipped, and keys that must not be used.
import assert from "node:assert/strict";
import * as crypto from "node:crypto";
import { before, test } from "node:test";
import { jwks, keyNamed, keyNames } from "../support/tokens.ts";
import * as jose from "jose";
import { type Machine, start } from "./compile.ts";
import { examples } from "./rfc-tokens.ts";
import { readFixture } from "./wycheproof/corpus.ts";
import { type Exports, judgeHostForms, judgeTokens } from "./wycheproof/tokens.ts";

/** Of JwtStatus. */
const OK = 0;

let machine: Machine<Exports>;
before(async () => {
  machine = await start<Exports>("jose");
});

const utf8 = (text: string | Uint8Array) =>
  typeof text === "string" ? new TextEncoder().encode(text) : text;

function readKeys(...keys: unknown[]): number {
  machine.clear();
  return machine.exports.readKeys(machine.put(utf8(JSON.stringify({ keys }))));
}

function verify(token: string | Uint8Array): number {
  machine.clear();
  return machine.exports.verify(machine.put(utf8(token)));
}

/** P-521 is left to the host: our own code takes no such signature for good. */
const isForHostOnly = (token: string) =>
  JSON.parse(Buffer.from(token, "base64url").toString()).alg === "ES512";

test("the examples of RFC 7515, 7520 and 8037 hold, and the host's own agree", () => {
  assert.equal(examples.length, 9);
  for (const { name, key, token } of examples) {
    assert.equal(readKeys(key), OK, name);
    const isHosts = isForHostOnly(token.split(".")[0]!);
    assert.equal(verify(token) === OK, !isHosts, name);
    const [header, payload, signature] = token.split(".") as [string, string, string];
    assert.notEqual(verify(`${header}.${payload}A.${signature}`), OK, name);
  }
});

test("Wycheproof's tokens and keys are decided as it says, but for the differences with a reason", () => {
  const { asked, wrong } = judgeTokens(machine, readFixture());
  assert.deepEqual(wrong, []);
  assert.ok(asked > 150);
});

test("Wycheproof's signatures reach a host in a form that OpenSSL decides as it says", () => {
  const { asked, wrong } = judgeHostForms(machine, readFixture());
  assert.deepEqual(wrong, []);
  assert.ok(asked > 150);
});

test("what the library jose signs holds with its key, and with no other", async () => {
  const set = (await jwks(...keyNames)).keys;
  for (const name of keyNames) {
    const { algorithm, signing } = await keyNamed(name);
    if (algorithm === "ES512") continue;
    const token = await new jose.SignJWT({ sub: "someone" })
      .setProtectedHeader({ alg: algorithm, kid: name })
      .sign(signing);
    readKeys(...set);
    assert.equal(verify(token), OK, name);
    readKeys(...set.filter((key) => key.kid !== name));
    assert.notEqual(verify(token), OK, `${name} without its key`);
    const impostor = set.find((key) => key.kid !== name && key.alg === algorithm);
    if (!impostor) continue;
    readKeys({ ...impostor, kid: name });
    assert.notEqual(verify(token), OK, `${name} with another key of its name`);
  }
});

test("each token is refused when it is cut anywhere, and when any of its bytes is changed", async () => {
  for (const name of ["rs1", "ps1", "es1", "es384", "ed1", "hs1"] as const) {
    const { algorithm, signing, jwk } = await keyNamed(name);
    const token = await new jose.SignJWT({ sub: "someone" })
      .setProtectedHeader({ alg: algorithm })
      .sign(signing);
    readKeys(jwk);
    const bytes = Buffer.from(token);
    assert.equal(verify(bytes), OK, name);
    for (let length = 0; length < bytes.length; length++) {
      assert.notEqual(verify(bytes.subarray(0, length)), OK, `${name} cut to ${length}`);
    }
    for (let at = 0; at < bytes.length; at++) {
      for (const bit of at % 3 === 0 ? [0, 1, 2, 5, 7] : [at & 7]) {
        const changed = Buffer.from(bytes);
        changed[at]! ^= 1 << bit;
        assert.notEqual(verify(changed), OK, `${name}, bit ${bit} of byte ${at}`);
      }
    }
    for (const suffix of ["=", "A", ".", ".A", " ", "\0"])
      assert.notEqual(verify(token + suffix), OK, `${name}${suffix}`);
    assert.notEqual(verify(` ${token}`), OK);
  }
});

test("the last character of a part has one spelling: spare bits must be zero", async () => {
  const { jwk, signing } = await keyNamed("ed1");
  const token = await new jose.SignJWT({ sub: "someone" })
    .setProtectedHeader({ alg: "EdDSA" })
    .sign(signing);
  readKeys(jwk);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  // 64 bytes are 86 characters: the last one has four spare bits.
  const last = alphabet.indexOf(token.at(-1)!);
  assert.equal(last & 15, 0);
  for (let spare = 1; spare < 16; spare++)
    assert.notEqual(verify(token.slice(0, -1) + alphabet[last | spare]), OK);
});

test("an RSA key's modulus is no HMAC secret: a token chooses no other kind of key", async () => {
  const { jwk } = await keyNamed("rs1");
  const pem = crypto.createPublicKey({ key: jwk as crypto.JsonWebKey, format: "jwk" });
  const secrets = [
    Buffer.from(jwk.n!, "base64url"),
    Buffer.from(jwk.n!),
    pem.export({ type: "spki", format: "der" }),
    Buffer.from(pem.export({ type: "spki", format: "pem" }) as string),
  ];
  readKeys(jwk);
  for (const secret of secrets) {
    const token = await new jose.SignJWT({}).setProtectedHeader({ alg: "HS256" }).sign(secret);
    assert.notEqual(verify(token), OK);
  }
  const { alg: _, ...any } = jwk;
  readKeys(any);
  for (const secret of secrets) {
    assert.notEqual(
      verify(await new jose.SignJWT({}).setProtectedHeader({ alg: "HS256" }).sign(secret)),
      OK,
    );
  }
});

test("a key in the header, or an address of one, is not used", async () => {
  const stranger = await jose.generateKeyPair("ES256", { extractable: true });
  const jwk = await jose.exportJWK(stranger.publicKey);
  readKeys((await keyNamed("es1")).jwk);
  for (const extra of [
    { jwk },
    { jku: "https://attacker.example/jwks" },
    { x5u: "https://attacker.example/x5u" },
  ]) {
    const token = await new jose.SignJWT({})
      .setProtectedHeader({ alg: "ES256", ...extra })
      .sign(stranger.privateKey);
    assert.notEqual(verify(token), OK);
  }
});

test("a key without alg takes each algorithm of its kind, one with alg its own alone", async () => {
  const { jwk } = await keyNamed("rs1");
  const { alg: _, ...any } = jwk;
  readKeys(any);
  assert.equal(machine.exports.algorithmsOfFirst(), 0b111111);
  readKeys(jwk);
  assert.equal(machine.exports.algorithmsOfFirst(), 1);
  readKeys({ ...jwk, alg: "PS512" });
  assert.equal(machine.exports.algorithmsOfFirst(), 1 << 5);
});
