// The configurations in envoy/ are for people too: Envoy must take them as they are, from the
// root of the checkout.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { parse } from "yaml";
import { build } from "../../tools/build.ts";
import { type Json, readBootstrap, wasmPlugins } from "../../envoy/bootstrap.ts";
import { newestVersion, pinnedEnvoy } from "../../envoy/find.ts";

const root = join(import.meta.dirname, "../..");
const run = promisify(execFile);
const read = (file: string): Json => parse(readFileSync(join(root, "envoy", file), "utf8"));
const files = globSync("*.yaml", {
  cwd: join(root, "envoy"),
  exclude: ["docker-compose.yaml"],
}).sort();

describe("the configurations of envoy/", () => {
  it("are there", () => assert.ok(files.includes("chain.yaml")));

  for (const file of files) {
    it(`${file} is valid as it is, on the newest and the oldest Envoy`, async () => {
      await build();
      for (const version of ["newest", "oldest"] as const) {
        const { binary } = await pinnedEnvoy(version);
        const { stdout, stderr } = await run(
          binary,
          ["--mode", "validate", "--config-path", `envoy/${file}`],
          {
            cwd: root,
          },
        );
        assert.match(stdout + stderr, /configuration '.*' OK/);
      }
    });

    it(`${file} listens on loopback alone`, () => {
      const { admin, static_resources } = read(file);
      for (const { address } of [admin, ...static_resources.listeners]) {
        assert.equal(address.socket_address.address, "127.0.0.1");
      }
    });
  }

  it("can be moved to other ports, endpoints and settings, and a wrong name is told", () => {
    const moved = readBootstrap("chain", {
      clusters: { stable: "127.0.0.1:7" },
      configs: { canary: { routes: [] } },
    });
    assert.equal(moved.admin.address.socket_address.port_value, 0);
    assert.equal(moved.static_resources.listeners[0].address.socket_address.port_value, 0);
    const stable = moved.static_resources.clusters.find((each: Json) => each.name === "stable");
    assert.equal(
      stable.load_assignment.endpoints[0].lb_endpoints[0].endpoint.address.socket_address
        .port_value,
      7,
    );
    const plugin = wasmPlugins(moved).get("canary");
    assert.equal(plugin.configuration.value, '{"routes":[]}');
    assert.equal(plugin.vm_config.code.local.filename, join(root, "build/canary.wasm"));
    assert.throws(
      () => readBootstrap("chain", { clusters: { steady: "127.0.0.1:7" } }),
      /has no cluster steady/,
    );
    assert.throws(
      () => readBootstrap("chain", { configs: { kanary: {} } }),
      /has no Wasm filter kanary/,
    );
  });
});

describe("the containers", () => {
  const { services } = read("docker-compose.yaml");

  it("run the pinned Envoy on the chain of this folder", () => {
    assert.equal(services.envoy.image, `envoyproxy/envoy:v${newestVersion}`);
    assert.ok(services.envoy.command.includes("envoy/chain.yaml"));
  });

  it("mount the checkout, where the commands find their files", () => {
    for (const each of Object.values(services) as Json[]) {
      assert.deepEqual(each.volumes, [`..:${each.working_dir}:ro`]);
      const named = each.command.filter((word: string) => word.startsWith("envoy/"));
      for (const file of named) assert.ok(readFileSync(join(root, file)).length > 0);
    }
  });
});
