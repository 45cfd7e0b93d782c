// Wycheproof's tokens through the whole filter. Their payloads are no claims, so the filter turns
// them all away before it looks at a signature; hence RS256's malformed encodings are also made
// anew, over a token that has claims.
import * as crypto from "node:crypto";
import { Clock } from "../../deploy/emulator/clock.ts";
import { Proxy } from "../../deploy/emulator/proxy.ts";
import { Module } from "../../deploy/emulator/vm.ts";
import type { File, Group } from "../differential/wycheproof/corpus.ts";

const algorithms = "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 EdDSA HS256 HS384 HS512".split(
  " ",
);

/** What the filter says to one token: with the host's verification, and without. */
export type Reasons = [string, string];

/** What it says to each token with a group's keys; all keys may be refused. */
function reasons(module: Module, group: Group, tokens: string[]): Reasons[] {
  const [host, own] = [["verify_signature"], []].map((functions) => {
    const proxy = proxyFor(module, group, functions);
    return tokens.map((token) => {
      const stream = proxy?.exchange({ headers: { authorization: `Bearer ${token}` } });
      if (!stream) return "keys refused";
      return stream.responseCode === 200
        ? "ok"
        : stream.filterState.get("gatehouse_reason")!.toString();
    });
  });
  return tokens.map((_, at) => [host![at]!, own![at]!]);
}

function proxyFor(module: Module, group: Group, foreignFunctions: string[]): Proxy | undefined {
  const key = (group.public ?? group.private)!;
  const provider = { name: "main", jwks: "keys" in key ? key : { keys: [key] }, algorithms };
  const proxy = new Proxy({ clock: new Clock(), foreignFunctions });
  try {
    proxy.install({ module, config: { providers: [provider] } });
    return proxy;
  } catch (error) {
    if (/valid public key/.test(String(error))) return undefined;
    throw error;
  }
}

export function reasonsForTokens(module: Module, files: File[]): Reasons[] {
  const groups = files
    .filter(({ name }) => name.startsWith("json_web_"))
    .flatMap(({ testGroups }) => testGroups);
  return groups.flatMap((group) => {
    const tokens = group.tests.map(({ jws }) => jws!);
    return reasons(module, group, tokens);
  });
}

/**
 * The first is for a good signature; the others for each malformed encoding whose hash can be
 * replaced by the token's.
 */
export function reasonsForMalformed(module: Module, files: File[]): Reasons[] {
  const groups = files.find(({ name }) => name === "json_web_signature")!.testGroups;
  const group = groups.find(
    ({ comment, tests }) => comment === "rs256" && tests.some(isMalformed),
  )!;
  const key = crypto.createPrivateKey({ key: group.private as crypto.JsonWebKey, format: "jwk" });
  const raw = { key, padding: crypto.constants.RSA_NO_PADDING };
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const input = `${encode({ alg: "RS256", kid: "kid-rsa-sign" })}.${encode({ sub: "someone" })}`;
  const hashOf = (text: string) => crypto.hash("sha256", text, "buffer");
  const signatures = [crypto.sign("sha256", Buffer.from(input), key)];
  for (const { jws } of group.tests.filter(isMalformed)) {
    const [words, signature] = jws!.split(/\.(?=[^.]*$)/) as [string, string];
    const encoded = crypto.publicDecrypt(raw, Buffer.from(signature, "base64url"));
    const at = encoded.indexOf(hashOf(words));
    if (at < 0) continue;
    hashOf(input).copy(encoded, at);
    signatures.push(crypto.privateEncrypt(raw, encoded));
  }
  const tokens = signatures.map((signature) => `${input}.${signature.toString("base64url")}`);
  return reasons(module, group, tokens);
}

function isMalformed({ flags }: { flags: string[] }): boolean {
  return flags.includes("ModifiedPadding");
}
