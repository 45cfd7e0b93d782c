// What one header of 55 KB costs access-log in the worst configurations: names by the hundred,
// hashes, patterns and conditions that make an automaton build a state for each byte, a header that
// is shown a hundred times. Loads and stores are counted, since a clock is not the same on every
// machine. Without the bounds in the code these took up to 200 ms.
import assert from "node:assert/strict";
import { test } from "node:test";
import { build } from "../../tools/build.ts";
import { encodeHeaders } from "../support/bare-host.ts";
import { dearest, instrumented, observedHost } from "../support/instrumented.ts";

await build(["access-log"]);
const module = instrumented("access-log");

const HEADER_BYTES = 55_000;
/** What takes at most a millisecond: so many loads and stores took 0.7 ms on a busy machine. */
const ACCESSES_MAX = 1_600_000;

const full = (unit: string) => unit.repeat(Math.floor(HEADER_BYTES / unit.length));
const names = (count: number) => Array.from({ length: count }, (_, index) => `p${index}name`);
const key = "0123456789abcdef0123456789abcdef";

const values: Record<string, string> = {
  letters: full("x"),
  parameters: `/?${full("a=b&")}`,
  "parameters that are nearly secret": `/?${full("toke=1&")}`,
  "parameters up to the limit": `/?${"a=b&".repeat(700)}${"c".repeat(50_000)}`,
  secrets: `/?${full("token=1&")}`,
  "secrets up to the limit": `/?${"token=1&".repeat(700)}${"c".repeat(49_000)}`,
  keys: `/?${full("aaakey=1&")}`,
  "encoded names": `/?${full("%61=1&")}`,
  "encoded URLs": `/?${full("a=%3d&")}`,
  "encoded URLs up to the limit": `/?${"a=%3d&".repeat(1_800)}`,
  "a long encoded URL": `/?u=${full(`${"a".repeat(70)}%3D`)}`,
  marks: full("?"),
  schemes: full("://a@"),
  "one scheme": `://${full("a")}`,
  tokens: full("eyJ aaaa"),
};
const cookies: Record<string, string> = {
  "short cookies": full("a=b;"),
  "short cookies up to the limit": `${"a=b;".repeat(700)}${"c".repeat(50_000)}`,
  "long cookies": full("abcdefgh=1;"),
  separators: full(";"),
};

const text = "%REQ(x-value)% %REQ(cookie)%";
const redacting = (redact: object) => ({ format: { text }, redact });
const each = (of: (name: string, index: number) => string) => ({
  format: { text: names(100).map(of).join(" ") },
});
const configurations: Record<string, object> = {
  "the defaults": redacting({}),
  "100 names": redacting({ queryParams: names(100), cookies: names(100) }),
  "256 names": redacting({ queryParams: names(256), cookies: names(256) }),
  hashes: redacting({ action: "hash", hashKey: key }),
  "32 patterns": redacting({
    patterns: Array.from({ length: 32 }, (_, index) => `x{${index + 1}}[0-9]{13,16}y`),
  }),
  "patterns that hash": redacting({
    action: "hash",
    hashKey: key,
    patterns: ["x+y", "(a|b|=|&)+z", "[a-z]+[0-9]"],
  }),
  "patterns with very many states": redacting({
    patterns: ["(x+x+)+y", "(.*)(.*)(.*)z$", "a.{0,500}b"],
  }),
  "headers shown 100 times": each((_, i) => `%REQ(x-value):${i}%%REQ(cookie):${i}%`),
  "digests of a header shown 100 times": each((_, i) => `%REQ_SHA256(x-value):${i}%`),
  "100 parameters shown": each((name) => `%QUERY_PARAM(${name})%`),
  "the query shown 100 times": each((_, i) => `%QUERY_PARAMS(DECODED):${i}%`),
  "the path shown 100 times": each((_, i) => `%PATH(WQ:PATH):${i}%`),
  "64 conditions on a header, a cookie and a parameter": {
    format: { text: "line" },
    when: names(64).map((name, index) => ({
      match: [
        { headers: { "x-value": { regex: `.*x${index}[0-9]{3}y.*` } } },
        { headers: { "x-value": { contains: `${"x".repeat(100 + index)}y` } } },
        { headers: { "x-value": { contains: `${"X".repeat(100 + index)}y`, ignoreCase: true } } },
        { cookies: { [name]: { regex: ".*a" } } },
        { queryParams: { [name]: { regex: ".*a" } } },
      ],
    })),
  },
  "64 conditions with very many states": {
    format: { text: "line" },
    when: names(64).map((_, index) => costly(300 + index)),
  },
};

for (const [name, config] of Object.entries(configurations)) {
  test(`${name}: no header of 55 KB costs more than a millisecond`, (context) => {
    const requests = [
      ...Object.entries(values).map(([what, value]) => ({ what, header: "x-value", value })),
      ...Object.entries(cookies).map(([what, value]) => ({ what, header: "cookie", value })),
    ].map(({ what, header, value }): [string, [string, string][]] => [
      what,
      [
        [":path", value.startsWith("/") ? value : "/"],
        [header, value],
      ],
    ]);
    const worst = dearest(module, { ...config, sinks: [{ envoyLog: {} }] }, requests);
    const found = `${worst.what}: ${worst.accesses} loads and stores`;
    context.diagnostic(found);
    assert.ok(worst.accesses <= ACCESSES_MAX, found);
  });
}

/** A condition whose automaton builds a state with hundreds of members for each byte. */
function costly(length: number) {
  return { match: [{ headers: { "x-value": { regex: `.*x.{${length}}yx*` } } }] };
}

test("a client cannot avoid its line with a header that makes the conditions too costly", () => {
  const when = Array.from({ length: 64 }, (_, index) => costly(300 + index));
  const lines = (value: string) => {
    const config = { format: { text: "line" }, when, sinks: [{ envoyLog: {} }] };
    const host = observedHost(module, config, () => {});
    host.journal = [];
    host.exchange({
      headers: encodeHeaders([
        [":path", "/"],
        ["x-value", value],
      ]),
    });
    return host.journal.filter((entry) => entry.startsWith("property"));
  };
  assert.equal(lines("x").length, 0);
  assert.equal(lines(full("x")).length, 1);
});

test("a path is shown without its query when redacting the query would cost too much", () => {
  const shown = (target: string, redact: object) => {
    const config = { format: { text: "%REQ(:path)%" }, redact, sinks: [{ envoyLog: {} }] };
    const host = observedHost(module, config, () => {});
    host.journal = [];
    host.exchange({ headers: encodeHeaders([[":path", target]]) });
    return host.journal.find((entry) => entry.startsWith("property"))?.replace(/^.*?: /, "");
  };
  const many = full("token=1&");
  assert.equal(shown(`/admin?${many}`, {}), "/admin?***");
  assert.equal(shown(`https://joe:secret@host/a#${many}`, {}), "https://***@host/a#***");
  assert.equal(shown(`/admin?${many}`, { patterns: ["n.t"] }), "***");
  assert.equal(shown(`/${"a".repeat(300)}?${many}`, {}), "***");
  assert.equal(shown("/admin?token=1&page=2", {}), "/admin?token=***&page=2");
});
