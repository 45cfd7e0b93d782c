// jwt-auth on a host that has no `verify_signature`: our own code stands in, and ES512 is refused
// before it is needed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { build } from "../../tools/build.ts";
import { EmulatorError } from "../../deploy/emulator/abi.ts";
import { Clock } from "../../deploy/emulator/clock.ts";
import { Proxy } from "../../deploy/emulator/proxy.ts";
import { Module } from "../../deploy/emulator/vm.ts";
import { type KeyName, jwks, keyNames, token } from "../support/tokens.ts";

await build(["jwt-auth"]);

async function install(provider: object, foreignFunctions: string[] = []): Promise<Proxy> {
  const proxy = new Proxy({ clock: new Clock(), foreignFunctions });
  const config = {
    providers: [{ name: "main", issuer: "main", ...provider }],
    cache: { entries: 0 },
  };
  proxy.install({ name: "jwt-auth", config, module: Module.load("build/jwt-auth.wasm") });
  return proxy;
}

async function statusOf(
  proxy: Proxy,
  key: KeyName,
  change = (text: string) => text,
): Promise<number> {
  const text = change(await token({ key, claims: { iss: "main", exp: 4_000_000_000 } }));
  const stream = proxy.exchange({ headers: { authorization: `Bearer ${text}` } });
  return Number(stream.responseHeaders?.get(":status"));
}

/** Another character in the middle of the signature. */
function flip(text: string): string {
  const at = text.length - 20;
  return text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
}

const own = keyNames.filter((name) => !/^hs|es512/.test(name));

test("every algorithm but ES512 is verified by our own code", async () => {
  const proxy = await install({ jwks: await jwks() });
  for (const key of own) {
    assert.equal(await statusOf(proxy, key), 200, key);
    assert.equal(await statusOf(proxy, key, flip), 401, `${key}, changed`);
  }
  assert.equal(await statusOf(proxy, "es512"), 401);
});

test("with the function the same tokens pass, and ES512 too", async () => {
  const proxy = await install({ jwks: await jwks() }, ["verify_signature"]);
  for (const key of [...own, "es512" as const]) {
    assert.equal(await statusOf(proxy, key), 200, key);
    assert.equal(await statusOf(proxy, key, flip), 401, `${key}, changed`);
  }
});

test("a configuration that lists ES512 is refused where nothing can verify it", async () => {
  const provider = { jwks: await jwks(), algorithms: ["RS256", "ES512"] };
  await assert.rejects(
    install(provider),
    (error) =>
      error instanceof EmulatorError &&
      /\/providers\/0\/algorithms: expected no ES512/.test(error.message),
  );
  await install(provider, ["verify_signature"]);
});
