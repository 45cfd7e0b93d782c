// Tokens that other libraries made, with their keys, through the whole filter: with the host's
// verification and without.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Clock } from "../../deploy/emulator/clock.ts";
import { Proxy } from "../../deploy/emulator/proxy.ts";
import { Module } from "../../deploy/emulator/vm.ts";

interface Sample {
  /** The library and its version. */
  from: string;
  algorithm: string;
  jwk: object;
  token: string;
  issuer?: string;
  /** Unix seconds at which the token's times hold. */
  time: number;
  /**
   * `ok`, or the reason of the refusal: all signatures are genuine, but some tokens are loosely
   * written.
   */
  outcome: string;
}

const fixture = join(import.meta.dirname, "../differential/fixtures/library-tokens.json");
const samples: Sample[] = JSON.parse(readFileSync(fixture, "utf8"));
const module = Module.load("build/jwt-auth.wasm");

function proxyFor({ jwk, algorithm, issuer, time }: Sample, foreignFunctions: string[]): Proxy {
  const proxy = new Proxy({ clock: new Clock(time * 1000), foreignFunctions });
  const provider = { name: "main", issuer, jwks: { keys: [jwk] }, algorithms: [algorithm] };
  proxy.install({ module, config: { providers: [provider] } });
  return proxy;
}

function outcome(proxy: Proxy, token: string): string | undefined {
  const stream = proxy.exchange({ headers: { authorization: `Bearer ${token}` } });
  return stream.responseCode === 200
    ? "ok"
    : stream.filterState.get("gatehouse_reason")?.toString();
}

/** Another character in the middle of the signature. */
function changed(token: string): string {
  const at = token.lastIndexOf(".") + 20;
  return token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
}

for (const from of new Set(samples.map((sample) => sample.from))) {
  describe(`tokens of ${from}`, () => {
    for (const sample of samples.filter((each) => each.from === from)) {
      it(`${sample.algorithm}: ${sample.outcome}`, () => {
        // P-521 is the host's alone.
        const hosts =
          sample.algorithm === "ES512" ? [["verify_signature"]] : [["verify_signature"], []];
        for (const functions of hosts) {
          const proxy = proxyFor(sample, functions);
          assert.equal(outcome(proxy, sample.token), sample.outcome);
          assert.notEqual(outcome(proxy, changed(sample.token)), "ok");
        }
      });
    }
  });
}
