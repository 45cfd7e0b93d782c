// The shipped scrape, alerts and dashboard on a real Prometheus: every alert fires when it should
// and stays quiet otherwise, and every panel's query gives data of a real Envoy.
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parse, stringify } from "yaml";
import { type Chain, startChain } from "../support/chain.ts";
import { closeConnections } from "../support/client.ts";
import { startRateLimitService } from "../support/rate-limit-service.ts";
import { jwks, token } from "../support/tokens.ts";
import { type Upstream, startUpstream } from "../support/upstream.ts";
import { cluster } from "../../envoy/bootstrap.ts";
import { build } from "../../tools/build.ts";
import { prometheus } from "./binaries.ts";

const base = join(import.meta.dirname, "../../deploy/istio/observability/base");
const shipped = (name: string) => readFileSync(join(base, "prometheus", name), "utf8");
const folder = mkdtempSync(join(tmpdir(), "gatehouse-prometheus-"));
const { server, promtool } = prometheus();

function check(args: string[]): string {
  const done = spawnSync(promtool, args, { cwd: folder, encoding: "utf8" });
  assert.equal(done.status, 0, `promtool ${args.join(" ")}:\n${done.stdout}${done.stderr}`);
  return done.stdout;
}

after(() => rmSync(folder, { recursive: true, force: true }));

test("promtool accepts the shipped rules and the shipped scrape", () => {
  writeFileSync(join(folder, "rules.yml"), shipped("rules.yml"));
  const scrape = shipped("prometheus.yml").replace("/etc/prometheus/rules.yml", "rules.yml");
  writeFileSync(join(folder, "prometheus.yml"), scrape);
  check(["check", "rules", "rules.yml"]);
  // Debian builds Prometheus without Kubernetes' discovery; everything else is checked.
  const config = parse(scrape) as { scrape_configs: Record<string, unknown>[] };
  for (const job of config.scrape_configs) delete job.kubernetes_sd_configs;
  writeFileSync(
    join(folder, "prometheus.yml"),
    stringify(config, { aliasDuplicateObjects: false }),
  );
  check(["check", "config", "prometheus.yml"]);
});

const at = 'namespace="istio-system", app="gw", pod="gw-1"';

/** For each alert: series (one sample a minute) that make it fire, and others that must not. */
const alerts: Record<string, { fires: Record<string, string>; quiet: Record<string, string> }> = {
  GatehouseKeysStale: {
    fires: { [`gatehouse_jwt_auth{${at}, name="main", outcome="jwks_age_seconds"}`]: "4000+60x60" },
    quiet: { [`gatehouse_jwt_auth{${at}, name="main", outcome="jwks_age_seconds"}`]: "300+0x60" },
  },
  GatehouseKeysUnavailable: {
    fires: { [`gatehouse_jwt_auth{${at}, name="main", outcome="keys_unavailable"}`]: "0+6x60" },
    quiet: { [`gatehouse_jwt_auth{${at}, name="main", outcome="keys_unavailable"}`]: "7+0x60" },
  },
  GatehouseTokensRefused: {
    fires: {
      [`gatehouse_jwt_auth{${at}, name="main", outcome="expired"}`]: "0+30x60",
      [`gatehouse_jwt_auth{${at}, name="main", outcome="allowed"}`]: "0+60x60",
    },
    quiet: {
      [`gatehouse_jwt_auth{${at}, name="main", outcome="expired"}`]: "0+1x60",
      [`gatehouse_jwt_auth{${at}, name="main", outcome="allowed"}`]: "0+60x60",
    },
  },
  GatehouseVerificationFlood: {
    fires: { [`gatehouse_jwt_auth{${at}, name="main", outcome="verification_limit"}`]: "0+9x60" },
    quiet: { [`gatehouse_jwt_auth{${at}, name="main", outcome="verification_fails"}`]: "0+9x60" },
  },
  GatehouseLimited: {
    fires: {
      [`gatehouse_rate_limit{${at}, name="api", outcome="limited"}`]: "0+30x60",
      [`gatehouse_rate_limit{${at}, name="api", outcome="admitted"}`]: "0+60x60",
    },
    quiet: {
      [`gatehouse_rate_limit{${at}, name="api", outcome="limited"}`]: "0+1x60",
      [`gatehouse_rate_limit{${at}, name="api", outcome="admitted"}`]: "0+60x60",
    },
  },
  GatehouseLimitTableFull: {
    fires: { [`gatehouse_rate_limit{${at}, name="api", outcome="overflowed"}`]: "0+2x60" },
    quiet: { [`gatehouse_rate_limit{${at}, name="api", outcome="overflowed"}`]: "0+0x60" },
  },
  GatehouseLimitServiceFailing: {
    fires: { [`gatehouse_rate_limit{${at}, name="global", outcome="failed"}`]: "0+2x60" },
    quiet: { [`gatehouse_rate_limit{${at}, name="global", outcome="ok"}`]: "0+2x60" },
  },
  GatehouseCanaryEjected: {
    fires: { [`gatehouse_canary{${at}, name="shop", outcome="guard_ejections"}`]: "0x30 1x30" },
    quiet: { [`gatehouse_canary{${at}, name="shop", outcome="guard_ejections"}`]: "1+0x60" },
  },
  GatehouseLogLinesLost: {
    fires: { [`gatehouse_access_log{${at}, name="loki", outcome="dropped_full"}`]: "0+2x60" },
    quiet: { [`gatehouse_access_log{${at}, name="loki", outcome="delivered"}`]: "0+2x60" },
  },
  GatehousePluginRestarted: {
    // Two plugins of one pod: as metrics of two names they could not stand in one vector.
    fires: {
      [`envoy_wasm_vm_reload{${at}, plugin="jwt-auth"}`]: "0x30 1x30",
      [`envoy_wasm_vm_reload{${at}, plugin="canary"}`]: "0x60",
    },
    quiet: {
      [`envoy_wasm_vm_reload{${at}, plugin="jwt-auth"}`]: "0x60",
      [`envoy_wasm_vm_reload{${at}, plugin="canary"}`]: "0x60",
    },
  },
  GatehousePluginNotFetched: {
    fires: { [`envoy_wasm_remote_load_fetch_failures{${at}}`]: "0x30 1x30" },
    quiet: { [`envoy_wasm_remote_load_fetch_failures{${at}}`]: "0x60" },
  },
};

