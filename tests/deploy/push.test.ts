import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { credentialsFor } from "../../deploy/oci/credentials.ts";
import { buildImage } from "../../deploy/oci/image.ts";
import type { Form } from "../../deploy/oci/image.ts";
import { nameText, originOf, parseName } from "../../deploy/oci/name.ts";
import { push } from "../../deploy/oci/push.ts";
import { parseChallenge, tokenRequest } from "../../deploy/oci/token.ts";
import { ToolError } from "../../deploy/core/problem.ts";
import { FakeRegistry } from "./fake-registry.ts";
import type { Behaviour } from "./fake-registry.ts";
import { gatehouse } from "./helper.ts";

const folder = mkdtempSync(join(tmpdir(), "gatehouse-push-"));
after(() => rmSync(folder, { recursive: true }));

const module = Buffer.concat([Buffer.from("\0asm\x01\0\0\0"), Buffer.alloc(100_000, 7)]);
const content = {
  filter: "jwt-auth",
  version: "1.2.3",
  module,
  schema: '{"type":"object"}',
} as const;
const limits = { pauseMillis: 1, timeoutMillis: 2_000 };

async function withRegistry(
  behaviour: Behaviour,
  use: (registry: FakeRegistry) => Promise<void>,
): Promise<void> {
  const registry = await new FakeRegistry(behaviour).start();
  try {
    await use(registry);
  } finally {
    await registry.stop();
  }
}

