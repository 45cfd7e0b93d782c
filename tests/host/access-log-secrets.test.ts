// Secrets planted wherever clients and services put them, a format that prints all of it in every
// form an operator has, and each action in turn: no sink shows one of them, neither as it was
// sent nor decoded.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { build } from "../../tools/build.ts";
import { Proxy } from "../../deploy/emulator/proxy.ts";
import { Module } from "../../deploy/emulator/vm.ts";
import { linesOf } from "../support/otlp.ts";

await build(["access-log"]);
const module = Module.load(join(import.meta.dirname, "../../build/access-log.wasm"));

const planted: string[] = [];
/** A secret that is like no other, and whose letters no encoding changes. */
function secret(): string {
  planted.push(`Zq${(planted.length + 101).toString()}Xw`);
  return planted.at(-1)!;
}

const base64url = (text: string) => Buffer.from(text).toString("base64url");
/** A token whose payload and signature are secrets. */
const token = () =>
  `${base64url('{"alg":"RS256"}')}.${base64url('{"sub":"joe"}')}${secret()}.${secret()}${"A".repeat(40)}`;
const encoded = (text: string, times: number): string =>
  times === 0 ? text : encoded(encodeURIComponent(text), times - 1);

const parameters =
  "token access_token id_token refresh_token api_key apikey API-Key password passwd pass pwd secret client_secret sig signature " +
  "code key jwt auth session session_id sid otp pin X-Amz-Signature X-Amz-Credential X-Amz-Security-Token SAMLResponse %74oken";
const query = [
  ...parameters.split(" ").map((name) => `${name}=${secret()}`),
  `u1=${encoded(`https://e.com/?token=${secret()}`, 1)}`,
  `u2=${encoded(`https://e.com/?page=1&access_token=${secret()}`, 2)}`,
  `u3=https://joe:${secret()}@e.com/`,
  `anything=${token()}`,
  `encoded=%65${token().slice(1)}`,
].join("&page=2&");

/** Known by nothing but a pattern of the settings. */
const noted = secret();
const request = {
  path: `/reset/${token()}/a?${query}`,
  headers: {
    authorization: `Bearer ${secret()}`,
    "proxy-authorization": `Basic ${secret()}`,
    "x-api-key": secret(),
    "x-auth-token": secret(),
    "x-amz-security-token": secret(),
    "x-csrf-token": secret(),
    cookie: `session=${secret()}; theme=${secret()}; a="${secret()}"`,
    referer: `https://joe:${secret()}@e.com/x?token=${secret()}#id_token=${secret()}`,
    "x-note": `my ${token()} and card 4111111111111111 of ${noted}`,
    "x-internal": secret(),
    "x-envoy-original-path": `/old?access_token=${secret()}`,
    "user-agent": "agent/1.0",
  },
};
planted.push("4111111111111111");

const response = {
  headers: {
    "set-cookie": `session=${secret()}; Path=/; HttpOnly`,
    location: `https://e.com/cb?code=${secret()}&state=1#access_token=${secret()}`,
    "x-session-token": secret(),
  },
};

const requestHeaders = [...Object.keys(request.headers), ":path"];
const everything = [
  ...requestHeaders.map((name) => `%REQ(${name})%`),
  ...requestHeaders.map((name) => `%REQ_WITHOUT_QUERY(${name}?:PATH)%`),
  ...Object.keys(response.headers).map((name) => `%RESP(${name})%`),
  ...[
    "%PATH(WQ:ORIG)%",
    "%PATH(NQ:ORIG)%",
    "%PATH(WQ:PATH)%",
    "%PATH(NQ:PATH)%",
    "%QUERY_PARAMS(ORIG)%",
  ],
  ...[
    "%QUERY_PARAMS(DECODED)%",
    "%QUERY_PARAM(token)%",
    "%QUERY_PARAM(u2)%",
    "%QUERY_PARAM(anything)%",
  ],
  '%COALESCE({"operators":[{"command":"REQ","param":"x-none"},{"command":"REQ","param":"authorization"}]})%',
  "%REQ(authorization):20% %REQ(x-note):40% %REQ(:path):60%",
];

const redact = {
  headers: ["x-internal"],
  patterns: ["[0-9]{13,16}", { regex: noted, action: "drop" }],
};

/** What every sink got for one request. */
function everySink(more: object): string[] {
  const http = ["otlp", "otlpProtobuf", "ndjson", "loki"].map((encoding) => ({
    name: encoding,
    http: { cluster: encoding, encoding, batch: { records: 1 } },
  }));
  const sinks = [{ proxyLog: {} }, ...http];
  const shown: string[] = [];
  for (const format of [{ json: { everything } }, { text: everything.join(" ") }]) {
    const proxy = new Proxy({ onCall: () => ({ status: 200 }) });
    proxy.install({
      module,
      name: "access-log",
      config: { format, sinks, redact: { ...redact, ...more } },
    });
    proxy.exchange(request, response);
    assert.equal(proxy.calls.length, 4);
    shown.push(
      ...proxy.log.map(({ message }) => message),
      ...proxy.calls.map(({ body }) => body.toString("latin1")),
    );
    for (const call of proxy.calls) {
      shown.push(
        ...linesOf({
          method: "POST",
          path: pathOf(call),
          headers: headersOf(call),
          body: call.body,
        }),
      );
    }
  }
  return shown;
}

type Call = Proxy["calls"][number];
const headersOf = (call: Call) =>
  [...call.headers.pairs()].map(([name, value]): [string, string] => [name, String(value)]);
const pathOf = (call: Call) => headersOf(call).find(([name]) => name === ":path")![1];

/** As it is, and percent-decoded as often as anybody would. */
function readings(text: string): string[] {
  const decode = (from: string) =>
    from.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return [text, decode(text), decode(decode(text))];
}

for (const [action, more] of [
  ["mask", {}],
  ["hash", { action: "hash", hashKey: "0123456789abcdef0123456789abcdef" }],
  ["drop", { action: "drop" }],
] as const) {
  test(`none of ${planted.length} planted secrets shows up in any sink (${action})`, () => {
    assert.ok(planted.length >= 50);
    const shown = everySink(more);
    const leaks = planted.filter((value) =>
      shown.some((text) => readings(text).some((each) => each.includes(value))),
    );
    assert.deepEqual(leaks, []);
    // The sinks did show the rest.
    for (const text of shown) assert.match(text, /page=2/);
  });
}
