import assert from "node:assert/strict";
import { test } from "node:test";
import { gatehouse } from "./helper.ts";
import { workspace } from "./workspace.ts";

const file = workspace();

const policy = (name: string, spec: string) => `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: ${name}, namespace: shop }
spec: ${spec}
`;
const admins = policy("p", `{ rules: [{ to: [{ operation: { paths: ["/admin*"] } }] }] }`);
const everybody = policy("p", `{ rules: [{ to: [{ operation: { paths: ["/*"] } }] }] }`);
const authentication = `apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: r, namespace: shop }
spec:
  selector: { matchLabels: { app: api } }
  jwtRules: [{ issuer: https://a.example.com, jwksUri: https://a.example.com/keys }]
---
${policy("t", `{ selector: { matchLabels: { app: api } }, rules: [{ from: [{ source: { requestPrincipals: ["*"] } }] }] }`)}`;

test("compare exits with 0 for two sets that decide alike, in whatever words", async () => {
  const same = policy(
    "other",
    `{ rules: [{ to: [{ operation: { paths: ["/admin*"], methods: ["*"] } }] }] }`,
  );
  const { code, out } = await gatehouse("compare", file("a.yaml", admins), file("b.yaml", same));
  assert.equal(code, 0, out);
  assert.match(out, /^\d+ requests: \d+ same, 0 stricter, 0 weaker, 0 different$/m);
});

test("compare exits with 1, and prints first the requests that only the new set lets pass", async () => {
  const [a, b] = [file("c.yaml", admins), file("d.yaml", everybody)];
  const { code, out } = await gatehouse("compare", a, b);
  assert.equal(code, 1);
  assert.match(out, /^weaker: GET service\.example\.com.*at sidecar shop/);
  assert.match(out, /passes; was 403 \(RBAC: no ALLOW rule matches\)/);
  const back = await gatehouse("compare", b, a, "--json");
  const { ok, counts, rows } = JSON.parse(back.out);
  assert.deepEqual([back.code, ok, counts.weaker], [1, false, 0]);
  assert.equal(rows[0].outcome, "stricter");
  assert.equal(rows[0].new.status, 403);
});

test("compare --onto takes what migrate wrote as a change of the old set", async () => {
  const old = file("old.yaml", authentication);
  const migrated = await gatehouse("migrate", old);
  assert.equal(migrated.code, 0, migrated.err);
  const next = file("new.yaml", migrated.out);
  const { code, out } = await gatehouse("compare", old, next, "--onto", "--requests", "800");
  assert.equal(code, 0, out);
  const opened = file(
    "opened.yaml",
    migrated.out.replace(/rules:\n +- when:[\s\S]*$/, "rules: [{}]\n"),
  );
  const weaker = await gatehouse("compare", old, opened, "--onto", "--requests", "800");
  assert.equal(weaker.code, 1);
  assert.match(weaker.out, /^weaker: /);
});

test("compare sends routes the values that their matches name", async () => {
  const route = (subset: string) => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: v, namespace: shop }
spec:
  hosts: [shop.example.com]
  http:
    - match: [{ uri: { prefix: /beta }, headers: { x-canary: { exact: "yes" } } }]
      route: [{ destination: { host: shop, subset: ${subset} } }]
    - route: [{ destination: { host: shop, subset: v1 } }]
`;
  const { code, out } = await gatehouse(
    "compare",
    file("v2.yaml", route("v2")),
    file("v3.yaml", route("v3")),
  );
  assert.equal(code, 1);
  assert.match(out, /^different: GET shop\.example\.com.*\/beta.*x-canary: yes/m);
  assert.match(out, /goes to .*"subset":"v3".* instead of .*"subset":"v2"/);
});

const limiter = (tokens: number) => `apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: l, namespace: istio-system }
spec:
  workloadSelector: { labels: { istio: ingressgateway } }
  configPatches:
    - applyTo: HTTP_FILTER
      match: { context: GATEWAY, listener: { portNumber: 8080 } }
      patch:
        operation: INSERT_BEFORE
        value:
          name: envoy.filters.http.local_ratelimit
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
            stat_prefix: l
            token_bucket: { max_tokens: ${tokens}, fill_interval: 60s }
            filter_enabled: { default_value: { numerator: 100 } }
            filter_enforced: { default_value: { numerator: 100 } }
`;

test("compare empties buckets of any size, and shows the first request that one side limits alone", async () => {
  const [small, large] = [file("small.yaml", limiter(5000)), file("large.yaml", limiter(5001))];
  const bounds = ["--requests", "300"];
  const { code, out } = await gatehouse("compare", small, large, ...bounds);
  assert.equal(code, 1);
  assert.match(out, /^weaker: GET .*\n {2}passes; was 429 \(local_ratelimit: .* of a burst$/m);
  const migrated = await gatehouse("migrate", small);
  const next = file("limits.yaml", migrated.out);
  const same = await gatehouse("compare", small, next, ...bounds);
  assert.equal(same.code, 0, same.out);
  const changed = migrated.out.replace("maxTokens: 5000", "maxTokens: 4999");
  const less = await gatehouse("compare", small, file("less.yaml", changed), ...bounds);
  assert.match(less.out, /^stricter: GET .*\n {2}429 \(rate-limit: /m);
  assert.doesNotMatch(less.out, /^weaker/m);
});

test("compare draws split requests, and finds other weights", async () => {
  const split = (weight: number) => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: v, namespace: shop }
spec:
  hosts: [shop]
  http:
    - route:
        - { destination: { host: shop, subset: a }, weight: ${100 - weight} }
        - { destination: { host: shop, subset: b }, weight: ${weight} }
`;
  const [ten, thirty] = [file("ten.yaml", split(10)), file("thirty.yaml", split(30))];
  const bounds = ["--requests", "300"];
  const native = await gatehouse("compare", ten, thirty, ...bounds);
  assert.match(native.out, /goes to .*\(70 %\) or .*\(30 %\) instead of .*\(90 %\) or/);
  const migrated = await gatehouse("migrate", ten);
  const next = file("canary.yaml", migrated.out);
  const same = await gatehouse("compare", ten, next, "--onto", ...bounds);
  assert.equal(same.code, 0, same.out);
  const other = await gatehouse("compare", thirty, next, "--onto", ...bounds);
  assert.match(other.out, /^different: GET shop.*\n {2}goes to/m);
});

test("compare refuses files without anything that decides, and flags out of range", async () => {
  const service = file("s.yaml", "apiVersion: v1\nkind: Service\nmetadata: { name: s }\n");
  const nothing = await gatehouse("compare", service, service);
  assert.equal(nothing.code, 2);
  assert.match(nothing.err, /nothing there decides requests/);
  const flag = await gatehouse("compare", service, service, "--seconds", "0");
  assert.equal(flag.code, 2);
  assert.match(flag.err, /--seconds 0: write a whole number from 1 to 3600/);
});
