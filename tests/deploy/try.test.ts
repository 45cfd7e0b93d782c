import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { stringify } from "yaml";
import { gatehouse } from "./helper.ts";
import { workspace } from "./workspace.ts";

const file = workspace();
const gateway = join(import.meta.dirname, "../../deploy/istio/gatehouse/gateway");

test("one request: each filter's decision, the headers it changed, the route, the log line", async () => {
  const { code, out } = await gatehouse(
    "try",
    "-f",
    gateway,
    "--token",
    "subject=bob",
    "--header",
    "x-canary: true",
  );
  assert.equal(code, 0);
  assert.match(out, /^GET products\.example\.com\/ → 200 \(via_upstream\)$/m);
  assert.match(out, /^ {2}jwt-auth +passed {2}\[.*main\.allowed \+1/m);
  assert.match(out, /request header x-jwt-payload: ey/);
  assert.match(out, /^ {2}canary +passed/m);
  assert.match(out, /request header x-variant: canary/);
  assert.match(
    out,
    /route: product-service\.ecommerce\.svc\.cluster\.local subset canary \(VirtualService ecommerce/,
  );
  assert.match(out, /^ {2}log: \{.*"status":200/m);
});

test("a refusal: who, why, and that the others were not reached", async () => {
  const { out } = await gatehouse("try", "-f", gateway, "--path", "/api", "--token", "exp=-1h");
  assert.match(out, /→ 401 \(jwt_authn_access_denied\{Jwt_is_expired\}\)/);
  assert.match(out, /jwt-auth +refused 401: Jwt is expired/);
  assert.match(out, /response header www-authenticate: Bearer .*error="invalid_token"/);
  assert.match(out, /rate-limit +not reached/);
  assert.match(out, /route: it reached no service/);
  assert.match(out, /handed on: reason expired/);
});

test("repetitions that end alike are one block", async () => {
  const { out } = await gatehouse(
    "try",
    "-f",
    gateway,
    "--token",
    "--repeat",
    "25",
    "--header",
    "cookie: product-variant=a",
  );
  assert.match(out, /^requests 1 to 20: GET/m);
  assert.match(out, /^requests 21 to 25: GET .* → 429/m);
});

test("the table of deploy/istio/gatehouse/gateway holds", async () => {
  const { code, out, err } = await gatehouse(
    "try",
    "-f",
    gateway,
    "--cases",
    join(gateway, "cases.yaml"),
  );
  assert.equal(code, 0, out + err);
  assert.match(out, /\d+ passed, 0 failed$/m);
});

test("a case that is not as expected: its line, the difference, the explanation; exit code 1", async () => {
  const cases = file(
    "cases.yaml",
    stringify([
      { name: "open", request: { path: "/" }, expect: { status: 200, variant: "stable" } },
    ]),
  );
  const { code, out } = await gatehouse("try", "-f", gateway, "--cases", cases);
  assert.equal(code, 1);
  assert.match(out, /^FAIL open \(.*cases\.yaml:1\)$/m);
  assert.match(out, /status: expected 200, got 401/);
  assert.match(out, /jwt-auth +refused 401: Jwt is missing/);
  assert.match(out, /0 passed, 1 failed/);
});

test("mistakes in a case file are told at their line", async () => {
  const wrong = file(
    "wrong.yaml",
    "- name: a\n  request: { path: / }\n  expect:\n    stauts: 200\n",
  );
  const { code, err } = await gatehouse("try", "-f", gateway, "--cases", wrong);
  assert.equal(code, 1);
  assert.match(err, /wrong\.yaml:4: .*unknown key; known are status/);
  for (const text of [
    "cases: 5\n",
    "- 5\n",
    "casse: []\n",
    "- { name: a, request: { time: soon } }\n",
    "- { name: a, request: { headers: { a: '{{tokn}}' } } }\n",
  ]) {
    const odd = await gatehouse("try", "-f", gateway, "--cases", file("odd.yaml", text));
    assert.ok(odd.code === 1 || odd.code === 2, `${text}${odd.out}${odd.err}`);
    assert.doesNotMatch(odd.err, /at .*\.ts:\d+/, text);
  }
});

test("a token of one's own, with --jwks", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const jwk = { ...publicKey.export({ format: "jwk" }), kid: "mine", alg: "EdDSA" };
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = {
    iss: "https://auth.example.com",
    aud: "product-api",
    sub: "me",
    exp: 4_000_000_000,
  };
  const head = `${encode({ alg: "EdDSA", kid: "mine" })}.${encode(claims)}`;
  const token = `${head}.${sign(null, Buffer.from(head), privateKey).toString("base64url")}`;
  const keys = file("keys.json", JSON.stringify({ keys: [jwk] }));
  const flags = [
    "try",
    "-f",
    gateway,
    "--path",
    "/api",
    "--header",
    `authorization: Bearer ${token}`,
  ];
  assert.match((await gatehouse(...flags, "--jwks", keys)).out, /→ 200/);
  assert.match((await gatehouse(...flags, "--jwks", `auth.example.com=${keys}`)).out, /→ 200/);
  const without = await gatehouse(...flags);
  assert.match(without.out, /→ 503/, "nobody answers for the keys");
  assert.equal((await gatehouse(...flags, "--jwks", file("none.json", "{"))).code, 2);
});

test("wrong flags, no filters, several places, a configuration that the filter refuses", async () => {
  for (const flags of [
    ["--repeat", "0"],
    ["--status", "99"],
    ["--header", "nonsense"],
    ["--time", "soon"],
    ["--policy", "none"],
    ["--token", "subject"],
    ["--token", "alg=none"],
  ])
    assert.equal((await gatehouse("try", "-f", gateway, ...flags)).code, 2, flags.join(" "));
  const folder = join(gateway, "..");
  const both = await gatehouse("try", "-f", folder);
  assert.equal(both.code, 2);
  assert.match(both.err, /choose a place with --policy NAME/);
  assert.equal(
    (await gatehouse("try", "-f", folder, "--policy", "edge", "--path", "/health")).code,
    0,
  );
  const waypoint = await gatehouse(
    "try",
    "-f",
    folder,
    "--policy",
    "product-service-waypoint",
    "--token",
  );
  assert.match(waypoint.err, /no provider here fetches keys/);
});

test("finished WasmPlugins and a VirtualService are tried as they are", async () => {
  const { out: rendered } = await gatehouse("render", "-f", gateway);
  const { out } = await gatehouse(
    "try",
    "-f",
    file("rendered.yaml", rendered),
    "--token",
    "--header",
    "x-canary: true",
  );
  assert.match(out, /→ 200/);
  assert.match(out, /subset canary \(VirtualService ecommerce\/product-service/);
});

test("--json: what was observed, filter by filter", async () => {
  const { out } = await gatehouse("try", "-f", gateway, "--path", "/api", "--json");
  const { ok, requests } = JSON.parse(out);
  assert.equal(ok, true);
  assert.equal(requests[0].observed.status, 401);
  assert.deepEqual(
    requests[0].filters.map(({ filter }: any) => filter),
    ["access-log", "jwt-auth", "rate-limit", "canary"],
  );
});
