// Fifty secrets planted wherever a request can carry one, through a format that logs all of it,
// into every sink at once: none of them may be found in anything that was written.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { build } from "../../tools/build.ts";
import { type Chain, startChain } from "../support/chain.ts";
import { closeConnections } from "../support/client.ts";
import { jwks, token } from "../support/tokens.ts";
import { type Upstream, startUpstream } from "../support/upstream.ts";

/** The secrets, each told from all others by its number. */
const planted: string[] = [];
function secret(): string {
  planted.push(`Sesame${String(planted.length).padStart(2, "0")}open`);
  return planted.at(-1)!;
}

/** Digits, for a pattern: still findable. */
function card(): string {
  planted.push(`4111${String(planted.length).padStart(12, "0")}`);
  return planted.at(-1)!;
}

function webToken(): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  planted.push(`${part({ sub: `hidden-${planted.length}`, padding: "to be long enough" })}`);
  return `${part({ alg: "none" })}.${planted.at(-1)}.`;
}

const headers: Record<string, string> = {
  "proxy-authorization": `Basic ${secret()}`,
  "x-api-key": secret(),
  "api-key": secret(),
  "x-auth-token": secret(),
  "x-amz-security-token": secret(),
  "x-csrf-token": secret(),
  "x-client-secret": secret(),
  "x-webhook-signature": secret(),
  "x-user-password": secret(),
  "x-access-key": secret(),
  "x-credentials": secret(),
  "x-session-id": secret(),
  "x-forwarded-access-token": secret(),
  "x-own": secret(),
  "x-own-hashed": secret(),
  "x-own-dropped": secret(),
  "x-payload": webToken(),
  "x-original-url": `/back?id_token=${secret()}&page=1`,
  "x-note": `card ${card()} of joe`,
  referer: `https://joe:${secret()}@shop.example.com/cart?step=2&refresh_token=${secret()}#access_token=${secret()}`,
  cookie: `session=${secret()}; theme=${secret()}; id="${secret()}"; hashed=${secret()}; ${secret()}`,
};

const query = [
  ...[
    "token",
    "access_token",
    "id-token",
    "REFRESH_TOKEN",
    "api_key",
    "apikey",
    "key",
    "code",
    "auth",
    "jwt",
    "sig",
  ],
  ...[
    "X-Amz-Signature",
    "X-Amz-Credential",
    "password",
    "passwd",
    "pwd",
    "client_secret",
    "client_assertion",
    "otp",
  ],
].map((name) => `${name}=${secret()}`);
query.push(
  `%74oken=${secret()}`,
  `next=${encodeURIComponent(`https://shop.example.com/cb?state=1&access_token=${secret()}`)}`,
  `twice=${encodeURIComponent(encodeURIComponent(`/cb?sid=${secret()}`))}`,
  `own=${secret()}`,
  `number=${card()}`,
);
const path = `/reset/${webToken()}/now?page=1&${query.join("&")}&last=2`;

const responseHeaders = {
  "set-cookie": [`session=${secret()}; Path=/; HttpOnly`, `other=${secret()}`],
  location: `https://shop.example.com/welcome?token=${secret()}#id_token=${secret()}`,
  "x-refresh-token": secret(),
  "www-authenticate": `Bearer realm="x", card="${card()}"`,
};

const email = secret();
const street = secret();

/** Everything that any operator can say of it. */
const operators = [
  ...Object.keys(headers).map((name) => `REQ(${name})`),
  ...Object.keys(headers).map((name) => `REQUEST_HEADER_SHA256(${name})`),
  ...[
    "AUTHORIZATION",
    "AUTHORIZATION):12",
    "X-JWT-PAYLOAD",
    ":PATH",
    "X-ENVOY-ORIGINAL-PATH",
    "COOKIE):20",
  ].map((name) => (name.includes(")") ? `REQ(${name}` : `REQ(${name})`)),
  ...Object.keys(responseHeaders).map((name) => `RESP(${name})`),
  ...[
    "PATH",
    "PATH(WQ:ORIG)",
    "PATH(NQ)",
    "PATH(WQ:PATH):40",
    "QUERY_PARAMS",
    "QUERY_PARAMS(DECODED)",
  ],
  ...["REQ_WITHOUT_QUERY(:PATH)", "REQ_WITHOUT_QUERY(REFERER)"],
  ...query.map((pair) => `QUERY_PARAM(${decodeURIComponent(pair.split("=")[0]!)})`),
  ...["CLAIM(email)", "CLAIM(address.street)", "CLAIM(sub)", "RESPONSE_CODE_DETAILS", "REASON"],
  `COALESCE({"operators":[{"command":"REQ","param":"AUTHORIZATION"},"PROTOCOL"]})`,
];

