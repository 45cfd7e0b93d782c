// `gatehouse verify` with bundles that are right, and with those that are not.
import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { test } from "node:test";
import { digestOf } from "../../deploy/oci/image.ts";
import { bundleType, provenancePredicate, signaturePredicate } from "../../deploy/oci/bundle.ts";
import { FakeCluster } from "./fake-cluster.ts";
import { FakeRegistry } from "./fake-registry.ts";
import { gatehouse } from "./helper.ts";
import { workspace } from "./workspace.ts";

const file = workspace();
const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
const other = generateKeyPairSync("ec", { namedCurve: "P-256" });
const pem = (key: KeyObject) => key.export({ type: "spki", format: "pem" }).toString();
const key = file("cosign.pub", pem(own.publicKey));

const digest = digestOf("an image");
const repository = "team/jwt-auth";

interface Said {
  predicateType?: string;
  about?: string;
  by?: KeyObject;
  payloadType?: string;
}

/** A bundle as cosign writes it. */
function bundle(said: Said = {}) {
  const { predicateType = provenancePredicate, about = digest, by = own.privateKey } = said;
  const { payloadType = "application/vnd.in-toto+json" } = said;
  const payload = Buffer.from(
    JSON.stringify({
      _type: "https://in-toto.io/Statement/v1",
      subject: [{ name: "x", digest: { sha256: about.replace("sha256:", "") } }],
      predicateType,
      predicate: {
        buildDefinition: {
          externalParameters: { version: "9.9.9" },
          resolvedDependencies: [{ uri: "git+https://git.example.com/gatehouse@abc" }],
        },
        runDetails: { builder: { id: "https://ci.example.com" } },
      },
    }),
  );
  const head = `DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `;
  const hash = by.asymmetricKeyType === "ed25519" ? null : "sha256";
  const sig = sign(hash, Buffer.concat([Buffer.from(head), payload]), by).toString("base64");
  return {
    mediaType: bundleType,
    dsseEnvelope: { payloadType, payload: payload.toString("base64"), signatures: [{ sig }] },
  };
}

/** Puts bundles beside the image, under the fallback tag. */
function attach(registry: FakeRegistry, bundles: object[]): void {
  const manifests = bundles.map((one) => {
    const data = Buffer.from(JSON.stringify(one));
    registry.blobs.set(digestOf(data), data);
    const layers = [{ mediaType: bundleType, digest: digestOf(data), size: data.length }];
    const manifest = Buffer.from(JSON.stringify({ artifactType: bundleType, layers }));
    registry.manifests.set(`${repository}:${digestOf(manifest)}`, manifest);
    return { artifactType: bundleType, digest: digestOf(manifest) };
  });
  const tag = digest.replace(":", "-");
  registry.manifests.set(`${repository}:${tag}`, Buffer.from(JSON.stringify({ manifests })));
}

async function verified(bundles: object[], ...flags: string[]) {
  const registry = await new FakeRegistry().start();
  try {
    attach(registry, bundles);
    const image = `${registry.host}/${repository}@${digest}`;
    return await gatehouse("verify", image, "--key", key, ...flags);
  } finally {
    await registry.stop();
  }
}

test("a signed image with provenance is verified, and its origin is told", async () => {
  const { code, out, err } = await verified([
    bundle({ predicateType: signaturePredicate }),
    bundle(),
  ]);
  assert.equal(code, 0, out + err);
  assert.match(out, /^ok +127\.0\.0\.1:\d+\/team\/jwt-auth@sha256/);
  assert.match(out, /release 9\.9\.9, built by https:\/\/ci\.example\.com from git\+https/);
});

test("a signature without provenance fails, and says which is missing", async () => {
  const { code, out } = await verified([bundle({ predicateType: signaturePredicate })]);
  assert.equal(code, 1);
  assert.match(out, /^FAILED[\s\S]*signature: by the key[\s\S]*provenance: none/);
});

const broken = bundle();
broken.dsseEnvelope.payload = bundle({ about: digestOf("evil") }).dsseEnvelope.payload;

