// `gatehouse demo`: the manifests of deploy/istio/gatehouse on a real Envoy, as a user runs it.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gatehouse } from "../deploy/helper.ts";

const folder = mkdtempSync(join(tmpdir(), "gatehouse-demo-"));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test("every row of the gateway's table is as expected on a real Envoy", async () => {
  const { code, out, err } = await gatehouse("demo", "--once");
  assert.equal(code, 0, out + err);
  assert.match(
    err,
    /Envoy \d+\.\d+\.\d+: access-log → jwt-auth → rate-limit → canary, from .*gatehouse\/gateway/,
  );
  assert.match(
    out,
    /^ok +a phone gets its own version +GET \/api\/products\/7 +200 +mobile-optimized$/m,
  );
  assert.match(out, /^\d+ as expected, 0 not$/m);
});

const policy = (rules: string) => `apiVersion: gatehouse.dev/v1
kind: Policy
metadata: { name: p }
spec:
  placement: { sidecar: {} }
  image: { repository: registry.example.com/gatehouse }
  rate-limit: { limits: [{ name: all, tokenBucket: { maxTokens: ${rules}, fillInterval: 1h } }] }
`;

test("a policy of one's own, without a VirtualService; a row that is not as expected; what only try can do", async () => {
  const cases = `- { name: first, request: { path: / }, expect: { status: 200, metrics: { gatehouse.rate-limit.all.admitted: 1 } } }
- { name: second, request: { path: / }, expect: { status: 200 } }
- { name: an answer of the service, request: { path: / }, response: { status: 503 }, expect: { status: 429 } }
- { name: later, advance: 1h, request: { path: / }, expect: { status: 200 } }
`;
  const flags = [
    "-f",
    file("policy.yaml", policy("1")),
    "--cases",
    file("cases.yaml", cases),
    "--json",
  ];
  const { code, out } = await gatehouse("demo", ...flags);
  assert.equal(code, 1);
  const { rows, failed, leftToTry } = JSON.parse(out);
  assert.deepEqual(
    rows.map(({ ok, status }: any) => [ok, status]),
    [
      [true, 200],
      [false, 429],
      [true, 429],
    ],
  );
  assert.deepEqual([failed, leftToTry], [1, 1]);
  const tried = await gatehouse("try", ...flags.slice(0, 4));
  assert.match(tried.out, /ok +later/);
});

test("settings that Envoy would refuse are refused before it starts", async () => {
  const { code, err } = await gatehouse("demo", "-f", file("wrong.yaml", policy("0")), "--once");
  assert.equal(code, 1);
  assert.match(err, /wrong\.yaml:7: .*maxTokens/);
});
