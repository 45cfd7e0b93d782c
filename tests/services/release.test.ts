// A whole release, twice, from clean clones; and what it signs by the real cosign, with a real
// registry.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { moduleNames } from "../../deploy/core/catalog.ts";
import { digestOf } from "../../deploy/oci/image.ts";
import { release, sign } from "../../tools/release.ts";
import { publish } from "../../tools/release/images.ts";
import { goBinary } from "./binaries.ts";
import { program } from "./helm.ts";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "gatehouse-release-test-"));
const out = join(folder, "one");
const repository = "https://git.example.com/gatehouse";
const version = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version as string;
let files: string[] = [];
let cosign = "";

after(() => rmSync(folder, { recursive: true, force: true }));

/** No service records the signatures: the test has no network. */
const signingConfig = join(folder, "signing-config.json");

before(() => {
  cosign = goBinary("github.com/sigstore/cosign/v3/cmd/cosign", "v3.1.3");
  writeFileSync(
    signingConfig,
    '{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json"}',
  );
  process.env.COSIGN_PASSWORD = "";
  process.env.TUF_ROOT = join(folder, "tuf");
  execFileSync(cosign, ["generate-key-pair"], { cwd: folder, stdio: "ignore" });
  const source = join(folder, "source");
  execFileSync("git", ["clone", "--quiet", root, source]);
  const tag = `v${version}`;
  const options = { source, repository, tag, dependencies: join(root, "node_modules") };
  files = release({ ...options, out });
  release({ ...options, out: join(folder, "two") });
  sign({ out, cosign, key: join(folder, "cosign.key"), signingConfig });
});

test("a tag of another version, and a work tree with changes, are refused", () => {
  const source = join(folder, "source");
  const options = { source, repository, out: join(folder, "none") };
  assert.throws(() => release({ ...options, tag: "v9.9.9" }), /is not v.*; tag the commit/);
  writeFileSync(join(source, "left-over.txt"), "x");
  assert.throws(() => release(options), /changes that no commit holds[\s\S]*left-over\.txt/);
  rmSync(join(source, "left-over.txt"));
});

const read = (name: string) => readFileSync(join(out, name), "utf8");

test("two clean clones give the same files, and the provenance names all of them", () => {
  for (const name of files)
    assert.equal(
      digestOf(readFileSync(join(out, name))),
      digestOf(readFileSync(join(folder, "two", name))),
      name,
    );
  const { subject, predicate } = JSON.parse(read("provenance.intoto.json"));
  const named = new Map<string, string>(
    subject.map((one: { name: string; digest: { sha256: string } }) => [
      one.name,
      one.digest.sha256,
    ]),
  );
  for (const name of files.filter((one) => !/^(SHA256SUMS|provenance)/.test(one)))
    assert.equal(`sha256:${named.get(name)}`, digestOf(readFileSync(join(out, name))), name);
  for (const module of moduleNames) assert.ok(named.has(`${module}:${version}`), module);
  const [commit] = predicate.buildDefinition.resolvedDependencies;
  const cwd = join(folder, "source");
  const head = execFileSync("git", ["rev-parse", "HEAD"], { cwd, encoding: "utf8" }).trim();
  assert.equal(commit.uri, `git+${repository}@${head}`);
});

test("the checksums hold, and a file that was changed does not pass", () => {
  const check = () =>
    spawnSync("sha256sum", ["--check", "--quiet", "SHA256SUMS"], { cwd: out, encoding: "utf8" });
  assert.equal(check().status, 0);
  const file = join(out, "IMAGES");
  const text = readFileSync(file);
  writeFileSync(file, "x");
  assert.notEqual(check().status, 0);
  writeFileSync(file, text);
});

test("cosign verifies the checksums and the provenance, and refuses another key's", () => {
  const key = ["--key", join(folder, "cosign.pub"), "--insecure-ignore-tlog"];
  const verify = (...args: string[]) => spawnSync(cosign, args, { cwd: out, encoding: "utf8" });
  const blob = ["verify-blob", "--bundle", "SHA256SUMS.sigstore.json", "SHA256SUMS"];
  assert.equal(verify(...blob, ...key).status, 0);
  const attested = (file: string) =>
    verify(
      "verify-blob-attestation",
      "--bundle",
      "provenance.sigstore.json",
      "--type",
      "slsaprovenance1",
      ...key,
      file,
    );
  for (const file of [`gatehouse-${version}.tgz`, "jwt-auth.wasm"])
    assert.equal(attested(file).status, 0, attested(file).stderr);
  assert.notEqual(attested("SHA256SUMS").status, 0);
  mkdirSync(join(folder, "other"));
  execFileSync(cosign, ["generate-key-pair"], { cwd: join(folder, "other"), stdio: "ignore" });
  const other = ["--key", join(folder, "other/cosign.pub"), "--insecure-ignore-tlog"];
  assert.notEqual(verify(...blob, ...other).status, 0);
});

