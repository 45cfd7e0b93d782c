// What access-log knows of certificates, beside what Envoy's own log says of the same mutual TLS
// connection.
import assert from "node:assert/strict";
import { request } from "node:https";
import { after, before, test } from "node:test";
import { build } from "../../tools/build.ts";
import { bootstrap, directResponse, listener, wasmFilter } from "../../envoy/bootstrap.ts";
import { pinnedEnvoy } from "../../envoy/find.ts";
import { type RunningEnvoy, launchEnvoy } from "../../envoy/launch.ts";
import { type Certificate, selfSigned } from "../support/certificate.ts";

const operators = [
  ...[
    "REQUESTED_SERVER_NAME",
    "DOWNSTREAM_TLS_VERSION",
    "DOWNSTREAM_PEER_SUBJECT",
    "DOWNSTREAM_LOCAL_SUBJECT",
  ],
  ...[
    "DOWNSTREAM_PEER_DNS_SAN",
    "DOWNSTREAM_LOCAL_DNS_SAN",
    "DOWNSTREAM_PEER_URI_SAN",
    "DOWNSTREAM_LOCAL_URI_SAN",
  ],
  ...["DOWNSTREAM_PEER_FINGERPRINT_256", "DOWNSTREAM_TRANSPORT_FAILURE_REASON", "CONNECTION_ID"],
];
const text = operators.map((name) => `%${name}%`).join(" ");
const client = selfSigned("client.example.com");
const workload = selfSigned("workload.example.com", undefined, [
  "spiffe://mesh.example/ns/a,b/sa/c",
  "spiffe://mesh.example/ns/d/sa/e",
]);
const server = selfSigned("edge.example.com");

for (const version of ["newest", "oldest"] as const) {
  let envoy: RunningEnvoy;
  before(async () => {
    await build(["access-log"]);
    const config = { format: { text }, sinks: [{ envoyLog: {} }] };
    const accessLog = `native ${text}\nours %FILTER_STATE(wasm.gatehouse_access_log:PLAIN)%\n`;
    const made = listener({
      filters: [wasmFilter({ name: "access-log", config })],
      routes: [directResponse(200, "ok")],
      accessLog,
    });
    made.listener_filters = [
      {
        name: "tls_inspector",
        typed_config: {
          "@type":
            "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
        },
      },
    ];
    made.filter_chains[0].transport_socket = {
      name: "tls",
      typed_config: {
        "@type":
          "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        require_client_certificate: true,
        common_tls_context: {
          tls_certificates: [
            {
              certificate_chain: { inline_string: server.certificate },
              private_key: { inline_string: server.key },
            },
          ],
          validation_context: {
            trusted_ca: { inline_string: client.certificate + workload.certificate },
          },
        },
      },
    };
    envoy = await launchEnvoy(bootstrap({ listeners: [made] }), {
      concurrency: 1,
      envoy: await pinnedEnvoy(version),
    });
  });
  after(() => envoy?.stop());

  async function logged(from: Certificate): Promise<[native: string, ours: string]> {
    const options = {
      cert: from.certificate,
      key: from.key,
      servername: "shop.example.com",
      agent: false,
    };
    const seen = envoy.log().length;
    const status = await new Promise((done, fail) => {
      const sent = request(
        { host: "127.0.0.1", port: envoy.port(), rejectUnauthorized: false, ...options },
        (answer) => {
          answer.resume();
          answer.on("end", () => done(answer.statusCode));
        },
      );
      sent.on("error", fail);
      sent.end();
    });
    assert.equal(status, 200);
    const lines = new RegExp(`^[^]{${seen},}native (.*)\nours (.*)\n`);
    const [, native, ours] = await envoy.awaitLog(lines);
    return [native!, ours!];
  }

  test(`certificates, beside Envoy's own (${version})`, async () => {
    const [native, ours] = await logged(client);
    assert.equal(ours, native);
    assert.match(
      ours,
      /shop\.example\.com TLSv1\.3 CN=client\.example\.com CN=edge\.example\.com client\.example\.com/,
    );
  });

  test(`a URI with a comma is one name, and of several the first is written (${version})`, async () => {
    const [native, ours] = await logged(workload);
    const [first, second] = [
      "spiffe://mesh.example/ns/a,b/sa/c",
      "spiffe://mesh.example/ns/d/sa/e",
    ];
    assert.ok(native.includes(` ${first},${second} `), native);
    assert.ok(ours.includes(` ${first} `), ours);
  });
}
