// `node bench/micro.ts [--smoke]`: what a verification costs in our own code, beside
// node:crypto's figure of the same run. Signatures of a token of usual length, on one core,
// without a proxy; `npm run bench` has it as its case `crypto`.
import * as crypto from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../tools/build.ts";
import type { Effort } from "./compare.ts";
import { type Finding, finding, print } from "./report.ts";

const root = join(import.meta.dirname, "..");

/** Header, dot and payload of a token with a handful of claims. */
const MESSAGE_BYTES = 600;
const BULK_BYTES = 64 * 1024;

type Call = (message: bigint, signature: bigint) => number;
type Prepare = (first: bigint, second: bigint) => void;

interface Exports extends Record<string, unknown> {
  memory: WebAssembly.Memory;
  room(length: number): number;
  viewOf(pointer: number, length: number): bigint;
  sha256(message: bigint, out: number): void;
  sha512(message: bigint, out: number): void;
}

async function load(): Promise<Exports> {
  mkdirSync(join(root, "build/bench"), { recursive: true });
  const output = "build/bench/crypto.wasm";
  await compile("bench/entries/crypto.ts", output, ["assembly/host/abort.ts"]);
  const { instance } = await WebAssembly.instantiate(readFileSync(join(root, output)), {
    env: { proxy_log: () => 0 },
  });
  (instance.exports._start as () => void)();
  return instance.exports as unknown as Exports;
}

/** Nanoseconds of one call: the best of several rounds, since whatever else runs only slows. */
function time(call: () => unknown, roundMs: number, rounds: number): number {
  const once = () => {
    let calls = 0;
    const started = performance.now();
    do {
      for (let i = 0; i < 8; i++) call();
      calls += 8;
    } while (performance.now() - started < roundMs);
    return ((performance.now() - started) * 1e6) / calls;
  };
  // The first round also warms up the compilers.
  return Math.min(...Array.from({ length: rounds + 1 }, once));
}

interface Case {
  name: string;
  prepare: string;
  verify: string;
  members: [Buffer, Buffer];
  signature: Buffer;
  node(): boolean;
}

const message = crypto.randomBytes(MESSAGE_BYTES);
const member = (text: string | undefined) => Buffer.from(text ?? "", "base64url");

function rsa(bits: number, padding: number, name: string, verify: string): Case {
  const { privateKey, publicKey } = crypto.generateKeyPairSync("rsa", { modulusLength: bits });
  const { n, e } = publicKey.export({ format: "jwk" });
  const options = { padding, saltLength: 32 };
  const signature = crypto.sign("sha256", message, { key: privateKey, ...options });
  const node = () => crypto.verify("sha256", message, { key: publicKey, ...options }, signature);
  return { name, prepare: "rsaKey", verify, members: [member(n), member(e)], signature, node };
}

function ecdsa(
  namedCurve: string,
  hash: string,
  name: string,
  prepare: string,
  verify: string,
): Case {
  const { privateKey, publicKey } = crypto.generateKeyPairSync("ec", { namedCurve });
  const { x, y } = publicKey.export({ format: "jwk" });
  const dsaEncoding = "ieee-p1363";
  const signature = crypto.sign(hash, message, { key: privateKey, dsaEncoding });
  const node = () => crypto.verify(hash, message, { key: publicKey, dsaEncoding }, signature);
  return { name, prepare, verify, members: [member(x), member(y)], signature, node };
}

function edDsa(): Case {
  const { privateKey, publicKey } = crypto.generateKeyPairSync("ed25519");
  const members: [Buffer, Buffer] = [
    member(publicKey.export({ format: "jwk" }).x),
    Buffer.alloc(0),
  ];
  const signature = crypto.sign(null, message, privateKey);
  const node = () => crypto.verify(null, message, publicKey, signature);
  return { name: "EdDSA", prepare: "ed25519Key", verify: "edDsa", members, signature, node };
}

function hs256(): Case {
  const secret = crypto.randomBytes(32);
  const tag = () => crypto.createHmac("sha256", secret).update(message).digest();
  const signature = tag();
  const node = () => crypto.timingSafeEqual(tag(), signature);
  return {
    name: "HS256",
    prepare: "hmacKey",
    verify: "hs256",
    members: [secret, Buffer.alloc(0)],
    signature,
    node,
  };
}

const cases = (): Case[] => [
  rsa(2048, crypto.constants.RSA_PKCS1_PADDING, "RS256-2048", "rs256"),
  rsa(2048, crypto.constants.RSA_PKCS1_PSS_PADDING, "PS256-2048", "ps256"),
  rsa(4096, crypto.constants.RSA_PKCS1_PSS_PADDING, "PS256-4096", "ps256"),
  ecdsa("P-256", "sha256", "ES256", "p256Key", "es256"),
  ecdsa("P-384", "sha384", "ES384", "p384Key", "es384"),
  edDsa(),
  hs256(),
];

/** Verifications in µs, hashes in ns a byte (4 are 250 MB/s). */
export async function run(effort: Pick<Effort, "rounds" | "requests">): Promise<Finding[]> {
  const roundMs = effort.requests < 1000 ? 2 : 100;
  const exports = await load();
  const put = (data: Uint8Array) => {
    const pointer = exports.room(data.length);
    new Uint8Array(exports.memory.buffer).set(data, pointer);
    return exports.viewOf(pointer, data.length);
  };
  const findings: Finding[] = [];
  const add = (name: string, ours: number, node: number, unit: string) =>
    findings.push(finding(`crypto/${name}`, ours, `node:crypto ${node.toFixed(2)} ${unit}`));

  const bulk = crypto.randomBytes(BULK_BYTES);
  const bulkView = put(bulk);
  const out = exports.room(64);
  for (const [name, hash] of [
    ["SHA-256", "sha256"],
    ["SHA-512", "sha512"],
  ] as const) {
    const ours = time(() => exports[hash](bulkView, out), roundMs, effort.rounds) / BULK_BYTES;
    const node = time(() => crypto.hash(hash, bulk, "buffer"), roundMs, effort.rounds) / BULK_BYTES;
    add(name, ours, node, "ns a byte");
  }
  const messageView = put(message);
  for (const { name, prepare, verify, members, signature, node } of cases()) {
    (exports[prepare] as Prepare)(put(members[0]), put(members[1]));
    const call = exports[verify] as Call;
    const signatureView = put(signature);
    if (call(messageView, signatureView) !== 1 || !node())
      throw new Error(`${name} refuses a good signature`);
    const ours = time(() => call(messageView, signatureView), roundMs, effort.rounds) / 1000;
    add(name, ours, time(node, roundMs, effort.rounds) / 1000, "µs");
  }
  return findings;
}

if (import.meta.main) {
  const isSmoke = process.argv.includes("--smoke");
  const findings = await run(
    isSmoke ? { rounds: 1, requests: 1 } : { rounds: 7, requests: 10_000 },
  );
  for (const found of findings) print(found);
  process.exitCode = !isSmoke && findings.some((found) => !found.met) ? 1 : 0;
}