test("each bill of materials names what is inside, with licences and hashes", () => {
  const bill = JSON.parse(read("gatehouse.cdx.json"));
  assert.equal(bill.bomFormat, "CycloneDX");
  const names = bill.components.map(({ name }: { name: string }) => name);
  for (const name of ["commander", "yaml"]) assert.ok(names.includes(name), name);
  for (const name of ["typescript", "prettier", "vitepress"])
    assert.ok(!names.includes(name), name);
  for (const module of moduleNames) {
    const { metadata, components } = JSON.parse(read(`${module}.cdx.json`));
    const [hash] = metadata.component.hashes;
    assert.equal(`sha256:${hash.content}`, digestOf(readFileSync(join(out, `${module}.wasm`))));
    const inside = components.map(({ name }: { name: string }) => name);
    assert.deepEqual(inside, ["@solo-io/proxy-runtime", "assemblyscript"]);
    for (const one of components) assert.ok(one.licenses && one.hashes, one.name);
  }
});

test("helm renders the chart of the release", () => {
  const values = join(folder, "values.json");
  const spec = {
    placement: { gateway: { selector: { istio: "ingressgateway" } } },
    image: { repository: "registry.example.com/gatehouse" },
    "access-log": { sinks: [{ envoyLog: {} }] },
  };
  writeFileSync(values, JSON.stringify({ policies: [{ metadata: { name: "edge" }, spec }] }));
  const chart = join(out, `gatehouse-chart-${version}.tgz`);
  const rendered = execFileSync(program("helm"), ["template", "edge", chart, "-f", values], {
    encoding: "utf8",
  });
  const image = read("IMAGES")
    .split("\n")
    .find((line) => line.endsWith(`access-log:${version}`))!;
  assert.match(rendered, new RegExp(image.split("  ")[0]!));
});

test("images are pushed, signed and attested by cosign, and gatehouse verifies them", async () => {
  const crane = program("crane");
  const server = spawn(crane, ["registry", "serve", "--address", "127.0.0.1:0"]);
  try {
    const host = await new Promise<string>((found, fail) => {
      let said = "";
      for (const stream of [server.stdout, server.stderr])
        stream.on("data", (data) => {
          said += data;
          const port = /serving on port (\d+)/i.exec(said)?.[1];
          if (port) found(`127.0.0.1:${port}`);
        });
      server.on("close", () => fail(new Error(said)));
    });
    const layout = join(folder, "layout");
    mkdirSync(layout);
    execFileSync("tar", ["-xf", join(out, `gatehouse-images-${version}.oci.tar`), "-C", layout]);
    const command = join(root, "deploy/cli/gatehouse.js");
    const gatehouse = (...args: string[]) =>
      spawnSync(process.execPath, [command, ...args], { encoding: "utf8" });
    const pushed = gatehouse("push", "canary", "--to", `${host}/g`, "--json");
    const [{ reference, digest }] = JSON.parse(pushed.stdout).images;
    const blob = readFileSync(join(layout, "blobs", digest.replace(":", "/")));
    assert.equal(digestOf(blob), digest);
    const key = join(folder, "cosign.pub");
    const unsigned = gatehouse("verify", reference, "--key", key);
    assert.equal(unsigned.status, 1, unsigned.stderr);
    const bundle = join(out, "provenance.sigstore.json");
    const byFile = gatehouse("verify", reference, "--key", key, "--provenance", bundle);
    assert.equal(byFile.status, 0, byFile.stdout + byFile.stderr);
    const published = await publish({
      out,
      repository: `${host}/g`,
      cosign,
      key: join(folder, "cosign.key"),
      signingConfig,
    });
    assert.equal(published.length, 2 * moduleNames.length);
    assert.ok(published.includes(reference));
    const signed = gatehouse("verify", ...published, "--key", key);
    assert.equal(signed.status, 0, signed.stdout + signed.stderr);
    assert.match(signed.stdout, new RegExp(`release ${version}, built by local`));
  } finally {
    server.kill();
    await once(server, "close");
  }
});
