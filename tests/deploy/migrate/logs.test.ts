// Access logs: the format that a logger prints, and which requests it prints a line for, by the
// real module and by the model of Envoy's filters.
import assert from "node:assert/strict";
import { test } from "node:test";
import { stringify } from "yaml";
import { compareLogs } from "../../../deploy/compare/logs.ts";
import { Random } from "../../../deploy/compare/random.ts";
import { parse } from "../../../deploy/core/source.ts";
import { Clock } from "../../../deploy/emulator/clock.ts";
import { Proxy } from "../../../deploy/emulator/proxy.ts";
import { FilterError, whenOf } from "../../../deploy/migrate/log-filter.ts";
import { migrate } from "../../../deploy/migrate/migrate.ts";
import { CelError, evaluate, parseCel } from "../../../deploy/native/log/cel.ts";
import { istioJsonFormat, istioTextFormat } from "../../../deploy/native/log/formats.ts";
import { compiled } from "../../../deploy/validate/module-check.ts";
import { attributesOf, randomExchange, randomFilter } from "../../support/log-filters.ts";
import type { Exchange } from "../../support/log-filters.ts";

function migrated(...resources: object[]): { documents: any[]; notes: string } {
  const text = resources.map((one) => stringify(one)).join("---\n");
  const { documents, report } = migrate(parse(text, "in.yaml").manifests, "registry.example.com/g");
  return {
    documents: documents.map(({ value }) => value),
    notes: report.entries
      .map(({ outcome, path, note }) => `${outcome} ${path.join(".")}: ${note}`)
      .join("\n"),
  };
}

const mesh = (config: object) => ({
  apiVersion: "install.istio.io/v1alpha1",
  kind: "IstioOperator",
  metadata: { name: "mesh", namespace: "istio-system" },
  spec: { meshConfig: config },
});
const telemetry = (...accessLogging: object[]) => ({
  apiVersion: "telemetry.istio.io/v1",
  kind: "Telemetry",
  metadata: { name: "log", namespace: "shop" },
  spec: { accessLogging },
});

/** Whether the real filter writes a line. */
class Logger {
  private readonly proxy = new Proxy({ clock: new Clock(0) });

  constructor(when: object[]) {
    const config = {
      format: { text: "line" },
      ...(when.length > 0 && { when }),
      sinks: [{ envoyLog: {} }],
    };
    this.proxy.install({ module: compiled("access-log"), config });
  }

  writes({ method, path, host, headers, status }: Exchange): boolean {
    const stream = this.proxy.exchange(
      { method, path, authority: host, headers },
      { status, durationMillis: 1 },
    );
    return stream.filterState.get("gatehouse_access_log") !== undefined;
  }

  close(): void {
    this.proxy.shutdown();
  }
}

test("logs: an empty accessLogFormat is Istio's default, as text and as JSON", () => {
  const text = migrated(mesh({ accessLogFile: "/dev/stdout", accessLogFormat: "" }));
  assert.deepEqual(text.documents[0].spec["access-log"].format, { text: istioTextFormat });
  const config = { accessLogFile: "/dev/stdout", accessLogFormat: "", accessLogEncoding: "JSON" };
  const json = migrated(mesh(config));
  assert.deepEqual(json.documents[0].spec["access-log"].format, { json: istioJsonFormat });
  const broken = migrated(mesh({ ...config, accessLogFormat: "{ not json" }));
  assert.deepEqual(broken.documents[0].spec["access-log"].format, { json: istioJsonFormat });
});

test("logs: a Telemetry whose provider is not a file stays native with its labels", () => {
  const provider = {
    name: "otel",
    envoyOtelAls: {
      service: "collector",
      port: 4317,
      logFormat: { labels: { code: "%RESPONSE_CODE%" } },
    },
  };
  const { documents, notes } = migrated(
    mesh({ extensionProviders: [provider] }),
    telemetry({ providers: [{ name: "otel" }] }),
  );
  assert.deepEqual(documents, []);
  assert.match(notes, /stays native: its provider otel is no file/);
});

for (const [what, entries, reason] of [
  ["several entries", [{ providers: [{ name: "envoy" }] }, { disabled: true }], /several entries/],
  ["several providers", [{ providers: [{ name: "envoy" }, { name: "b" }] }], /several providers/],
  [
    "a provider that nobody knows",
    [{ providers: [{ name: "mine" }] }],
    /provider mine is in no MeshConfig/,
  ],
  [
    "a filter on the upstream",
    [{ filter: { expression: "xds.cluster_name == 'a'" } }],
    /xds\.cluster_name/,
  ],
  [
    "a filter of another part of CEL",
    [{ filter: { expression: "response.code % 2 == 0" } }],
    /not modelled/,
  ],
] as const) {
  test(`logs: a Telemetry with ${what} stays native`, () => {
    const { documents, notes } = migrated(telemetry(...entries));
    assert.deepEqual(documents, []);
    assert.match(notes, reason);
  });
}

