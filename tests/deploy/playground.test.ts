// The playground without a browser: it bundles, its replacements do what Node's modules do, and its
// server gives nothing to strangers.
import assert from "node:assert/strict";
import * as nodeCrypto from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import * as nodeNet from "node:net";
import { tmpdir } from "node:os";
import * as nodePath from "node:path";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { crc32 as nodeCrc32 } from "node:zlib";
import { build } from "../../tools/build.ts";
import * as crypto from "../../deploy/playground/browser/crypto.ts";
import * as net from "../../deploy/playground/browser/net.ts";
import * as path from "../../deploy/playground/browser/path.ts";
import { crc32 } from "../../deploy/playground/browser/zlib.ts";
import { buildPlayground } from "../../deploy/playground/build.ts";
import { presets } from "../../deploy/playground/presets.ts";
import { spotAt } from "../../deploy/playground/page/yaml-path.ts";
import { fragmentOf, stateOf } from "../../deploy/playground/page/share.ts";
import { servePlayground, type Served } from "../../deploy/playground/serve.ts";

const assets = mkdtempSync(join(tmpdir(), "gatehouse-playground-"));
let served: Served;

before(async () => {
  await build();
  await buildPlayground(assets);
  served = await servePlayground({ assets, folder: assets });
});

after(async () => {
  await served?.close();
  rmSync(assets, { recursive: true, force: true });
});

