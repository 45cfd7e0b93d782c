// Pushes into a real registry process (go-containerregistry's, as Istio's own fetcher is built
// on) and reads both image forms back. Needs Go once, to build it into the cache folder.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { filterNames, moduleNames } from "../../deploy/core/catalog.ts";
import { gatehouse } from "../deploy/helper.ts";
import { goBinary } from "./binaries.ts";

const version = "v0.21.6";
const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "gatehouse-registry-"));

let crane: string;
let server: ChildProcess;
let host = "";

before(async () => {
  crane = goBinary("github.com/google/go-containerregistry/cmd/crane", version);
  server = spawn(crane, ["registry", "serve", "--address", "127.0.0.1:0"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  host = await new Promise<string>((found, fail) => {
    let said = "";
    const read = (data: Buffer) => {
      said += data;
      const port = /serving on port (\d+)/i.exec(said)?.[1];
      if (port) found(`127.0.0.1:${port}`);
    };
    server.stdout!.on("data", read);
    server.stderr!.on("data", read);
    server.on("close", () => fail(new Error(`the registry ended before it served:\n${said}`)));
  });
});

after(async () => {
  if (server?.exitCode === null) {
    const ended = new Promise((done) => server.on("close", done));
    server.kill();
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
});

function ask(...args: string[]): Buffer {
  const { status, stdout, stderr } = spawnSync(crane, [...args, "--insecure"], {
    maxBuffer: 64 * 1024 * 1024,
  });
  assert.equal(status, 0, `crane ${args.join(" ")}: ${stderr}`);
  return stdout;
}

const module = (filter: string) => readFileSync(join(root, "build", `${filter}.wasm`));

test("every filter is pushed in both forms, and the registry agrees with our digests", async () => {
  const { code, out, err } = await gatehouse(
    "push",
    "--to",
    `${host}/gatehouse`,
    "--tag",
    "v1",
    "--form",
    "both",
    "--json",
  );
  assert.equal(code, 0, out + err);
  const { images } = JSON.parse(out);
  assert.equal(images.length, 2 * moduleNames.length);
  for (const { filter, tag, digest } of images) {
    assert.equal(ask("digest", `${host}/gatehouse/${filter}:${tag}`).toString().trim(), digest);
  }
});

test("the image form validates as an image, and its file system holds the module", () => {
  for (const filter of filterNames) {
    const reference = `${host}/gatehouse/${filter}:v1`;
    ask("validate", "--remote", reference);
    const archive = join(folder, `${filter}.tar`);
    ask("export", reference, archive);
    const { stdout, status } = spawnSync("tar", ["-xOf", archive, "plugin.wasm"], {
      maxBuffer: 64 * 1024 * 1024,
    });
    assert.equal(status, 0);
    assert.ok(stdout.equals(module(filter)), `${filter}: the module came back changed`);
  }
});

test("the artifact form has two layers, and the typed one is the module", () => {
  for (const filter of filterNames) {
    const reference = `${host}/gatehouse/${filter}`;
    const manifest = JSON.parse(ask("manifest", `${reference}:v1-artifact`).toString());
    assert.equal(manifest.layers.length, 2);
    const layer = manifest.layers.find(
      (one: { mediaType: string }) =>
        one.mediaType === "application/vnd.module.wasm.content.layer.v1+wasm",
    );
    assert.ok(ask("blob", `${reference}@${layer.digest}`).equals(module(filter)));
  }
});

test("a second push sends nothing and says so", async () => {
  const { code, out } = await gatehouse(
    "push",
    "--to",
    `${host}/gatehouse`,
    "--tag",
    "v1",
    "--json",
  );
  assert.equal(code, 0);
  for (const { result } of JSON.parse(out).images) assert.equal(result, "was there already");
});

test("what render pins is what the registry serves", async () => {
  const settings = join(root, "tests/deploy/fixtures/policies/waypoint.yaml");
  const text = readFileSync(settings, "utf8").replace(
    /image: .*/,
    `image: { repository: "${host}/gatehouse" }`,
  );
  const file = join(folder, "policy.yaml");
  writeFileSync(file, text);
  const { code, out, err } = await gatehouse("render", "-f", file, "--json");
  assert.equal(code, 0, out + err);
  for (const { spec } of JSON.parse(out).resources) {
    const reference = spec.url.replace("oci://", "");
    assert.equal(ask("digest", reference).toString().trim(), `sha256:${spec.sha256}`);
  }
});