test("logs: Istio's own provider prints the mesh's format", () => {
  const { documents } = migrated(
    mesh({ accessLogFile: "/dev/stdout", accessLogFormat: "%RESPONSE_CODE%\n" }),
    telemetry({ providers: [{ name: "envoy" }], match: { mode: "SERVER" } }),
  );
  const own = documents.find(({ metadata }) => metadata.namespace === "shop");
  assert.deepEqual(own.spec["access-log"].format, { text: "%RESPONSE_CODE%" });
  assert.equal(own.spec.placement.sidecar.direction, "inbound");
});

for (const [expression, written] of [
  ["response.code >= 400 && request.url_path != '/health'", ["404 /a", "503 /a"]],
  ["response.code != 200", ["404 /a", "503 /a", "404 /health"]],
  [
    "!has(request.useragent) || !(request.useragent.startsWith('kube-probe'))",
    ["200 /a", "404 /a", "503 /a", "404 /health"],
  ],
  ["request.url_path == '/health'", ["404 /health", "200 /health probe"]],
] as const) {
  test(`logs: ${expression}`, () => {
    const { documents } = migrated(telemetry({ filter: { expression } }));
    const logger = new Logger(documents[0].spec["access-log"].when ?? []);
    const exchanges: [string, Exchange][] = [
      ["200 /a", 200, "/a", ""],
      ["404 /a", 404, "/a", ""],
      ["503 /a", 503, "/a?x", ""],
      ["404 /health", 404, "/health", ""],
      ["200 /health probe", 200, "/health", "kube-probe/1"],
    ].map(([name, status, path, agent]): [string, Exchange] => [
      name as string,
      {
        method: "GET",
        path: path as string,
        host: "one.example",
        headers: agent ? { "user-agent": agent as string } : {},
        status: status as number,
      },
    ]);
    const native = exchanges.filter(([, one]) => evaluate(parseCel(expression), attributesOf(one)));
    assert.deepEqual(
      native.map(([name]) => name),
      written,
    );
    assert.deepEqual(
      exchanges.filter(([, one]) => logger.writes(one)).map(([name]) => name),
      written,
    );
    logger.close();
  });
}

test("the proof of a log finds a line too few, a line too many, and another field", () => {
  const filter = parseCel("response.code >= 400 && request.url_path != '/health'");
  const format = { text: '%REQ(:METHOD)% %REQ(X-A?:PATH)% %RESPONSE_CODE% "%UPSTREAM_HOST%"' };
  const when = whenOf("response.code >= 400 && request.url_path != '/health'");
  assert.equal(compareLogs({ format, filter }, { format, when }).difference, undefined);
  assert.ok(compareLogs({ format, filter }, { format, when }).count > 30);
  const narrower = whenOf("response.code > 400 && request.url_path != '/health'");
  assert.match(
    compareLogs({ format, filter }, { format, when: narrower }).difference ?? "",
    /→ 400 .*no line, where Envoy prints one/,
  );
  assert.match(
    compareLogs({ format, filter }, { format }).difference ?? "",
    /→ 200 .*a line, where Envoy prints none/,
  );
  const other = { text: format.text.replace("X-A?:PATH", ":AUTHORITY") };
  assert.match(
    compareLogs({ format }, { format: other }).difference ?? "",
    /"GET service\.example\.com 200 .* instead of "GET \/ 200/,
  );
  const json = { json: { code: "%RESPONSE_CODE%", agent: "%REQ(USER-AGENT)%" } };
  assert.equal(compareLogs({ format: json }, { format: json }).difference, undefined);
  assert.match(
    compareLogs({ format: json }, { format: { json: { code: "%RESPONSE_CODE%" } } }).difference ??
      "",
    /fields code instead of agent, code/,
  );
});

test("300 random CEL filters: the filter writes the lines that Envoy's logger would", () => {
  let count = 0;
  for (let seed = 1; seed <= 300; seed++) {
    const random = new Random(seed);
    const filter = randomFilter(random);
    const expression = parseCel(filter);
    let when: object[];
    try {
      when = whenOf(filter);
    } catch (cause) {
      // Never, or nothing that the filter can ask: the Telemetry stays.
      assert.ok(cause instanceof FilterError || cause instanceof CelError, String(cause));
      continue;
    }
    count++;
    if (seed <= 100) {
      const format = { text: "%REQ(:PATH)%" };
      const proof = compareLogs({ format, filter: expression }, { format, when });
      assert.equal(proof.difference, undefined, `seed ${seed}: ${filter}`);
    }
    const logger = new Logger(when);
    for (let step = 0; step < 40; step++) {
      const exchange = randomExchange(random);
      const expected = evaluate(expression, attributesOf(exchange)) ?? false;
      assert.equal(
        logger.writes(exchange),
        expected,
        `seed ${seed}: ${filter}\n${JSON.stringify(when)}\n${JSON.stringify(exchange)}`,
      );
    }
    logger.close();
  }
  assert.ok(count > 200, String(count));
});