test("the page and the worker bundle for a browser", () => {
  for (const name of [
    "index.html",
    "page.js",
    "worker.js",
    "style.css",
    "files.json",
    "canary.wasm",
  ])
    assert.ok(existsSync(join(assets, name)), name);
  assert.doesNotMatch(readFileSync(join(assets, "worker.js"), "utf8"), /from ?"node:/);
});

test("there is a preset for each tutorial and each use case, and each starts with a request", () => {
  const all = presets();
  assert.equal(all.length, 13);
  for (const { id, title, request: first } of all)
    assert.ok(title.length > 3 && first.request, `${id} has a title and a first request`);
});

interface Answer {
  status: number;
  body: string;
}

function ask(method: string, target: string, headers: Record<string, string>): Promise<Answer> {
  return new Promise((done, fail) => {
    const options = { host: "127.0.0.1", port: served.port, method, path: target, headers };
    request(options, (response) => {
      let body = "";
      response.on("data", (data) => (body += data));
      response.on("end", () => done({ status: response.statusCode!, body }));
    })
      .on("error", fail)
      .end();
  });
}

test("a name that another site made resolve to the loopback address is refused", async () => {
  assert.equal((await ask("GET", "/", { host: "evil.example:80" })).status, 421);
  assert.equal((await ask("GET", "/", { host: `localhost:${served.port}` })).status, 200);
});

test("the folder is closed to who has no key, and nothing outside of the assets is served", async () => {
  const host = `127.0.0.1:${served.port}`;
  assert.equal((await ask("GET", "/folder", { host })).status, 403);
  assert.equal(
    (await ask("PUT", "/folder/edge.yaml", { host, "x-gatehouse-key": "no" })).status,
    403,
  );
  assert.equal((await ask("GET", "/../package.json", { host })).status, 404);
  assert.equal((await ask("GET", "/%2e%2e/package.json", { host })).status, 404);
  assert.equal((await ask("POST", "/", { host })).status, 405);
});

test("the browser's paths are Node's", () => {
  for (const text of ["a/b/../c", "/a//b/./c/", "../x", "/../x", "", "a/..", "./a"]) {
    const own = path.normalize(text);
    assert.equal(own, nodePath.posix.normalize(text).replace(/(.)\/$/, "$1"), text);
  }
  for (const text of ["/a/b", "a", "/a", "a/b/c"])
    assert.equal(path.dirname(text), nodePath.posix.dirname(text), text);
  assert.equal(path.basename("/a/b.wasm", ".wasm"), "b");
});

test("the browser's addresses and networks are Node's", () => {
  const addresses = [
    "10.1.2.3",
    "256.1.1.1",
    "::1",
    "2001:db8::7",
    "::ffff:10.0.0.1",
    "1:2",
    "fe80::g",
  ];
  for (const address of addresses) assert.equal(net.isIP(address), nodeNet.isIP(address), address);
  const [own, node] = [new net.BlockList(), new nodeNet.BlockList()];
  for (const list of [own, node]) {
    list.addSubnet("10.1.0.0", 16, "ipv4");
    list.addSubnet("2001:db8::", 33, "ipv6");
  }
  for (const [address, family] of [
    ["10.1.255.1", "ipv4"],
    ["10.2.0.0", "ipv4"],
    ["2001:db8:7fff::1", "ipv6"],
    ["2001:db8:8000::1", "ipv6"],
  ] as const)
    assert.equal(own.check(address, family), node.check(address, family), address);
});

test("the browser's signatures are verified by Node", async () => {
  await crypto.prepareRsa();
  const text = Buffer.from("header.payload");
  for (const [kind, hash] of [
    ["ec", "sha256"],
    ["rsa", "sha256"],
    ["ed25519", null],
  ] as const) {
    const { privateKey, publicKey } = crypto.generateKeyPairSync(kind);
    const signature = crypto.sign(hash, text, { key: privateKey });
    const jwk = publicKey.export({ format: "jwk" });
    const key = nodeCrypto.createPublicKey({ key: jwk, format: "jwk" });
    const options = { key, dsaEncoding: "ieee-p1363" } as const;
    assert.ok(nodeCrypto.verify(hash, text, options, signature), kind);
    assert.ok(!Object.hasOwn(jwk, "d"), `${kind}: the public half has no secret`);
  }
  assert.equal(crc32(text), nodeCrc32(text));
  for (const name of ["sha256", "sha384", "sha512"]) {
    const own = [crypto.createHash(name), crypto.createHmac(name, text)];
    const node = [nodeCrypto.createHash(name), nodeCrypto.createHmac(name, text)];
    for (const [at, each] of own.entries())
      assert.equal(each.update("a").digest("hex"), node[at]!.update("a").digest("hex"), name);
  }
});

const yaml = `spec:
  jwt-auth:
    providers:
      - name: main
        fromHeaders:
          - { name: x-token, prefix: "a" }
    rules:
      - match: [{ uri: { exact: /health } }]
  canary:
    `;

test("the place in an unfinished text is found by indentation and brackets", () => {
  const at = (text: string) => spotAt(yaml, yaml.indexOf(text) + text.length);
  assert.deepEqual(at("name: main"), {
    path: ["spec", "jwt-auth", "providers", 0],
    key: "name",
    word: "main",
  });
  assert.deepEqual(at("{ name: x-token, pre").path, [
    "spec",
    "jwt-auth",
    "providers",
    0,
    "fromHeaders",
    0,
  ]);
  assert.deepEqual(at("[{ uri: { exa"), {
    path: ["spec", "jwt-auth", "rules", 0, "match", 0, "uri"],
    key: undefined,
    word: "exa",
  });
  assert.deepEqual(spotAt(yaml, yaml.length), { path: ["spec", "canary"], word: "" });
});

test("a link holds the files, and a damaged or endless one is refused", async () => {
  const state = { settings: "a: 1\n".repeat(100), cases: "- ü" };
  assert.deepEqual(await stateOf(await fragmentOf(state)), state);
  assert.equal(await stateOf("#jwt"), undefined);
  await assert.rejects(stateOf("#v1=AAAA"), /damaged/);
  const noise = Array.from({ length: 200_000 }, () => Math.random().toString(36)).join("");
  await assert.rejects(fragmentOf({ settings: noise, cases: "" }), /too large/);
  await assert.rejects(
    fragmentOf({ settings: " ".repeat(5_000_000), cases: "" }).then(stateOf),
    /large/,
  );
});
