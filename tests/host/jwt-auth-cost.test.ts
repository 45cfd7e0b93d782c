// What one header of 55 KB costs jwt-auth in the worst configurations of a hundred providers or
// rules. Loads and stores are counted, since a clock is not the same on every machine. Without the
// bounds in the code these took up to 80 ms.
import assert from "node:assert/strict";
import { test } from "node:test";
import { build } from "../../tools/build.ts";
import { forge, jwksOf, makeKey } from "../envoy/jwt-forge.ts";
import { encodeHeaders } from "../support/bare-host.ts";
import { dearest, instrumented, observedHost } from "../support/instrumented.ts";

await build(["jwt-auth"]);
const module = instrumented("jwt-auth");

const HEADER_BYTES = 55_000;
/** What takes at most a millisecond: so many loads and stores took 0.7 ms on a busy machine. */
const ACCESSES_MAX = 1_600_000;

const key = makeKey("ES256");
const stranger = makeKey("ES256", "stranger");
const full = (unit: string) => unit.repeat(Math.floor(HEADER_BYTES / unit.length));
const hundred = <T>(make: (index: number) => T) => Array.from({ length: 100 }, (_, i) => make(i));
const claims = (more: object) => ({ iss: "me", exp: 1_764_200_000, ...more });
const members = Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`c${i}`, i]));
const groups = Array.from({ length: 5_000 }, (_, i) => `g${i}`);

/** A header value, or a whole target where it begins with a slash. */
const values: Record<string, string> = {
  commas: full(","),
  elements: full("p7 a,"),
  letters: `Bearer ${full("a")}`,
  dots: `Bearer ${full(".")}`,
  "a token of many groups": `Bearer ${forge(key, claims({ groups }))}`,
  "a token of many claims": `Bearer ${forge(key, claims(members))}`,
  "a token of a stranger": `Bearer ${forge(stranger, claims({ groups }))}`,
  "several tokens": Array.from(
    { length: 7 },
    (_, jti) => `Bearer ${forge(key, claims({ jti, groups: groups.slice(0, 650) }))}`,
  ).join(", "),
  cookies: full("a=b; "),
  "cookies that are asked for": full("p7=b; p8=c; "),
  parameters: `/?${full("a=b&")}`,
  "parameters that are asked for": `/?${full("p7=%61&")}`,
  "a long path": `${full("/a")}//`,
};

const jwks = jwksOf(key);
const provider = { name: "main", jwks };
const providers = (more: (index: number) => object) => ({
  providers: hundred((i) => ({ name: `p${i}`, issuer: `https://${i}`, jwks, ...more(i) })),
});
const rules = (match: (index: number) => object) => ({
  providers: [provider],
  rules: hundred((i) => ({ match: [match(i)], requires: { none: true } })),
});
const header = (condition: object) => ({ headers: { authorization: condition } });

const configurations: Record<string, object> = {
  "100 issuers": providers(() => ({})),
  "100 providers of any issuer": providers(() => ({ issuer: undefined })),
  "100 prefixes": providers((i) => ({
    fromHeaders: [{ name: "authorization", prefix: `p${i} ` }],
  })),
  "100 lists": providers((i) => ({ fromHeaders: [{ name: "authorization", prefix: `p${i}, ` }] })),
  "100 prefixes as Envoy": providers((i) => ({
    tokenSearch: "envoy",
    fromHeaders: [{ name: "authorization", prefix: `p${i} ` }],
  })),
  "100 cookies": providers((i) => ({ fromCookies: [`p${i}`] })),
  "100 parameters": providers((i) => ({ fromParams: [`p${i}`] })),
  "a provider of 100 places": {
    providers: [
      { ...provider, fromCookies: hundred((i) => `p${i}`), fromParams: hundred((i) => `p${i}`) },
    ],
  },
  "100 claims as headers": {
    cache: { entries: 0 },
    providers: [
      {
        ...provider,
        outputClaimToHeaders: hundred((i) => ({ header: `x-${i}`, claim: `c${i * 30}` })).slice(
          0,
          64,
        ),
      },
    ],
  },
  "100 rules on a claim": {
    providers: [provider],
    rules: hundred((i) => ({
      match: [{ uri: { exact: `/${i}` } }],
      claims: [{ claim: `c${i}`, equals: 1 }],
    })),
  },
  "100 regular expressions": rules((i) => header({ regex: `.*a${i}[0-9]{3}y.*` })),
  "100 regular expressions with very many states": rules((i) =>
    header({ regex: `.*a.{${300 + i}}yx*` }),
  ),
  "100 searches": rules((i) => header({ contains: `${"a".repeat(100 + i)}y` })),
  "100 paths": { ...rules((i) => ({ uri: { regex: `(/a)+${i}` } })), ambiguousPaths: "refuse" },
  "100 cookies in rules": rules((i) => ({ cookies: { [`p${i}`]: { regex: ".*a" } } })),
  "100 parameters in rules": rules((i) => ({ queryParams: { [`p${i}`]: { regex: ".*a" } } })),
};

for (const [name, config] of Object.entries(configurations)) {
  test(`${name}: no header of 55 KB costs more than a millisecond`, (context) => {
    const requests = Object.entries(values).map(([what, value]): [string, [string, string][]] => {
      const isTarget = value.startsWith("/");
      const headers: [string, string][] = [
        [":method", "GET"],
        [":path", isTarget ? value : "/"],
        [":authority", "a"],
      ];
      if (!isTarget) headers.push([what.includes("cookie") ? "cookie" : "authorization", value]);
      return [what, headers];
    });
    const worst = dearest(module, config, requests);
    const found = `${worst.what}: ${worst.accesses} loads and stores`;
    context.diagnostic(found);
    assert.ok(worst.accesses <= ACCESSES_MAX, found);
  });
}

test("a request whose headers cost too much to compare is refused, not passed on to the next rule", () => {
  const config = {
    providers: [provider],
    rules: [
      ...hundred((i) => ({ match: [header({ contains: `${"a".repeat(100 + i)}y` })] })),
      { requires: { none: true } },
    ],
  };
  const answers = (value: string) => {
    const host = observedHost(module, config, () => {});
    host.journal = [];
    const headers: [string, string][] = [
      [":method", "GET"],
      [":path", "/"],
      ["authorization", value],
    ];
    host.exchange({ headers: encodeHeaders(headers) });
    return host.journal.filter((entry) => entry.startsWith("reply"));
  };
  assert.deepEqual(answers("a"), []);
  assert.deepEqual(answers(full("a")), ["reply 400"]);
});