for (const [what, bundles, said] of [
  ["without any bundle", [], /the registry has none/],
  ["signed by another key", [bundle({ by: other.privateKey })], /not signed by this key/],
  ["with a statement about another image", [bundle({ about: digestOf("x") })], /other images/],
  ["whose payload was exchanged", [broken], /not signed by this key/],
  ["with another payload type", [bundle({ payloadType: "text/plain" })], /no in-toto statement/],
  ["with another kind of bundle", [{ messageSignature: {} }], /no in-toto statement/],
  ["with a statement of another kind", [bundle({ predicateType: "x" })], /the registry has none/],
] as [string, object[], RegExp][]) {
  test(`an image ${what} fails`, async () => {
    const { code, out } = await verified(bundles);
    assert.equal(code, 1);
    assert.match(out, /^FAILED/);
    assert.match(out, said);
  });
}

test("a key of another type is used as what it is", async () => {
  const edwards = generateKeyPairSync("ed25519");
  const registry = await new FakeRegistry().start();
  try {
    attach(registry, [bundle({ by: edwards.privateKey })]);
    const image = `${registry.host}/${repository}@${digest}`;
    const path = file("ed25519.pub", pem(edwards.publicKey));
    const { code, out } = await gatehouse("verify", image, "--key", path);
    assert.equal(code, 0, out);
  } finally {
    await registry.stop();
  }
});

test("a registry that answers another content than its digest says is not believed", async () => {
  const registry = await new FakeRegistry().start();
  try {
    attach(registry, [bundle()]);
    for (const name of registry.blobs.keys())
      registry.blobs.set(name, Buffer.from(JSON.stringify(bundle())));
    const image = `${registry.host}/${repository}@${digest}`;
    const { code, err } = await gatehouse("verify", image, "--key", key);
    assert.equal(code, 4);
    assert.match(err, /other content than its digest says; do not trust it/);
  } finally {
    await registry.stop();
  }
});

test("the release's file stands in for a registry that has nothing", async () => {
  const path = file("provenance.sigstore.json", JSON.stringify(bundle()));
  const { code, out } = await verified([], "--provenance", path);
  assert.equal(code, 0, out);
});

test("what a policy runs in a cluster is verified, and an unpinned module fails", async () => {
  const cluster = await new FakeCluster().start();
  try {
    const kubeconfig = file("kubeconfig", cluster.kubeconfig);
    const labels = {
      "app.kubernetes.io/managed-by": "gatehouse",
      "gatehouse.dev/policy": "main",
      "gatehouse.dev/policy-namespace": "edge",
    };
    const plugin = (name: string, spec: object) =>
      cluster.put({
        apiVersion: "extensions.istio.io/v1alpha1",
        kind: "WasmPlugin",
        metadata: { name, namespace: "edge", labels },
        spec,
      });
    const path = file("provenance.json", JSON.stringify(bundle()));
    const args = ["verify", "--policy", "edge/main", "--key", key, "--provenance", path];
    plugin("main-jwt-auth", { url: `oci://registry.example.com/g/jwt-auth@${digest}` });
    plugin("main-canary", {
      url: "https://files.example.com/canary.wasm",
      sha256: digest.replace("sha256:", ""),
    });
    const good = await gatehouse(...args, "--kubeconfig", kubeconfig);
    assert.equal(good.code, 0, good.out + good.err);
    assert.match(good.err, /^cluster: context fake/);
    plugin("main-rate-limit", { url: "oci://registry.example.com/g/rate-limit:latest" });
    const bad = await gatehouse(...args, "--kubeconfig", kubeconfig);
    assert.equal(bad.code, 1);
    assert.match(bad.out, /FAILED +WasmPlugin edge\/main-rate-limit .*\n.*no digest pins it/);
    assert.equal(bad.out.match(/^ok /gm)?.length, 2);
  } finally {
    await cluster.stop();
  }
});

test("what cannot be verified is refused with the fix", async () => {
  const image = `registry.example.com/g/canary@${digest}`;
  const secret = own.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  for (const [args, said] of [
    [["registry.example.com/g/canary:1", "--key", key], /a tag can be moved; name the digest/],
    [["--key", key], /nothing to verify; name images/],
    [[image], /no signer is named; give --key cosign\.pub/],
    [[image, "--key", file("secret.pem", secret)], /no public key \(it holds a private key\)/],
    [[image, "--key", file("none.pub", "x")], /no public key/],
    [[image, "--certificate-identity", "a"], /--certificate-oidc-issuer/],
    [
      [image, "--key", key, "--provenance", file("x.json", "{")],
      /no JSON; name the release's provenance/,
    ],
  ] as [string[], RegExp][]) {
    const { code, err } = await gatehouse("verify", ...args);
    assert.equal(code, 2, err);
    assert.match(err, said);
  }
});