const redact = {
  headers: [
    "x-own",
    { name: "x-own-hashed", action: "hash" },
    { name: "x-own-dropped", action: "drop" },
  ],
  queryParams: ["own"],
  cookies: [{ name: "hashed", action: "hash" }],
  claims: ["email", "address"],
  patterns: ["[0-9]{16}"],
  hashKey: "a key that is long enough for HMAC",
};

describe("no secret reaches a sink", () => {
  let chain: Chain;
  let sinks: Upstream;
  before(async () => {
    await build(["access-log", "jwt-auth"]);
    sinks = await startUpstream(() => ({ status: 200 }));
    const http = (encoding: string) => ({
      name: encoding,
      http: { cluster: "logs", encoding, path: `/${encoding}`, batch: { interval: "20ms" } },
    });
    const json = Object.fromEntries(operators.map((name) => [name, `%${name}%`]));
    const log = (format: object) => ({
      name: "access-log",
      config: {
        format,
        redact,
        sinks: [
          { proxyLog: {} },
          { envoyLog: {} },
          ...["otlp", "otlpProtobuf", "ndjson", "loki"].map(http),
        ],
      },
    });
    const guard = {
      name: "jwt-auth",
      config: {
        providers: [
          {
            name: "own",
            issuer: "https://issuer.example.com",
            jwks: await jwks("es1"),
            fromHeaders: [{ name: "Authorization", prefix: "Bearer " }],
            forwardOriginalToken: true,
            outputPayloadToHeader: "x-jwt-payload",
          },
        ],
        rules: [{ requires: { provider: "own" } }],
      },
    };
    chain = await startChain({
      filters: [
        log({ json }),
        log({ text: operators.map((name) => `%${name}%`).join(" ") }),
        guard,
      ],
      clusters: { logs: sinks.endpoint },
      accessLog: "bare %FILTER_STATE(wasm.gatehouse_access_log:PLAIN)%\n",
      concurrency: 1,
    });
    chain.upstream.handler = () => ({ status: 302, headers: responseHeaders });
  });
  after(async () => {
    closeConnections();
    await chain?.stop();
    await sinks?.close();
  });

  test("of fifty, in headers, cookies, URLs, claims and answers", async () => {
    const signed = await token({
      key: "es1",
      claims: { iss: "https://issuer.example.com", sub: "joe", email, address: { street } },
    });
    planted.push(signed.split(".")[2]!, signed.split(".")[1]!);
    assert.ok(planted.length >= 50, `${planted.length} secrets`);
    const got = await chain.send({
      path,
      headers: { ...headers, authorization: `Bearer ${signed}` },
    });
    assert.equal(got.status, 302);
    await chain.envoy.awaitLog(/bare .+\n/);
    const encodings = ["otlp", "otlpProtobuf", "ndjson", "loki"];
    // Two filters, each with every sink.
    for (let i = 1; i <= 2 * encodings.length; i++) await sinks.awaitRequest(i);
    assert.deepEqual(
      [...new Set(sinks.received.map((each) => each.path.slice(1)))].sort(),
      [...encodings].sort(),
    );
    const written = [
      chain.envoy.log(),
      ...sinks.received.map(({ body }) => body.toString("latin1")),
    ].join("\n");
    assert.deepEqual(
      planted.filter(
        (each) => written.includes(each) || written.includes(encodeURIComponent(each)),
      ),
      [],
    );
    // What is no secret is there, in each of them.
    for (const text of [
      chain.envoy.log(),
      ...sinks.received.map(({ body }) => body.toString("latin1")),
    ]) {
      assert.match(text, /page=1&/);
      assert.match(text, /hmac:[0-9a-f]{32}/);
    }
  });

  test("and when the request is refused, the same", async () => {
    const from = chain.envoy.log().length;
    const bad = secret();
    assert.equal((await chain.send({ path: `/a?access_token=${bad}`, headers })).status, 401);
    const [line] = await chain.envoy.awaitLog(/bare .+\n/, { from });
    assert.match(line, /access_token=\*\*\*/);
    assert.deepEqual(
      planted.filter((each) => chain.envoy.log().slice(from).includes(each)),
      [],
    );
  });
});
