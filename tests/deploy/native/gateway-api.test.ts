// HTTPRoute and GRPCRoute: the most special match decides, whatever the order of the rules.
import assert from "node:assert/strict";
import { test } from "node:test";
import { stringify } from "yaml";
import { compareMeshes } from "../../../deploy/compare/meshes.ts";
import { plain } from "../../../deploy/compare/authorization.ts";
import { parse } from "../../../deploy/core/source.ts";
import { nativeDecider } from "../../../deploy/native/decider.ts";
import { gatewayRouteModel } from "../../../deploy/native/routing/gateway-api.ts";
import type { NativeRequest } from "../../../deploy/native/types.ts";

function route(kind: string, spec: object): string {
  return stringify({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind,
    metadata: { name: "shop", namespace: "shop" },
    spec: { parentRefs: [{ name: "edge" }], hostnames: ["shop.example.com"], ...spec },
  });
}

const to = (name: string, weight?: number) => ({
  name,
  port: 80,
  ...(weight !== undefined && { weight }),
});

function atEdge(more: Partial<NativeRequest>): NativeRequest {
  return {
    ...plain({ namespace: "shop", labels: {}, kind: "gateway", gateway: "edge" }),
    host: "shop.example.com",
    ...more,
  };
}

/** Where requests go: the names of backends with their weights, or the status of a refusal. */
function destinations(text: string, requests: Partial<NativeRequest>[]): string[] {
  const decider = nativeDecider([gatewayRouteModel], parse(text, "in.yaml").manifests);
  return requests.map((request) => {
    const { refusal, destinations: found, effects } = decider.decide(atEdge(request));
    if (refusal) return String(refusal.status);
    if (effects?.answer) return "answered";
    return (found ?? []).map(({ host, weight }) => `${host.split(".")[0]}:${weight}`).join(" ");
  });
}

test("HTTPRoute: exact paths, longer prefixes, methods, headers and parameters come first", () => {
  const text = route("HTTPRoute", {
    rules: [
      { backendRefs: [to("rest")] },
      { matches: [{ path: { value: "/api" } }], backendRefs: [to("api", 9), to("next", 1)] },
      { matches: [{ path: { value: "/api" }, method: "POST" }], backendRefs: [to("post")] },
      {
        matches: [{ path: { value: "/api/" }, headers: [{ name: "X-Canary", value: "yes" }] }],
        backendRefs: [to("canary")],
      },
      { matches: [{ path: { type: "Exact", value: "/api" } }], backendRefs: [to("exact")] },
      { matches: [{ queryParams: [{ name: "beta", value: "1" }] }], backendRefs: [to("beta")] },
    ],
  });
  const canary: [string, string][] = [["x-canary", "yes"]];
  assert.deepEqual(
    destinations(text, [
      { path: "/" },
      { path: "/api" },
      { path: "/api/x" },
      { path: "/apis" },
      { path: "/api/x", headers: canary },
      { path: "/api/x", headers: canary, method: "POST" },
      { path: "/?beta=1" },
      { path: "/", host: "other.example.com" },
    ]),
    ["rest:100", "exact:100", "api:9 next:1", "rest:100", "canary:100", "post:100", "beta:100", ""],
  );
});

test("HTTPRoute: no match is 404, and a rule without a backend answers by itself", () => {
  const text = route("HTTPRoute", {
    rules: [
      { matches: [{ path: { value: "/a" } }], backendRefs: [to("a")] },
      {
        matches: [{ path: { value: "/old" } }],
        filters: [{ type: "RequestRedirect", requestRedirect: { statusCode: 301 } }],
      },
      { matches: [{ path: { value: "/none" } }], backendRefs: [to("a", 0)] },
    ],
  });
  assert.deepEqual(destinations(text, [{ path: "/b" }, { path: "/old" }, { path: "/none" }]), [
    "404",
    "answered",
    "answered",
  ]);
});

test("GRPCRoute: methods are paths, and headers split as in an HTTPRoute", () => {
  const text = route("GRPCRoute", {
    rules: [
      {
        matches: [{ method: { service: "shop.Cart" } }],
        backendRefs: [to("cart", 8), to("new", 2)],
      },
      {
        matches: [{ method: { service: "shop.Cart", method: "Add" } }],
        backendRefs: [to("add")],
      },
      {
        matches: [
          {
            method: { service: "shop.Cart" },
            headers: [{ name: "x-team", type: "RegularExpression", value: "a.*" }],
          },
        ],
        backendRefs: [to("team")],
      },
    ],
  });
  assert.deepEqual(
    destinations(text, [
      { path: "/shop.Cart/List" },
      { path: "/shop.Cart/Add" },
      { path: "/shop.Cart/List", headers: [["x-team", "abc"]] },
      { path: "/shop.Carts/List" },
    ]),
    ["cart:8 new:2", "add:100", "team:100", "404"],
  );
});

test("compare finds an HTTPRoute's other weight, and a header match that takes other requests", () => {
  const rules = (weight: number, value: string) => [
    {
      matches: [{ headers: [{ name: "x-canary", value }] }],
      backendRefs: [to("canary")],
    },
    { backendRefs: [to("stable", 100 - weight), to("canary", weight)] },
  ];
  const manifests = (weight: number, value: string) =>
    parse(route("HTTPRoute", { rules: rules(weight, value) }), "in.yaml").manifests;
  const options = { max: 400 };
  const same = compareMeshes(manifests(10, "yes"), manifests(10, "yes"), options);
  assert.equal(same.counts.same, same.count);
  const weights = compareMeshes(manifests(10, "yes"), manifests(20, "yes"), options);
  assert.match(weights.rows[0]!.what, /canary\.shop.*\(20 %\).* instead of .*\(10 %\)/);
  const headers = compareMeshes(manifests(10, "yes"), manifests(10, "no"), options);
  assert.ok(
    headers.rows.some(({ request }) => request.headers.some(([name]) => name === "x-canary")),
  );
});

for (const [what, spec, reason] of [
  ["a parent that is a Service", { parentRefs: [{ kind: "Service", name: "s" }] }, /mesh itself/],
  [
    "a header named twice",
    {
      rules: [
        {
          matches: [
            {
              headers: [
                { name: "x-a", value: "1" },
                { name: "X-A", value: "2" },
              ],
            },
          ],
        },
      ],
    },
    /names one of them twice/,
  ],
  [
    "another kind of backend",
    { rules: [{ backendRefs: [{ kind: "Bucket", name: "b" }] }] },
    /is no Service/,
  ],
] as const) {
  test(`HTTPRoute: ${what} is named as not modelled`, () => {
    const [gap] = gatewayRouteModel.gaps!(parse(route("HTTPRoute", spec), "in.yaml").manifests);
    assert.match(gap?.why ?? "", reason);
  });
}
