// The line on Envoy's own logger, as envoy/access-log.yaml configures it: a request that has no
// line leaves none, instead of the `-` that Envoy prints for an absent filter state.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { build } from "../../tools/build.ts";
import { type Json, readBootstrap } from "../../envoy/bootstrap.ts";
import { pinnedEnvoy } from "../../envoy/find.ts";
import { type RunningEnvoy, launchEnvoy } from "../../envoy/launch.ts";
import { lineFilter, lineFormat } from "../../deploy/core/log-line.ts";
import { send } from "../support/client.ts";
import { type Upstream, startUpstream } from "../support/upstream.ts";

/** Sampled out, excluded and over the cap: each path has its reason. */
const settings = {
  format: { text: "line %REQ(:PATH)%" },
  when: [{ not: { match: [{ uri: { prefix: "/health" } }] } }],
  sample: { percent: 0, alwaysWhen: [{ match: [{ uri: { prefix: "/kept" } }] }] },
  maxLinesPerSecond: 1,
  sinks: [{ envoyLog: {} }],
};

function loggersOf(node: Json): Json[] {
  if (node === null || typeof node !== "object") return [];
  return Object.entries(node).flatMap(([key, child]) =>
    key === "access_log" ? (child as Json[]) : loggersOf(child),
  );
}

for (const name of ["access-log", "chain"]) {
  test(`envoy/${name}.yaml: the logger that prints the line has the filter`, () => {
    const [logger] = loggersOf(readBootstrap(name));
    assert.equal(
      logger.typed_config.log_format.text_format_source.inline_string,
      `${lineFormat}\n`,
    );
    assert.equal(logger.filter.extension_filter.typed_config.expression, lineFilter);
  });
}

for (const version of ["newest", "oldest"] as const) {
  describe(`Envoy ${version}`, () => {
    let envoy: RunningEnvoy;
    let upstream: Upstream;
    before(async () => {
      await build(["access-log"]);
      upstream = await startUpstream();
      const clusters = { stable: upstream.endpoint };
      const config = readBootstrap("access-log", { clusters, configs: { "access-log": settings } });
      envoy = await launchEnvoy(config, { envoy: await pinnedEnvoy(version), concurrency: 1 });
    });
    after(async () => {
      await envoy.stop();
      await upstream.close();
    });

    test("sampled-out, excluded and capped requests print nothing, a kept one its line", async () => {
      for (const path of ["/sampled-out", "/health", "/kept/1", "/kept/2", "/sampled-out"]) {
        assert.equal((await send(envoy.port(), { path })).status, 200);
      }
      // Once the cap lets another line through, what came before it has been printed.
      const last = async () => {
        await send(envoy.port(), { path: "/kept/last" });
        return envoy.awaitLog(/^line \/kept\/last$/m, { millis: 200 }).catch(() => undefined);
      };
      while (!(await last()));
      const printed = envoy
        .log()
        .split("\n")
        .filter((line) => /^(-|line .*)$/.test(line));
      assert.deepEqual(printed, ["line /kept/1", "line /kept/last"]);
    });
  });
}
