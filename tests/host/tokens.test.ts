// Test keys, tokens and `verify_signature`: node:crypto must agree with what jose signed, and see
// every forgery.
import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { describe, it, test } from "node:test";
import * as jose from "jose";
import { Status } from "../../deploy/emulator/abi.ts";
import { verifySignature } from "../../deploy/emulator/foreign.ts";
import {
  type KeyName,
  fillPlaceholders,
  jwks,
  keyNamed,
  keyNames,
  token,
  tokenFromWords,
} from "../support/tokens.ts";

describe("test keys", () => {
  for (const name of keyNames) {
    it(`${name} signs what jose verifies`, async () => {
      const { jwk } = await keyNamed(name);
      const verified = await jose.jwtVerify(
        await token({ key: name, claims: { sub: "a" } }),
        await jose.importJWK(jwk),
      );
      assert.equal(verified.payload.sub, "a");
    });
  }
});

test("a public key set holds no secret", async () => {
  const { keys } = await jwks();
  assert.ok(keys.length > 5);
  for (const key of keys)
    assert.deepEqual([key.d, key.k, key.p], [undefined, undefined, undefined]);
});

test("placeholders become tokens, key sets and secrets anywhere in a document", async () => {
  const filled = await fillPlaceholders(
    {
      list: [
        'Bearer {{token issuer=me audience=a,b exp=+10s level=3 roles=["x y"] name=none key=es1}}!',
      ],
      set: "{{jwks rs1}}",
      text: "keys: {{jwks es1}}",
      secret: "{{secret hs1}}",
      plain: 7,
    },
    1000,
  );
  const compact = filled.list[0]!.slice("Bearer ".length, -1);
  assert.deepEqual(jose.decodeJwt(compact), {
    iss: "me",
    aud: ["a", "b"],
    exp: 1010,
    level: 3,
    roles: ["x y"],
  });
  assert.equal((filled.set as unknown as { keys: jose.JWK[] }).keys[0]!.kid, "rs1");
  assert.match(filled.text, /^keys: \{"keys":\[\{.*"kid":"es1"/);
  assert.equal(Buffer.from(filled.secret, "base64url").length, 32);
  assert.equal(filled.plain, 7);
});

test("a tampered token does not verify", async () => {
  const key = await jose.importJWK((await keyNamed("rs1")).jwk);
  for (const how of ["signature", "payload", "none"]) {
    const forged = await tokenFromWords([`tamper=${how}`], 0);
    await assert.rejects(jose.jwtVerify(forged, key, { currentDate: new Date(0) }), Error, how);
  }
  await assert.rejects(tokenFromWords(["tamper=else"], 0));
});

describe("verify_signature", () => {
  const field = (number: number, bytes: Buffer) =>
    Buffer.concat([
      Buffer.from([(number << 3) | 2, (bytes.length & 127) | 128, bytes.length >> 7]),
      bytes,
    ]);
  const derOf = async (name: KeyName) =>
    createPublicKey({ key: (await keyNamed(name)).jwk as never, format: "jwk" }).export({
      format: "der",
      type: "spki",
    });

  async function ask(name: KeyName, change: (parts: Buffer[]) => void = () => undefined) {
    const [head, payload, signature] = (await token({ key: name, claims: { a: 1 } })).split(
      ".",
    ) as [string, string, string];
    let raw = Buffer.from(signature, "base64url");
    if (name.startsWith("es")) raw = Buffer.from(ecdsaDer(raw));
    const parts = [
      Buffer.from("sha256"),
      await derOf(name),
      raw,
      Buffer.from(`${head}.${payload}`),
    ];
    change(parts);
    return verifySignature(Buffer.concat(parts.map((part, i) => field(i + 1, part))));
  }

  /** r‖s as the DER sequence that the function wants. */
  function ecdsaDer(raw: Buffer): Buffer {
    const half = raw.length / 2;
    const integer = (bytes: Buffer) => {
      const from = bytes.findIndex((byte) => byte !== 0);
      const trimmed = bytes.subarray(from);
      const value = trimmed[0]! & 0x80 ? Buffer.concat([Buffer.from([0]), trimmed]) : trimmed;
      return Buffer.concat([Buffer.from([2, value.length]), value]);
    };
    const body = Buffer.concat([integer(raw.subarray(0, half)), integer(raw.subarray(half))]);
    return Buffer.concat([Buffer.from([0x30, body.length]), body]);
  }

  for (const name of ["rs1", "es1"] as const) {
    it(`holds for ${name}, and for no other text, signature, hash or key`, async () => {
      assert.deepEqual(await ask(name), { status: Status.Ok, result: Buffer.from([8, 1]) });
      const forgeries: ((parts: Buffer[]) => void)[] = [
        (parts) => (parts[3] = Buffer.from("other")),
        (parts) => (parts[2] = Buffer.alloc(10)),
        (parts) => (parts[0] = Buffer.from("sha512")),
        (parts) => (parts[0] = Buffer.from("md5")),
      ];
      for (const change of forgeries) assert.equal((await ask(name, change)).result![0], 0x12);
      const other = await derOf(name === "rs1" ? "rs2" : "es2");
      assert.equal((await ask(name, (parts) => (parts[1] = other))).result![0], 0x12);
    });
  }

  it("refuses a key that is none and bytes that are no message", async () => {
    assert.deepEqual(await ask("rs1", (parts) => (parts[1] = Buffer.from("key"))), {
      status: Status.BadArgument,
    });
    assert.deepEqual(verifySignature(Buffer.from([0x0a, 0x50, 1])), { status: Status.BadArgument });
  });
});