/** The files of a tar archive, read independently of the code that wrote it. */
function untar(archive: Buffer): Record<string, Buffer> {
  const files: Record<string, Buffer> = {};
  for (let at = 0; archive[at];) {
    const name = archive.toString("latin1", at, at + 100).replace(/\0.*$/, "");
    const size = parseInt(archive.toString("latin1", at + 124, at + 135), 8);
    files[name] = archive.subarray(at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

test("the image form is one tar+gzip layer with plugin.wasm", () => {
  const image = buildImage(content, "image");
  const manifest = JSON.parse(image.manifest.toString());
  assert.equal(manifest.layers.length, 1);
  assert.equal(manifest.layers.at(-1).mediaType, "application/vnd.oci.image.layer.v1.tar+gzip");
  const layer = image.blobs[1]!;
  assert.equal(layer.digest, manifest.layers[0].digest);
  assert.equal(layer.data.length, manifest.layers[0].size);
  const archive = gunzipSync(layer.data);
  assert.deepEqual(untar(archive)["plugin.wasm"], module);
  const config = JSON.parse(image.blobs[0]!.data.toString());
  assert.deepEqual(config.rootfs.diff_ids, [
    `sha256:${createHash("sha256").update(archive).digest("hex")}`,
  ]);
});

test("the artifact form has exactly two layers, one the module itself", () => {
  const image = buildImage(content, "artifact");
  const manifest = JSON.parse(image.manifest.toString());
  assert.equal(manifest.layers.length, 2);
  assert.equal(manifest.config.mediaType, "application/vnd.module.wasm.config.v1+json");
  const wasm = manifest.layers.filter(
    (layer: any) => layer.mediaType === "application/vnd.module.wasm.content.layer.v1+wasm",
  );
  assert.equal(wasm.length, 1);
  assert.deepEqual(image.blobs.find((blob) => blob.digest === wasm[0].digest)!.data, module);
});

test("both forms say version, schema and module in their annotations, and nothing of time", () => {
  for (const form of ["image", "artifact"] satisfies Form[]) {
    const { annotations } = JSON.parse(buildImage(content, form).manifest.toString());
    assert.equal(annotations["org.opencontainers.image.version"], "1.2.3");
    assert.match(annotations["dev.gatehouse.config-schema"], /^sha256:[0-9a-f]{64}$/);
    assert.match(annotations["dev.gatehouse.module"], /^sha256:[0-9a-f]{64}$/);
    assert.equal(
      Object.keys(annotations).some((key) => /created|date/.test(key)),
      false,
    );
  }
});

test("digests are reproducible: these bytes, on every machine", () => {
  assert.equal(
    buildImage(content, "image").digest,
    "sha256:d667b8c5ff49f8059ca27584b808ed26596f122a609f333d8cb94c9ee5c0fe12",
  );
  assert.equal(
    buildImage(content, "artifact").digest,
    "sha256:bdc544945e2fcb95054ff5a173f831864d242dd2588b5976e23030cb1a88bbf0",
  );
});

test("an empty module still makes a valid gzip stream", () => {
  const { blobs } = buildImage({ ...content, module: Buffer.alloc(0), schema: "" }, "image");
  assert.deepEqual(untar(gunzipSync(blobs[1]!.data))["plugin.wasm"], Buffer.alloc(0));
});

test("names are read as docker reads them", () => {
  const read = (text: string) => {
    const name = parseName(text);
    return [name.registry, name.repository, originOf(name)];
  };
  assert.deepEqual(read("oci://registry.example.com/a/b"), [
    "registry.example.com",
    "a/b",
    "https://registry.example.com",
  ]);
  assert.deepEqual(read("localhost:5000/a"), ["localhost:5000", "a", "http://localhost:5000"]);
  assert.deepEqual(read("127.0.0.1:5000/a"), ["127.0.0.1:5000", "a", "http://127.0.0.1:5000"]);
  assert.deepEqual(read("team/app"), [
    "index.docker.io",
    "team/app",
    "https://registry-1.docker.io",
  ]);
  assert.deepEqual(read("app")[1], "library/app");
  assert.equal(parseName("127.0.0.1.example.com/a").plainHttp, false);
  for (const wrong of [
    "",
    "example.com/A",
    "example.com/a:tag",
    "example.com/a b",
    "example.com/../a",
  ]) {
    assert.throws(() => parseName(wrong), ToolError, wrong);
  }
  assert.equal(nameText(parseName("r.example.com/a"), "v1"), "r.example.com/a:v1");
});

test("a push stores blobs, manifest and tag, and the second changes nothing", () =>
  withRegistry({}, async (registry) => {
    const image = buildImage(content, "image");
    const name = parseName(`${registry.host}/team/jwt-auth`);
    const first = await push(image, name, ["v1"], limits);
    assert.equal(first.blobsSent, 2);
    assert.equal(first.unchanged, false);
    assert.deepEqual(registry.manifests.get("team/jwt-auth:v1"), image.manifest);
    assert.deepEqual(registry.manifests.get(`team/jwt-auth:${image.digest}`), image.manifest);
    const before = registry.seen.length;
    const second = await push(image, name, ["v1"], limits);
    assert.equal(second.unchanged, true);
    assert.ok(registry.seen.slice(before).every(({ method }) => method === "HEAD"));
  }));

test("a push that broke off goes on with what is missing", () =>
  withRegistry({}, async (registry) => {
    const image = buildImage(content, "image");
    registry.blobs.set(image.blobs[1]!.digest, image.blobs[1]!.data);
    const pushed = await push(image, parseName(`${registry.host}/a`), ["v1"], limits);
    assert.equal(pushed.blobsSent, 1);
  }));

test("passing trouble (503) is tried again", () =>
  withRegistry({ failures: 3 }, async (registry) => {
    const pushed = await push(
      buildImage(content, "image"),
      parseName(`${registry.host}/a`),
      ["v1"],
      limits,
    );
    assert.equal(pushed.unchanged, false);
  }));

test("bearer: the challenge is met with the login, and with the scope for pushing", () =>
  withRegistry({ auth: "bearer", user: "u", password: "p" }, async (registry) => {
    const credentials = { username: "u", password: "p" };
    await push(buildImage(content, "image"), parseName(`${registry.host}/a`), ["v1"], {
      ...limits,
      credentials,
    });
    assert.equal(registry.manifests.size, 2);
    assert.equal(registry.seen.filter(({ path }) => path === "/token").length, 1);
  }));

test("bearer: a refresh token is exchanged by OAuth2", () =>
  withRegistry({ auth: "bearer", refreshToken: "refresh" }, async (registry) => {
    const credentials = { username: "", password: "", refreshToken: "refresh" };
    await push(buildImage(content, "image"), parseName(`${registry.host}/a`), ["v1"], {
      ...limits,
      credentials,
    });
    assert.equal(registry.manifests.size, 2);
  }));

test("basic: the login goes with each request", () =>
  withRegistry({ auth: "basic", user: "u", password: "p:q" }, async (registry) => {
    const credentials = { username: "u", password: "p:q" };
    await push(buildImage(content, "image"), parseName(`${registry.host}/a`), ["v1"], {
      ...limits,
      credentials,
    });
    assert.equal(registry.manifests.size, 2);
  }));

async function failure(behaviour: Behaviour, options: object = {}): Promise<ToolError> {
  let found: unknown;
  await withRegistry(behaviour, async (registry) => {
    const work = push(buildImage(content, "image"), parseName(`${registry.host}/a`), ["v1"], {
      ...limits,
      ...options,
    });
    found = await work.then(
      () => assert.fail("the push should have failed"),
      (error) => error,
    );
  });
  assert.ok(found instanceof ToolError, String(found));
  return found;
}

test("what a registry refuses is said with its own words and the remedy", async () => {
  const refused = await failure({ refuse: 403 });
  assert.equal(refused.code, "registry");
  assert.match(
    refused.message,
    /answered 403 to PUT .*\(DENIED no more room\); log in first \(docker login/,
  );
  const readOnly = await failure({ refuse: 405 });
  assert.match(readOnly.message, /answered 405 to PUT .*; it takes no pushes.* with --to/);
  const wrong = await failure(
    { auth: "bearer", user: "u", password: "p" },
    { credentials: { username: "u", password: "no" } },
  );
  assert.match(wrong.message, /token server answered 401; the login as "u" may not push/);
  const anonymous = await failure({ auth: "basic", user: "u", password: "p" });
  assert.match(anonymous.message, /answered 401 .*log in first/);
  const basic = await failure(
    { auth: "basic", user: "u", password: "p" },
    { credentials: { username: "u", password: "no" } },
  );
  assert.match(basic.message, /answered 401 .*may not push/);
});

test("a registry that stalls ends the push at the limit", async () => {
  const stalled = await failure({ stall: true }, { timeoutMillis: 100 });
  assert.equal(stalled.code, "timeout");
  assert.match(stalled.message, /gave no answer within 0\.1 s/);
});

test("trouble that stays, an unreachable host, a registry that changes the manifest", async () => {
  assert.match((await failure({ failures: 1000 })).message, /answered 503/);
  const stopped = await new FakeRegistry().start();
  const { host } = stopped;
  await stopped.stop();
  const gone = await push(
    buildImage(content, "image"),
    parseName(`${host}/a`),
    ["v1"],
    limits,
  ).catch((error) => error);
  assert.equal(gone.code, "registry");
  assert.match(gone.message, /cannot be reached: .*ECONNREFUSED/);
  assert.match(
    (await failure({ rewrite: true })).message,
    /changed the manifest: its digest is now sha256:/,
  );
});

test("an upload on another host never sees the login", async () => {
  const storage = await new FakeRegistry().start();
  try {
    await withRegistry(
      { auth: "basic", user: "u", password: "p", uploadOrigin: `http://${storage.host}` },
      async (registry) => {
        const credentials = { username: "u", password: "p" };
        await push(buildImage(content, "image"), parseName(`${registry.host}/a`), ["v1"], {
          ...limits,
          credentials,
        });
      },
    );
    assert.equal(storage.blobs.size, 2);
    assert.ok(storage.seen.every(({ authorization }) => authorization === undefined));
  } finally {
    await storage.stop();
  }
});

test("the login is never sent to a token server without TLS, unless the registry is plain too", () => {
  const challenge = parseChallenge('Bearer realm="http://tokens.example.com/t",service="s"')!;
  assert.throws(
    () => tokenRequest(challenge, { username: "u", password: "p" }, false),
    /not encrypted/,
  );
  assert.throws(
    () => tokenRequest({ ...challenge, realm: "file:///etc/passwd" }, undefined, true),
    /not encrypted/,
  );
  assert.throws(() => tokenRequest({ ...challenge, realm: "nonsense" }, undefined, true), /no URL/);
});

test("challenges are read with quotes, escapes and several schemes", () => {
  assert.deepEqual(
    parseChallenge('Negotiate, Bearer realm="https://a/\\"b",service=s, scope="x,y"'),
    {
      scheme: "bearer",
      realm: 'https://a/"b',
      service: "s",
      scope: "x,y",
    },
  );
  assert.equal(parseChallenge("Negotiate abc"), undefined);
  assert.equal(parseChallenge(null), undefined);
});

function dockerConfig(config: object | string): {
  DOCKER_CONFIG: string;
  PATH: string;
  HOME: string;
} {
  const home = mkdtempSync(join(folder, "docker-"));
  writeFileSync(
    join(home, "config.json"),
    typeof config === "string" ? config : JSON.stringify(config),
  );
  return { DOCKER_CONFIG: home, HOME: home, PATH: `${home}:${process.env.PATH}` };
}

function helper(environment: { DOCKER_CONFIG: string }, name: string, script: string): void {
  const file = join(environment.DOCKER_CONFIG, `docker-credential-${name}`);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

const base64 = (text: string) => Buffer.from(text).toString("base64");

test("logins come from docker's file, under any of the names tools write", async () => {
  const auths = {
    "https://r.example.com": { auth: base64("u:p:q") },
    "https://index.docker.io/v1/": { auth: base64("hub:x") },
  };
  const environment = dockerConfig({ auths });
  assert.deepEqual(await credentialsFor("r.example.com", environment), {
    username: "u",
    password: "p:q",
  });
  assert.deepEqual(await credentialsFor("index.docker.io", environment), {
    username: "hub",
    password: "x",
  });
  assert.equal(await credentialsFor("other.example.com", environment), undefined);
  const token = dockerConfig({
    auths: { "r.example.com": { auth: base64("u:"), identitytoken: "t" } },
  });
  assert.equal((await credentialsFor("r.example.com", token))?.refreshToken, "t");
  const fromEnvironment = {
    ...environment,
    GATEHOUSE_REGISTRY_USER: "e",
    GATEHOUSE_REGISTRY_PASSWORD: "f",
  };
  assert.deepEqual(await credentialsFor("r.example.com", fromEnvironment), {
    username: "e",
    password: "f",
  });
  assert.equal(await credentialsFor("r.example.com", { HOME: join(folder, "nobody") }), undefined);
});

test("credential helpers: for one host, for all, and when they fail", async () => {
  const environment = dockerConfig({ credHelpers: { "r.example.com": "one" }, credsStore: "all" });
  helper(environment, "one", 'read host; echo "{\\"Username\\":\\"$host\\",\\"Secret\\":\\"s\\"}"');
  helper(environment, "all", `echo '{"Username":"<token>","Secret":"refresh"}'`);
  assert.deepEqual(await credentialsFor("r.example.com", environment), {
    username: "r.example.com",
    password: "s",
  });
  assert.equal((await credentialsFor("other.example.com", environment))?.refreshToken, "refresh");
  helper(environment, "all", 'echo "credentials not found in native keychain"; exit 1');
  assert.equal(await credentialsFor("other.example.com", environment), undefined);
  helper(environment, "all", "echo keychain is locked >&2; exit 1");
  await assert.rejects(
    credentialsFor("other.example.com", environment),
    /docker-credential-all: keychain is locked/,
  );
  helper(environment, "all", "echo nonsense");
  await assert.rejects(credentialsFor("other.example.com", environment), /its answer is not JSON/);
  const absent = dockerConfig({ credsStore: "no-such-helper" });
  await assert.rejects(
    credentialsFor("r.example.com", absent),
    /docker-credential-no-such-helper: cannot be run/,
  );
  await assert.rejects(
    credentialsFor("r.example.com", dockerConfig("{")),
    /config\.json is not valid JSON/,
  );
  await assert.rejects(
    credentialsFor("r.example.com", dockerConfig({ credsStore: "../x" })),
    /no name for a credential helper/,
  );
});

test("the verb: wrong usage, and a dry run that names the digests render pins", async () => {
  assert.equal((await gatehouse("push")).code, 2);
  assert.equal((await gatehouse("push", "--to", "r.example.com/a", "no-such-filter")).code, 2);
  assert.equal((await gatehouse("push", "--to", "r.example.com/a", "--form", "zip")).code, 2);
  assert.equal((await gatehouse("push", "--to", "r.example.com/a", "--timeout", "soon")).code, 2);
});

test("the Dockerfile copies what the build makes, the module last and under the name Istio looks for", () => {
  const root = join(import.meta.dirname, "../..");
  const text = readFileSync(join(root, "deploy/Dockerfile"), "utf8");
  const copies = [...text.matchAll(/^COPY (\S+) (\S+)$/gm)].map(([, from, to]) => [
    from!.replace("${FILTER}", "jwt-auth"),
    to,
  ]);
  assert.deepEqual(copies.at(-1), ["build/jwt-auth.wasm", "/plugin.wasm"]);
  for (const [from] of copies.filter(([from]) => !from!.startsWith("build/")))
    assert.ok(existsSync(join(root, from!)), from);
});
