// The tool's image, made without docker over a base in a real registry, read back by crane and run
// in its own root folder.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { digestOf } from "../../deploy/oci/image.ts";
import { parseName } from "../../deploy/oci/name.ts";
import { push } from "../../deploy/oci/push.ts";
import { Registry } from "../../deploy/oci/registry.ts";
import { gzipStored, tar } from "../../deploy/oci/tar.ts";
import type { TarFile } from "../../deploy/oci/tar.ts";
import { assemble } from "../../tools/package.ts";
import { pushToolImage, toolFiles } from "../../tools/release/tool-image.ts";
import { program } from "./helm.ts";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "gatehouse-tool-image-"));
let server: ChildProcess;
let host = "";
let files: TarFile[] = [];

before(async () => {
  server = spawn(program("crane"), ["registry", "serve", "--address", "127.0.0.1:0"]);
  host = await new Promise<string>((found, fail) => {
    let said = "";
    for (const stream of [server.stdout!, server.stderr!])
      stream.on("data", (data) => {
        said += data;
        const port = /serving on port (\d+)/i.exec(said)?.[1];
        if (port) found(`127.0.0.1:${port}`);
      });
    server.on("close", () => fail(new Error(said)));
  });
  await assemble();
  files = toolFiles();
});

after(async () => {
  if (server.exitCode === null) {
    const ended = once(server, "close");
    server.kill();
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
});

/** What a distroless image has, from this machine: Node and the libraries that it loads. */
function baseFiles(): TarFile[] {
  const node = realpathSync(join(root, "node_modules/.bin/node"));
  const libraries = execFileSync("ldd", [node], { encoding: "utf8" }).matchAll(/(\/\S+)/g);
  const file = (name: string, from: string) => ({
    name,
    data: readFileSync(from),
    mode: 0o755,
  });
  return [
    file("nodejs/bin/node", node),
    ...[...libraries].map(([path]) => file(path.slice(1), path)),
  ];
}

/** Pushes a base image and gives its registry and digest. */
async function pushedBase(): Promise<{ base: Registry; digest: string }> {
  const name = parseName(`${host}/base`);
  const archive = tar(baseFiles());
  const blob = (mediaType: string, data: Buffer) => ({ mediaType, digest: digestOf(data), data });
  const layer = blob("application/vnd.oci.image.layer.v1.tar+gzip", gzipStored(archive));
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const config = blob(
    "application/vnd.oci.image.config.v1+json",
    Buffer.from(
      JSON.stringify({
        architecture,
        os: "linux",
        rootfs: { type: "layers", diff_ids: [digestOf(archive)] },
      }),
    ),
  );
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const describe = (one: typeof layer) => ({
    mediaType: one.mediaType,
    digest: one.digest,
    size: one.data.length,
  });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: describe(config),
      layers: [describe(layer)],
    }),
  );
  const digest = digestOf(manifest);
  const image = { form: "image" as const, mediaType, manifest, digest, blobs: [config, layer] };
  await push(image, name, ["1"], {});
  return { base: new Registry(name, { isReadOnly: true }), digest };
}

test("the image is valid, runs the tool as nobody without a shell, and is the same each time", async () => {
  const { base, digest } = await pushedBase();
  const target = new Registry(parseName(`${host}/tool`));
  const made = await pushToolImage(base, digest, target, "1.2.3", files);
  const again = await pushToolImage(base, digest, target, "1.2.3", toolFiles());
  assert.equal(again, made);
  const crane = (...args: string[]) =>
    execFileSync(program("crane"), [...args, "--insecure"], { encoding: "utf8" });
  const image = `${host}/tool:1.2.3`;
  assert.equal(crane("digest", image).trim(), made);
  crane("validate", "--remote", image);
  const { config } = JSON.parse(crane("config", image));
  assert.equal(config.User, "65532:65532");
  assert.deepEqual(config.Entrypoint, ["/usr/local/bin/gatehouse"]);
  const place = join(folder, "root");
  mkdirSync(join(place, "workspace"), { recursive: true });
  crane("export", image, join(folder, "root.tar"));
  execFileSync("tar", ["-xf", join(folder, "root.tar"), "-C", place, "--no-same-owner"]);
  writeFileSync(
    join(place, "workspace/edge.yaml"),
    readFileSync(join(root, "tests/deploy/fixtures/policies/waypoint.yaml")),
  );
  const run = (...args: string[]) =>
    spawnSync("unshare", ["-r", "chroot", place, ...config.Entrypoint, ...args], {
      encoding: "utf8",
      env: { PATH: process.env.PATH },
    });
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const said = run("--version");
  assert.equal(said.stdout, `${version}\n`, said.stderr);
  const validated = run("validate", "/workspace/edge.yaml");
  assert.equal(validated.status, 0, validated.stderr);
  const rendered = run("render", "/workspace/edge.yaml");
  assert.match(rendered.stdout, /kind: WasmPlugin/);
});

test("a base that the registry does not have is refused with the fix", async () => {
  const base = new Registry(parseName(`${host}/base`), { isReadOnly: true });
  const target = new Registry(parseName(`${host}/other`));
  const wrong = digestOf("something else");
  await assert.rejects(
    pushToolImage(base, wrong, target, "1", files),
    /no such base image; name another with --base/,
  );
});

test("long names of packages fit into the archive, and names that do not are refused", () => {
  const long = `${"a".repeat(60)}/${"b".repeat(60)}/c.js`;
  writeFileSync(join(folder, "long.tar"), tar([{ name: long, data: Buffer.from("x") }]));
  const listed = execFileSync("tar", ["-tf", join(folder, "long.tar")], { encoding: "utf8" });
  assert.equal(listed, `${long}\n`);
  assert.throws(() => tar([{ name: "a".repeat(101), data: Buffer.from("") }]), /longer than/);
});
