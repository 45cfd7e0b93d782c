// What clients and upstreams may put into headers, on the real Envoy: one request is one line,
// JSON stays JSON with the fields of the format and no others, whatever they try.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import { build } from "../../tools/build.ts";
import { type Chain, startChain } from "../support/chain.ts";
import { closeConnections } from "../support/client.ts";

const accessLog = "line %FILTER_STATE(wasm.gatehouse_access_log:PLAIN)%\n";
const fields = {
  id: "%REQ(X-CASE)%",
  value: "%REQ(X-VALUE)%",
  mixed: "<%REQ(X-VALUE)%>",
  path: "%REQ(:PATH)%",
  echoed: "%RESP(X-ECHO)%",
};

const values: string[] = [
  'a"b',
  "back\\",
  '","status":200,"x":"',
  '"}\n{"id":"forged"}'.replaceAll("\n", "%0a"),
  "%REQ(AUTHORIZATION)% %RESPONSE_CODE% %",
  "\t tab \t",
  "\x80\xff\xc3\x28\xe2\x82 \xf0\x9f",
  "\xed\xa0\x80 a surrogate, \xc0\xaf an overlong slash",
  "\xe2\x80\xa8 a line separator, \xc2\x85 a next line",
  "\xef\xbb\xbf a mark, \xe2\x80\xae right to left",
  "\x1b[31mred\x1b[0m",
  "\x7f",
  "\x01\x02\x08\x0b\x0c\x1f",
  "'; DROP TABLE logs; --",
  "<script>alert(1)</script>",
  "${jndi:ldap://example.com/a}",
  "\\u0022\\n",
  "null",
  "-",
  "{}",
  "1e999",
  "eyJ".repeat(2000),
  "://".repeat(3000),
  "?&=".repeat(3000),
  "%25".repeat(5000),
  "x".repeat(60_000),
  "\xff".repeat(50_000),
];

describe("hostile values", () => {
  const chains: Record<string, Chain> = {};
  before(async () => {
    await build(["access-log"]);
    const text = Object.values(fields).join("|");
    for (const [name, format] of Object.entries({ json: { json: fields }, text: { text } })) {
      // Long enough for three copies of the longest value.
      const maxLineBytes = 1024 * 1024;
      const config = { format, maxLineBytes, sinks: [{ envoyLog: {} }, { proxyLog: {} }] };
      chains[name] = await startChain({
        filters: [{ name: "access-log", config }],
        accessLog,
        concurrency: 1,
      });
      chains[name].upstream.handler = ({ headers }) => {
        const value = headers.find(([each]) => each === "x-value")?.[1] ?? "";
        return {
          status: 200,
          headers: { "x-echo": Buffer.from(value, "latin1").toString("latin1") },
        };
      };
    }
  });
  after(async () => {
    closeConnections();
    for (const chain of Object.values(chains)) await chain.stop();
  });

  /** Sends all; gives the lines, and which of the requests Envoy took at all. */
  async function linesOf(chain: Chain): Promise<string[]> {
    for (const [index, value] of values.entries())
      await sendRaw(chain.envoy.port(), `case-${index}`, value);
    await sendRaw(chain.envoy.port(), "case-end", "end");
    await chain.envoy.awaitLog(/line [^\n]*case-end[^\n]*\n/);
    return chain.envoy
      .log()
      .split("\n")
      .filter((line) => line.startsWith("line "))
      .map((line) => line.slice("line ".length));
  }

  test("in JSON", async () => {
    const lines = await linesOf(chains.json!);
    assert.equal(lines.length, values.length + 1);
    const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    for (const each of parsed) assert.deepEqual(Object.keys(each), Object.keys(fields).sort());
    for (const [index, value] of values.entries()) {
      const line = parsed.find(({ id }) => id === `case-${index}`);
      // What is no HTTP is answered 400 before there is a header to log.
      if (!line) continue;
      const text = Buffer.from(value.trim(), "latin1").toString("utf8");
      // Once a line's budget for redaction is spent, values are hidden as a whole.
      const isCostly = /^(?:%25)+$/.test(value);
      const plain = (shown: unknown) => String(shown).replaceAll("\u{fffd}", "");
      const allowed = (shown: string) => [shown, ...(isCostly ? [shown.replace(text, "***")] : [])];
      if (!/eyJ|[:?]/.test(value))
        assert.ok(allowed(text).map(plain).includes(plain(line.value)), value.slice(0, 100));
      if (isCostly) assert.ok(allowed(`<${text}>`).includes(String(line.mixed)));
      else assert.equal(line.mixed, `<${line.value}>`);
    }
    assert.ok(parsed.filter(({ id }) => id !== null).length > values.length / 2);
  });

  test("in text, where a value cannot end a line either", async () => {
    const lines = await linesOf(chains.text!);
    assert.equal(lines.length, values.length + 1);
    // eslint-disable-next-line no-control-regex
    for (const line of lines) assert.doesNotMatch(line, /[\x00-\x08\x0a-\x1f\x7f\u{fffd}]/u);
  });

  test("and nothing trapped", () => {
    for (const chain of Object.values(chains))
      assert.doesNotMatch(chain.envoy.log(), /trap: |Function: .* failed/);
  });
});

/** Byte by byte, and until the proxy closes. */
function sendRaw(port: number, id: string, value: string): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  const text = `GET /a?v=${id} HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-case: ${id}\r\nx-value: ${value}\r\n\r\n`;
  socket.write(Buffer.from(text, "latin1"));
  socket.resume();
  return new Promise((done) => {
    socket.on("error", () => {});
    socket.on("close", () => done());
  });
}
