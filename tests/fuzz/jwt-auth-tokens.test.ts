// Damaged and oversized tokens: each is refused for a reason with a name, at once, and no machine
// traps.
import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import { Proxy } from "../../deploy/emulator/proxy.ts";
import { Module } from "../../deploy/emulator/vm.ts";
import { type ForgeKey, forge, jwksOf, keyOfEach, signed } from "../envoy/jwt-forge.ts";
import { Random } from "../support/random.ts";

const ISSUER = "https://auth.example.com";
const keys = keyOfEach();
const module = Module.load("build/jwt-auth.wasm");

const provider = {
  name: "main",
  issuer: ISSUER,
  jwks: jwksOf(...Object.values(keys)),
  algorithms: Object.keys(keys),
  fromHeaders: [{ name: "authorization", prefix: "Bearer " }],
  outputClaimToHeaders: [{ header: "x-sub", claim: "sub" }],
};

/** A machine that says what becomes of a token; `foreignFunctions` as the host has them. */
function evaluate(more: object = {}, foreignFunctions?: string[]) {
  const proxy = new Proxy({ foreignFunctions });
  const config = { providers: [{ ...provider, ...more }], maxVerificationsPerSecond: 1_000_000 };
  proxy.install({ module, config });
  return {
    ask(token: string | Uint8Array) {
      const value = Buffer.concat([Buffer.from("Bearer "), Buffer.from(token as string)]);
      const stream = proxy.exchange({ headers: [["authorization", value]] as never });
      const trap = proxy.log.find(({ level }) => level === "critical");
      assert.equal(trap, undefined, `${trap?.message}: ${value.toString("latin1").slice(0, 200)}`);
      return {
        status: stream.responseCode,
        reason: stream.filterState.get("gatehouse_reason")?.toString(),
        claims: stream.filterState.get("gatehouse_claims")?.toString(),
      };
    },
  };
}

const good = (key: ForgeKey, more: object = {}) =>
  forge(key, { iss: ISSUER, sub: "someone", exp: Math.floor(Date.now() / 1000) + 3600, ...more });

/**
 * Every truncation, and one flipped bit in every byte; which bit goes round, so that all of them
 * come.
 */
function* damaged(token: string): Generator<Buffer> {
  const bytes = Buffer.from(token);
  for (let length = 0; length < bytes.length; length++) yield bytes.subarray(0, length);
  for (let at = 0; at < bytes.length; at++) {
    const copy = Buffer.from(bytes);
    copy[at]! ^= 1 << (at % 8);
    yield copy;
  }
}

function refuseAllDamaged(key: ForgeKey, { ask }: ReturnType<typeof evaluate>): void {
  const token = good(key);
  assert.equal(ask(token).status, 200);
  for (const bytes of damaged(token)) {
    const { status, reason, claims } = ask(bytes);
    assert.equal(status, 401, bytes.toString("latin1"));
    assert.ok(reason, bytes.toString("latin1"));
    assert.equal(claims, undefined);
  }
  assert.equal(ask(token).status, 200);
}

describe("a token cut short or with a flipped bit at any byte is refused", () => {
  const running = evaluate();
  for (const [name, key] of Object.entries(keys)) it(name, () => refuseAllDamaged(key, running));
});

describe("and on a host that cannot verify", () => {
  const running = evaluate({ algorithms: ["RS256", "ES256", "ES384"] }, []);
  for (const name of ["RS256", "ES256", "ES384"])
    it(name, () => refuseAllDamaged(keys[name]!, running));
});

test("ES512 is refused by the configuration on a host that cannot verify, and by the token where it is not listed", () => {
  assert.throws(
    () => evaluate({ algorithms: ["ES512"] }, []),
    /\/providers\/0\/algorithms: expected no ES512/,
  );
  assert.equal(
    evaluate({ algorithms: undefined }, []).ask(good(keys.ES512!)).reason,
    "alg_not_allowed",
  );
});

test("random bytes, and random bytes between dots, are refused", () => {
  const { ask } = evaluate();
  const random = new Random(4711);
  for (let i = 0; i < 2_000; i++) {
    const parts = Array.from({ length: 1 + random.below(4) }, () =>
      random.bytes(random.below(60)).toString("base64url"),
    );
    assert.equal(ask(parts.join(".")).status, 401);
    const raw = random
      .bytes(1 + random.below(200))
      .map((byte) => (byte === 0 || byte === 10 || byte === 13 ? 1 : byte));
    assert.notEqual(ask(raw).status, 200);
  }
});