interface Rules {
  groups: { rules: { alert: string }[] }[];
}

test("every shipped alert has a case that makes it fire and one that does not", () => {
  const rules = parse(shipped("rules.yml")) as Rules;
  const names = rules.groups.flatMap((group) => group.rules.map(({ alert }) => alert));
  assert.deepEqual(Object.keys(alerts).sort(), names.sort());
});

/** The expression is true when the alert is in force, or not, 35 minutes after the first sample. */
function caseOf(alert: string, series: Record<string, string>, firing: boolean) {
  return {
    interval: "1m",
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [
      {
        expr: `count(ALERTS{alertname="${alert}", alertstate="firing"}) or vector(0)`,
        eval_time: "35m",
        exp_samples: [{ labels: "{}", value: firing ? 1 : 0 }],
      },
    ],
  };
}

for (const [alert, { fires, quiet }] of Object.entries(alerts)) {
  test(`${alert} fires on its condition and stays quiet without it`, () => {
    writeFileSync(join(folder, "rules.yml"), shipped("rules.yml"));
    const file = join(folder, `${alert}.yml`);
    const tests = [caseOf(alert, fires, true), caseOf(alert, quiet, false)];
    writeFileSync(file, stringify({ rule_files: ["rules.yml"], evaluation_interval: "1m", tests }));
    check(["test", "rules", file]);
  });
}

let chain: Chain;
let scraper: ChildProcess;
let api = "";

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

/** The shipped scrape with this Envoy in place of the pods that Kubernetes would name. */
function scrapeOf(target: string): string {
  const config = parse(shipped("prometheus.yml")) as {
    scrape_configs: Record<string, unknown>[];
    rule_files: string[];
    global: Record<string, string>;
  };
  const envoy = config.scrape_configs.find(({ job_name }) => job_name === "envoy-stats")!;
  delete envoy.kubernetes_sd_configs;
  delete envoy.relabel_configs;
  const labels = { namespace: "istio-system", app: "istio-ingressgateway", pod: "gateway-1" };
  envoy.static_configs = [{ targets: [target], labels }];
  config.scrape_configs = [envoy];
  config.rule_files = [];
  config.global = { scrape_interval: "1s", evaluation_interval: "1s" };
  return stringify(config, { aliasDuplicateObjects: false });
}

/**
 * All four filters, with everything that the dashboard shows: keys over the network, a rate limit
 * service, a sink.
 */
const settings = {
  "access-log": {
    format: { text: "%REQ(:PATH)%" },
    sinks: [{ proxyLog: {} }, { name: "lake", http: { cluster: "sink", encoding: "ndjson" } }],
  },
  "jwt-auth": {
    providers: [
      {
        name: "main",
        issuer: "https://auth.example.com",
        jwksUri: "http://auth.example.com/keys",
        jwksCluster: "issuer",
      },
    ],
    rules: [
      { match: [{ uri: { prefix: "/private" } }], requires: { provider: "main" } },
      { requires: { none: true } },
    ],
  },
  "rate-limit": {
    limits: [
      {
        name: "everyone",
        tokenBucket: { maxTokens: 1_000_000, tokensPerFill: 1_000_000, fillInterval: "1h" },
      },
    ],
    global: { cluster: "ratelimit", domain: "edge", timeout: "1s" },
  },
  canary: {
    routes: [
      {
        name: "product-service",
        split: { stable: 90, canary: 10 },
        guard: { variant: "canary", maxFailurePercent: 50, minRequests: 10, window: "10s" },
      },
    ],
  },
};

const servers: Upstream[] = [];

before(async () => {
  await build(Object.keys(settings));
  const keys = JSON.stringify(await jwks("es1"));
  const [issuer, sink] = [await startUpstream(() => ({ body: keys })), await startUpstream()];
  const service = await startRateLimitService();
  servers.push(issuer, sink, service);
  chain = await startChain({
    filters: Object.entries(settings).map(([name, config]) => ({ name, config })),
    clusters: {
      issuer: issuer.endpoint,
      sink: sink.endpoint,
      ratelimit: cluster({ name: "ratelimit", endpoints: [service.endpoint], http2: true }),
    },
  });
  const port = await freePort();
  api = `http://127.0.0.1:${port}`;
  const file = join(folder, "scrape.yml");
  writeFileSync(file, scrapeOf(`127.0.0.1:${chain.envoy.adminPort}`));
  scraper = spawn(
    server,
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: "ignore" },
  );
});

after(async () => {
  scraper?.kill("SIGKILL");
  await chain?.stop();
  for (const each of servers) await each.close();
  closeConnections();
});

/** Requests that every panel has something to show of. */
async function traffic(): Promise<void> {
  const good = await token({ key: "es1", claims: { iss: "https://auth.example.com" } });
  for (let i = 0; i < 10; i++) {
    await chain.send({ path: "/open", headers: [["x-user", `u${i}`]] });
    await chain.send({ path: "/private", headers: [["authorization", `Bearer ${good}`]] });
    await chain.send({ path: "/private", headers: [["authorization", "Bearer forged"]] });
  }
}

async function query(expression: string): Promise<Row[]> {
  const answer = await fetch(`${api}/api/v1/query?query=${encodeURIComponent(expression)}`);
  const body = (await answer.json()) as { status: string; error?: string; data: Vector };
  assert.equal(body.status, "success", `${expression}: ${body.error}`);
  return body.data.result;
}

interface Vector {
  result: Row[];
}

interface Dashboard {
  panels: { title: string; targets?: { expr: string }[] }[];
}

interface Row {
  metric: Record<string, string>;
  value: [seconds: number, value: string];
}

/** What does not grow while nothing goes wrong; a row with 0 is data then. */
const quiet = /guard_ejections|jwks_fetch|vm_reload/;

function hasData(expression: string, rows: Row[]): boolean {
  return rows.some(({ value }) => quiet.test(expression) || Number(value[1]) > 0);
}

/** What no stock Envoy counts: Istio's own extension makes it. */
const needsIstio = /\bistio_/;

test("every query of the dashboard gives data of a real Envoy with the four filters", async () => {
  const dashboard = JSON.parse(
    readFileSync(join(base, "grafana/gatehouse.json"), "utf8"),
  ) as Dashboard;
  const expressions = dashboard.panels
    .flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
    .filter((expression) => !needsIstio.test(expression))
    .map((expression) =>
      expression.replaceAll("$__rate_interval", "30s").replaceAll(/\$(namespace|app)/g, ".+"),
    );
  assert.ok(expressions.length >= 12, `${expressions.length} queries`);
  let without = expressions;
  for (const deadline = Date.now() + 40_000; without.length > 0 && Date.now() < deadline;) {
    await traffic();
    const answers = await Promise.all(
      without.map((expression) => query(expression).catch((error: Error) => error)),
    );
    const refused = answers.find(
      (each) => each instanceof Error && !/fetch failed/.test(each.message),
    );
    if (refused) throw refused;
    const asked = without;
    without = asked.filter((expression, index) => {
      const answer = answers[index]!;
      return answer instanceof Error || !hasData(expression, answer);
    });
  }
  assert.deepEqual(without, []);
});

test("the reloads of two plugins are one metric with a label for the plugin", async () => {
  const rows = await query("envoy_wasm_vm_reload");
  const plugins = new Set(rows.map(({ metric }) => metric.plugin));
  for (const name of ["jwt_auth", "rate_limit", "canary", "access_log"]) {
    assert.ok(plugins.has(name) || plugins.has(name.replace("_", "-")), [...plugins].join(", "));
  }
});