test("headers and payloads of random JSON, well signed, are refused or read, and never a trap", () => {
  const { ask } = evaluate();
  const random = new Random(815);
  const pieces = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"',
    '"iss"',
    `"${ISSUER}"`,
    '"exp"',
    "1e400",
    "-0",
    "18446744073709551616",
  ];
  const more = [
    "null",
    "true",
    '"\\ud800"',
    '"\\u0000"',
    " ",
    '"aud"',
    '"alg"',
    '"RS256"',
    '"kid"',
    "9".repeat(300),
    "\u00e9",
  ];
  const text = () =>
    Array.from({ length: random.below(14) }, () => random.one([...pieces, ...more])).join("");
  const key = keys.HS256!;
  for (let i = 0; i < 3_000; i++) {
    ask(forge(key, `{"iss":"${ISSUER}",${text()}}`));
    ask(forge(key, { iss: ISSUER }, `{"alg":"HS256",${text()}}`));
  }
});

describe("what is too large is refused at once", () => {
  const { ask } = evaluate();
  const deep = "[".repeat(10_000) + "]".repeat(10_000);
  const large = evaluate({});
  it("a token over maxTokenBytes, of one byte more", () => {
    const token = good(keys.HS256!, { filler: "" });
    const room = 61_440 - token.length;
    const filler = "x".repeat(Math.floor((room * 3) / 4));
    assert.equal(ask(good(keys.HS256!, { filler })).status, 200);
    assert.equal(ask(good(keys.HS256!, { filler: filler + "xxxx" })).reason, "too_long");
  });
  it("10,000 levels of JSON", () => {
    const small = "[".repeat(2_900) + "]".repeat(2_900);
    assert.equal(
      large.ask(forge(keys.HS256!, `{"iss":"${ISSUER}","a":${small}}`)).reason,
      "payload_bad_json",
    );
    assert.equal(
      large.ask(forge(keys.HS256!, { iss: ISSUER }, `{"alg":"HS256","a":${small}}`)).reason,
      "header_bad_json",
    );
    const proxy = new Proxy();
    const config = { providers: [provider], cache: { maxTokenBytes: 65536 } };
    proxy.install({ module, config });
    for (const token of [
      forge(keys.HS256!, `{"a":${deep}}`),
      forge(keys.HS256!, { iss: ISSUER }, `{"a":${deep}}`),
    ]) {
      const started = performance.now();
      const stream = proxy.exchange({ headers: { authorization: `Bearer ${token}` } });
      assert.equal(stream.responseCode, 401);
      assert.match(stream.filterState.get("gatehouse_reason")!.toString(), /_bad_json$/);
      assert.ok(performance.now() - started < 1_000);
    }
  });
  it("a header of 90 kB", () => {
    assert.equal(ask("a".repeat(90_000)).reason, "too_long");
    assert.equal(ask("a.".repeat(45_000)).reason, "too_long");
    assert.equal(ask("a,".repeat(45_000)).reason, "too_many_tokens");
    assert.equal(ask("a,Bearer b,".repeat(9_000)).status, 400);
  });
  it("a key name, a claim and a type of thousands of bytes", () => {
    const long = "k".repeat(4_000);
    assert.equal(ask(forge(keys.HS256!, { iss: ISSUER }, { kid: long })).reason, "key_not_found");
    assert.equal(
      ask(forge(keys.HS256!, { iss: ISSUER }, { typ: long })).reason,
      "typ_not_accepted",
    );
    assert.equal(ask(forge(keys.HS256!, { iss: long })).reason, "issuer_unknown");
  });
});

test("a signature over another token's parts is refused", () => {
  const { ask } = evaluate();
  const [header, payload] = good(keys.ES256!).split(".");
  const other = good(keys.ES256!, { sub: "admin" }).split(".")[1];
  assert.equal(ask(signed(keys.ES256!, `${header}.${payload}`)).status, 200);
  const signature = signed(keys.ES256!, `${header}.${payload}`).split(".")[2];
  assert.equal(ask(`${header}.${other}.${signature}`).reason, "verification_fails");
});
