// Each fault that was seen in migrations of tokens and policies, with the native and the migrated
// decision on the requests that show it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gatewayOf } from "../../../deploy/migrate/gateways.ts";
import { authorization } from "../../support/authorization.ts";
import type { Ask, Authorization } from "../../support/authorization.ts";

const secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ";

function authentication(
  more: { rule?: string; namespace?: string; selector?: string } = {},
): string {
  const { namespace = "shop", selector = "selector: { matchLabels: { app: api } }" } = more;
  const rule = more.rule ?? "issuer: https://a.example.com, jwksUri: https://a.example.com/keys";
  return `apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: r, namespace: ${namespace} }
spec:
  ${selector}
  jwtRules: [{ ${rule} }]
`;
}

function policy(name: string, spec: string, namespace = "shop"): string {
  return `---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: ${name}, namespace: ${namespace} }
spec:
${spec.replaceAll(/^/gm, "  ")}
`;
}

const api = "selector: { matchLabels: { app: api } }";

/** The status natively, and that the migrated mesh gives the same. */
function same(set: Authorization, cases: [ask: Ask, status: number][]): void {
  for (const [ask, status] of cases) {
    assert.equal(set.native(ask), status, `natively: ${JSON.stringify(ask)}`);
    assert.equal(set.migrated(ask), status, `migrated: ${JSON.stringify(ask)}`);
  }
}

function withSet(
  text: string,
  run: (set: Authorization) => void,
  gateways: readonly string[] = [],
): void {
  const set = authorization(text, gateways.map(gatewayOf));
  try {
    run(set);
    assert.deepEqual(set.weaker(), []);
  } finally {
    set.close();
  }
}

const other = { labels: { app: "web" } };

test("a policy wider than its RequestAuthentication opens nothing for the other workloads", () => {
  const text =
    authentication() + policy("p", `rules: [{ from: [{ source: { requestPrincipals: ["*"] } }] }]`);
  withSet(text, (set) => {
    assert.ok(set.isMigrated);
    same(set, [
      [{}, 403],
      [{ token: {} }, 200],
      [{ token: "expired" }, 401],
      [{ token: "forged" }, 401],
      [other, 403],
      [{ ...other, token: {} }, 403],
      [{ ...other, headers: { "x-gatehouse-jwt-principal": "true" } }, 403],
      [{ headers: { "x-gatehouse-jwt-principal": "true" } }, 403],
    ]);
    const kept = set.documents.find(({ metadata }) => metadata.name === "p");
    assert.equal(kept, undefined, "the policy itself is not touched");
  });
});

test("a claim beside a negated header condition still needs the token when the header is absent", () => {
  const text =
    authentication() +
    policy(
      "p",
      `${api}
rules:
  - when:
      - { key: "request.auth.claims[role]", values: [admin] }
      - { key: "request.headers[x-debug]", notValues: ["1"] }`,
    );
  withSet(text, (set) => {
    assert.ok(set.isMigrated);
    same(set, [
      [{}, 403],
      [{ token: {} }, 403],
      [{ token: { role: "admin" } }, 200],
      [{ token: { role: "admin" }, headers: { "x-debug": "1" } }, 403],
      [{ token: { role: ["dev", "admin"] } }, 200],
      [{ token: { role: 5 } }, 403],
    ]);
  });
});

test("ipBlocks stay about the connection, never about X-Forwarded-For", () => {
  const text =
    authentication() +
    policy(
      "p",
      `${api}
rules:
  - from: [{ source: { ipBlocks: ["192.0.2.0/24"], requestPrincipals: ["*"] } }]`,
    );
  withSet(text, (set) => {
    assert.ok(set.isMigrated);
    same(set, [
      [{ token: {}, direct: "192.0.2.7", remote: "203.0.113.9" }, 200],
      [{ token: {}, direct: "203.0.113.9", remote: "192.0.2.7" }, 403],
      [{ direct: "192.0.2.7" }, 403],
    ]);
  });
});

test("cluster.local in principals stays the mesh's trust domain and its aliases", () => {
  const mesh = `---
apiVersion: v1
kind: ConfigMap
metadata: { name: istio, namespace: istio-system }
data: { mesh: "trustDomain: corp.example\\ntrustDomainAliases: [old.example]\\n" }
`;
  const text =
    authentication() +
    policy(
      "p",
      `${api}
rules:
  - from:
      - source: { principals: [cluster.local/ns/shop/sa/web], requestPrincipals: ["*"] }`,
    ) +
    mesh;
  withSet(text, (set) => {
    same(set, [
      [{ token: {}, peer: "spiffe://corp.example/ns/shop/sa/web" }, 200],
      [{ token: {}, peer: "spiffe://old.example/ns/shop/sa/web" }, 200],
      [{ token: {}, peer: "spiffe://cluster.local/ns/shop/sa/web" }, 403],
      [{ token: {}, peer: "spiffe://corp.example/ns/shop/sa/other" }, 403],
      [{ peer: "spiffe://corp.example/ns/shop/sa/web" }, 403],
    ]);
  });
});

test("several ALLOW rules stay alternatives, whichever comes first", () => {
  const text =
    authentication() +
    policy(
      "p",
      `${api}
rules:
  - to: [{ operation: { paths: ["/a*"] } }]
    when: [{ key: "request.auth.claims[role]", values: [admin] }]
  - to: [{ operation: { paths: ["/a*"] } }]
    when: [{ key: "request.auth.claims[role]", values: [dev] }]`,
    );
  withSet(text, (set) => {
    same(set, [
      [{ path: "/a", token: { role: "admin" } }, 200],
      [{ path: "/a", token: { role: "dev" } }, 200],
      [{ path: "/a", token: { role: "guest" } }, 403],
      [{ path: "/b", token: { role: "dev" } }, 403],
    ]);
  });
});

test("scp, scope and scopes as three rules each admit by themselves", () => {
  const rule = (claim: string) =>
    `  - when: [{ key: "request.auth.claims[${claim}]", values: [read, write] }]`;
  const text =
    authentication() +
    policy("p", `${api}\nrules:\n${["scp", "scope", "scopes"].map(rule).join("\n")}`);
  withSet(text, (set) => {
    same(set, [
      [{ token: { scp: ["read"] } }, 200],
      [{ token: { scope: "other read" } }, 200],
      [{ token: { scopes: "write" } }, 200],
      // Only scope and permission are lists of words in Istio.
      [{ token: { scp: "other read" } }, 403],
      [{ token: { scopes: "other read" } }, 403],
      [{ token: {} }, 403],
    ]);
  });
});

test("a DENY policy with claims denies the same tokens", () => {
  const text =
    authentication() +
    policy(
      "p",
      `${api}
action: DENY
rules:
  - to: [{ operation: { methods: [POST] } }]
    when: [{ key: "request.auth.claims[scope]", notValues: [products.write] }]
  - from: [{ source: { notRequestPrincipals: ["*"] } }]
    to: [{ operation: { notPaths: [/health] } }]`,
    );
  withSet(text, (set) => {
    assert.ok(set.isMigrated);
    same(set, [
      [{ path: "/health" }, 200],
      [{ path: "/x" }, 403],
      [{ path: "/x", token: {} }, 200],
      [{ path: "/x", method: "POST", token: {} }, 403],
      [{ path: "/x", method: "POST", token: { scope: "products.write" } }, 200],
      [{ path: "/health", method: "POST" }, 403],
    ]);
  });
});

test("ALLOW with claims notValues admits requests without a token, as Istio does", () => {
  const text =
    authentication() +
    policy(
      "p",
      `${api}\nrules: [{ when: [{ key: "request.auth.claims[role]", notValues: [guest] }] }]`,
    );
  withSet(text, (set) => {
    assert.ok(set.isMigrated);
    same(set, [
      [{}, 200],
      [{ token: { role: "guest" } }, 403],
      [{ token: { role: "admin" } }, 200],
      [{ headers: { "x-gatehouse-jwt-role-guest": "true" } }, 200],
    ]);
  });
});

test("a wider ALLOW policy with claims notValues keeps everything native", () => {
  const text =
    authentication() +
    policy("p", `rules: [{ when: [{ key: "request.auth.claims[role]", notValues: [guest] }] }]`);
  withSet(text, (set) => {
    assert.equal(set.isMigrated, false);
    same(set, [
      [other, 200],
      [{ token: { role: "guest" } }, 403],
    ]);
    assert.match(set.notes.join("\n"), /kept spec: it stays native.*negated condition/);
  });
});

test("two RequestAuthentications on one gateway, by targetRef and by selector, stay native", () => {
  const gateway = "gateway.networking.k8s.io";
  const second = `---
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: s, namespace: shop }
spec:
  targetRefs: [{ group: ${gateway}, kind: Gateway, name: gw }]
  jwtRules: [{ issuer: https://b.example.com, jwksUri: https://b.example.com/keys }]
`;
  const text =
    authentication({ selector: `selector: { matchLabels: { ${gateway}/gateway-name: gw } }` }) +
    second;
  const at = {
    kind: "gateway" as const,
    gateway: "gw",
    labels: { [`${gateway}/gateway-name`]: "gw" },
  };
  withSet(text, (set) => {
    assert.equal(set.isMigrated, false);
    same(set, [
      [{ ...at, token: {}, rule: 0 }, 200],
      [{ ...at, token: {}, rule: 1 }, 200],
      [{ ...at, token: "forged", rule: 1 }, 401],
    ]);
    assert.match(set.notes.join("\n"), /two plugins would refuse each other's tokens/);
  });
});

test("an open path beside a rule for everybody with a token stays open without one", () => {
  const text =
    authentication() +
    policy(
      "p",
      `${api}
rules:
  - from: [{ source: { requestPrincipals: ["*"] } }]
  - to: [{ operation: { paths: [/healthz] } }]`,
    );
  withSet(text, (set) => {
    same(set, [
      [{ path: "/healthz" }, 200],
      [{ path: "/x" }, 403],
      [{ path: "/x", token: {} }, 200],
    ]);
  });
});

test("a good token signed with an inline HS256 secret is accepted", () => {
  const jwks = `'{"keys":[{"kty":"oct","kid":"s","alg":"HS256","k":"${secret}"}]}'`;
  const text =
    authentication({ rule: `issuer: https://a.example.com, jwks: ${jwks}` }) +
    policy("p", `${api}\nrules: [{ from: [{ source: { requestPrincipals: ["*"] } }] }]`);
  withSet(text, (set) => {
    assert.ok(set.isMigrated);
    same(set, [
      [{ token: {} }, 200],
      [{ token: "forged" }, 401],
    ]);
  });
});

test("a prefix with a comma in it finds its token", () => {
  const rule = `issuer: https://a.example.com, jwksUri: "https://a.example.com/k", fromHeaders: [{ name: x-token, prefix: "a,b " }]`;
  const text =
    authentication({ rule }) +
    policy("p", `${api}\nrules: [{ from: [{ source: { requestPrincipals: ["*"] } }] }]`);
  withSet(text, (set) =>
    same(set, [
      [{ token: {} }, 200],
      [{}, 403],
    ]),
  );
});

test("a token behind a scheme in another case is none, and text in front of it does not hide it", () => {
  const text =
    authentication() +
    policy("p", `${api}\nrules: [{ from: [{ source: { requestPrincipals: ["*"] } }] }]`) +
    policy(
      "d",
      `${api}\naction: DENY\nrules: [{ when: [{ key: "request.auth.claims[role]", values: [guest] }] }]`,
    );
  withSet(text, (set) => {
    same(set, [
      [{ token: {}, prefix: "bearer " }, 403],
      [{ token: {}, prefix: "xBearer " }, 200],
      [{ token: { role: "guest" }, prefix: "xBearer " }, 403],
      [{ token: "expired", prefix: "xBearer " }, 401],
    ]);
  });
});

test("presence REQUIRED refuses a missing token with 401", () => {
  const rule =
    "issuer: https://a.example.com, jwksUri: https://a.example.com/k, presence: REQUIRED";
  withSet(authentication({ rule }), (set) => {
    assert.ok(set.isMigrated);
    same(set, [
      [{}, 401],
      [{ token: {} }, 200],
      [{ token: "expired" }, 401],
    ]);
  });
});

test("a token of more than 8 KiB is accepted as the native filter accepts it", () => {
  withSet(authentication(), (set) => {
    assert.ok(set.isMigrated);
    same(set, [[{ token: { filler: "x".repeat(20_000) } }, 200]]);
  });
});

test("a claim named by a URL makes no header on either side, and the report says why", () => {
  const rule = `issuer: https://a.example.com, jwksUri: https://a.example.com/k, outputClaimToHeaders: [{ header: x-roles, claim: "https://example.com/roles" }]`;
  withSet(authentication({ rule }), (set) => {
    const ask = { token: { "https://example.com/roles": "admin" } };
    same(set, [[ask, 200]]);
    assert.equal(set.upstream(ask)["x-roles"], undefined);
    assert.match(
      set.notes.join("\n"),
      /reads the dots of https:\/\/example\.com\/roles as nesting/,
    );
    assert.match(set.notes.join("\n"), /changed .*outputClaimToHeaders: .*base64 of JSON natively/);
  });
});

test("a condition on a header that a claim is written to keeps everything native", () => {
  const rule = `issuer: https://a.example.com, jwksUri: https://a.example.com/k, outputClaimToHeaders: [{ header: x-roles, claim: roles }]`;
  const text =
    authentication({ rule }) +
    policy(
      "p",
      `${api}\nrules: [{ when: [{ key: "request.headers[x-roles]", values: [admin] }] }]`,
    );
  withSet(text, (set) => {
    assert.equal(set.isMigrated, false);
    same(set, [
      [{ token: { roles: "admin" } }, 200],
      [{ token: { roles: ["admin"] } }, 403],
      [{ headers: { "x-roles": "admin" } }, 403],
    ]);
  });
});

test("a RequestAuthentication for the whole mesh stays native", () => {
  const text = authentication({ namespace: "istio-system", selector: "selector: {}" });
  withSet(text, (set) => {
    assert.equal(set.isMigrated, false);
    assert.match(set.notes.join("\n"), /it is for every proxy of the mesh, gateways too/);
  });
});

test("a VirtualService that routes by claims keeps the RequestAuthentication", () => {
  const text = `${authentication()}---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: v, namespace: shop }
spec:
  hosts: [shop.example.com]
  gateways: [public]
  http:
    - match: [{ headers: { "@request.auth.claims.groups": { exact: dev } } }]
      route: [{ destination: { host: dev } }]
    - route: [{ destination: { host: api } }]
`;
  withSet(text, (set) => {
    assert.equal(set.isMigrated, false);
    assert.match(
      set.notes.join("\n"),
      /VirtualService shop\/v reads what Envoy's JWT filter leaves/,
    );
  });
});

test("a field that nobody knows keeps the RequestAuthentication", () => {
  const rule = "issuer: https://a.example.com, jwksUri: https://a.example.com/k, futureField: 1";
  withSet(authentication({ rule }), (set) => {
    assert.equal(set.isMigrated, false);
    assert.match(set.notes.join("\n"), /futureField: migrate does not know this field/);
  });
});

test("AUDIT and CUSTOM policies stay, each with its own reason", () => {
  const text =
    authentication() +
    policy("audit", `action: AUDIT\nrules: [{ to: [{ operation: { paths: ["/a"] } }] }]`) +
    policy(
      "custom",
      `action: CUSTOM\nprovider: { name: opa }\nrules: [{ to: [{ operation: { paths: ["/a"] } }] }]`,
    );
  withSet(text, (set) => {
    assert.ok(set.isMigrated);
    const notes = set.notes.join("\n");
    assert.match(notes, /kept spec: it stays native: it marks requests, and asks for no token/);
    assert.match(notes, /kept spec: it stays native: its external authorizer is asked before/);
  });
});

test("a policy without a RequestAuthentication stays, with that reason", () => {
  const text = policy("p", `rules: [{ from: [{ source: { requestPrincipals: ["*"] } }] }]`).slice(
    4,
  );
  withSet(text, (set) => {
    assert.match(
      set.notes.join("\n"),
      /no RequestAuthentication for any of its workloads was read/,
    );
  });
});

const gateway = (name: string, selector: string, namespace = "edge") => `---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: ${name}, namespace: ${namespace} }
spec: { selector: ${selector}, servers: [] }
`;
const needsToken = (selector: string) =>
  policy("p", `${selector}\nrules: [{ from: [{ source: { requestPrincipals: ["*"] } }] }]`);

test("a selector with all labels of a Gateway's selector is for that gateway, whatever they are called", () => {
  const front = "selector: { matchLabels: { app: front, tier: edge } }";
  const text =
    authentication({ selector: front }) + needsToken(front) + gateway("g", "{ app: front }");
  withSet(text, (set) => {
    assert.ok(set.isMigrated);
    const settings = set.documents.find(({ kind }) => kind === "Policy");
    assert.deepEqual(settings.spec.placement, {
      gateway: { selector: { app: "front", tier: "edge" } },
    });
    const at = { kind: "gateway" as const, labels: { app: "front", tier: "edge" } };
    same(set, [
      [at, 403],
      [{ ...at, token: {} }, 200],
      [{ ...at, headers: { "x-gatehouse-jwt-principal": "true" } }, 403],
    ]);
  });
});

test("a selector with some labels of a Gateway's selector stays native, with the reason", () => {
  const front = "selector: { matchLabels: { app: front } }";
  const text =
    authentication({ selector: front }) +
    needsToken(front) +
    gateway("g", "{ app: front, tier: edge }");
  withSet(text, (set) => {
    assert.equal(set.isMigrated, false);
    assert.match(set.notes.join("\n"), /has labels of Gateway edge\/g, but not all/);
    assert.match(set.notes.join("\n"), /name your gateways with --gateway/);
  });
});

test("pods that are injected as a gateway are one, whatever their labels are called", () => {
  const front = "selector: { matchLabels: { app: front } }";
  const pods = (annotations: string) => `---
apiVersion: apps/v1
kind: Deployment
metadata: { name: front, namespace: shop }
spec:
  selector: { matchLabels: { app: front } }
  template:
    metadata: { labels: { app: front, run: x }, annotations: { ${annotations} } }
    spec: { containers: [{ name: istio-proxy, image: auto }] }
`;
  const text = authentication({ selector: front }) + needsToken(front);
  withSet(text + pods("inject.istio.io/templates: gateway"), (set) =>
    assert.equal(set.isMigrated, false),
  );
  withSet(text + pods("sidecar.istio.io/inject: 'true'"), (set) => assert.ok(set.isMigrated));
});

test("a RequestAuthentication without selector stays native where a gateway runs beside", () => {
  const text = authentication({ selector: "" }) + needsToken("");
  const beside = policy("g", "selector: { matchLabels: { istio: ingressgateway } }\nrules: [{}]");
  withSet(text + beside, (set) => {
    assert.equal(set.isMigrated, false);
    assert.match(set.notes.join("\n"), /it is for the gateway of .*shop\/g too/);
  });
  withSet(text + gateway("own", "{ app: front }", "shop"), (set) =>
    assert.equal(set.isMigrated, false),
  );
  withSet(text, (set) => assert.ok(set.isMigrated));
});

test("--gateway names gateways that no file names, and where those of a file run", () => {
  const front = "selector: { matchLabels: { app: front } }";
  const named = authentication({ selector: front }) + needsToken(front);
  withSet(
    named,
    (set) => {
      const settings = set.documents.find(({ kind }) => kind === "Policy");
      assert.deepEqual(settings.spec.placement, { gateway: { selector: { app: "front" } } });
    },
    ["app=front"],
  );
  const beside = authentication({ selector: "" }) + gateway("own", "{ app: front }", "shop");
  withSet(beside, (set) => assert.equal(set.isMigrated, false));
  withSet(beside, (set) => assert.ok(set.isMigrated), ["app=front@edge"]);
});

test("--gateway without labels is refused with its form", () => {
  for (const text of ["front", "", "a=b@", "@edge", "a=b,c"])
    assert.throws(() => gatewayOf(text), /write key=value\[,key=value\]\[@namespace\]/, text);
  assert.deepEqual(gatewayOf("gateway.networking.k8s.io/gateway-name=gw,a=").labels, {
    "gateway.networking.k8s.io/gateway-name": "gw",
    a: "",
  });
});

test("a list claim written to a header is JSON instead of base64 of it, and the report says so", () => {
  const rule = `issuer: https://a.example.com, jwksUri: https://a.example.com/k, outputClaimToHeaders: [{ header: x-roles, claim: roles }]`;
  withSet(authentication({ rule }), (set) => {
    assert.ok(set.isMigrated);
    const list = { token: { roles: ["admin", "dev"] } };
    same(set, [[list, 200]]);
    assert.equal(set.upstream(list)["x-roles"], '["admin","dev"]');
    assert.equal(set.upstream({ token: { roles: "admin" } })["x-roles"], "admin");
    assert.equal(set.upstream({ headers: { "x-roles": "forged" } })["x-roles"], undefined);
    assert.match(set.notes.join("\n"), /a list or map is JSON here and base64 of JSON natively/);
  });
});

test("two good tokens of two issuers in two places pass on neither side silently otherwise", () => {
  const rules = `issuer: https://a.example.com, jwksUri: https://a.example.com/k }, { issuer: https://b.example.com, jwksUri: https://b.example.com/k`;
  const both: Ask = { token: {}, second: { rule: 1, param: "access_token" } };
  withSet(authentication({ rule: rules }), (set) => {
    assert.equal(set.native(both), 200);
    const status = set.migrated(both);
    const isNamed = /stricter: .*instead|stricter: .*passed/.test(set.notes.join("\n"));
    assert.ok(!set.isMigrated || status === 200 || isNamed, `${status}: ${set.notes.join("\n")}`);
    same(set, [
      [{ ...both, second: { rule: 1, param: "access_token", isForged: true } }, 401],
      [{ token: {} }, 200],
      [{ token: {}, rule: 1 }, 200],
    ]);
  });
});

// As people have them: Istio's own samples, Kubeflow behind oauth2-proxy, a mesh that is closed by
// default.
test("Istio's sample for groups: both claims of the token are needed at its workload", () => {
  const text = `apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: jwt-example, namespace: foo }
spec:
  selector: { matchLabels: { app: httpbin } }
  jwtRules:
    - issuer: testing@secure.istio.io
      jwksUri: https://raw.githubusercontent.com/istio/istio/release-1.31/security/tools/jwt/samples/jwks.json
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: require-jwt, namespace: foo }
spec:
  selector: { matchLabels: { app: httpbin } }
  action: ALLOW
  rules:
    - from: [{ source: { requestPrincipals: ["testing@secure.istio.io/testing@secure.istio.io"] } }]
      when: [{ key: "request.auth.claims[groups]", values: [group1] }]
`;
  const at = { namespace: "foo", labels: { app: "httpbin" } };
  const sub = "testing@secure.istio.io";
  withSet(text, (set) => {
    assert.ok(set.isMigrated);
    same(set, [
      [at, 403],
      [{ ...at, token: "forged" }, 401],
      [{ ...at, token: { sub } }, 403],
      [{ ...at, token: { sub, groups: ["group1", "group2"] } }, 200],
      [{ ...at, token: { sub, groups: "group1" } }, 200],
      [{ ...at, token: { sub: "other", groups: ["group1"] } }, 403],
    ]);
  });
});

test("Kubeflow's pair for its gateway: a token or the dashboard's own account, the rest asks oauth2-proxy", () => {
  const where = "selector: { matchLabels: { app: istio-ingressgateway } }";
  const text = `apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: dex-jwt, namespace: istio-system }
spec:
  ${where}
  jwtRules:
    - issuer: http://dex.auth.svc.cluster.local:5556/dex
      forwardOriginalToken: true
      outputClaimToHeaders:
        - { header: kubeflow-userid, claim: email }
        - { header: kubeflow-groups, claim: groups }
      fromHeaders: [{ name: Authorization, prefix: "Bearer " }]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: istio-ingressgateway-require-jwt, namespace: istio-system }
spec:
  ${where}
  action: DENY
  rules:
    - from: [{ source: { notRequestPrincipals: ["*"] } }]
      to: [{ operation: { notPaths: ["/dex/*", "/oauth2/*"] } }]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: istio-ingressgateway-oauth2-proxy, namespace: istio-system }
spec:
  ${where}
  action: CUSTOM
  provider: { name: oauth2-proxy }
  rules:
    - to: [{ operation: { hosts: ["*"] } }]
      when: [{ key: "request.headers[authorization]", notValues: ["*"] }]
`;
  const at = {
    namespace: "istio-system",
    labels: { app: "istio-ingressgateway" },
    kind: "gateway" as const,
  };
  withSet(text, (set) => {
    same(set, [
      [{ ...at, path: "/" }, 403],
      [{ ...at, path: "/dex/auth" }, 200],
      [{ ...at, path: "/", token: { email: "a@example.com" } }, 200],
      [{ ...at, path: "/", token: "expired" }, 401],
      [{ ...at, path: "/dex/auth", token: "forged" }, 401],
    ]);
    const forged = { ...at, path: "/dex/auth", headers: { "kubeflow-userid": "admin" } };
    assert.equal(set.upstream(forged)["kubeflow-userid"], undefined);
  });
});

test("a namespace that is closed by default opens by path, peer and token as before", () => {
  const text =
    authentication() +
    policy("closed", "{}") +
    policy("probes", `${api}\nrules: [{ to: [{ operation: { paths: [/healthz, /readyz] } }] }]`) +
    policy(
      "ingress",
      `${api}
rules:
  - from:
      - source:
          principals: [cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account]
          requestPrincipals: ["https://a.example.com/*"]
    to: [{ operation: { methods: [GET], paths: ["/reviews/*"] } }]`,
    );
  const peer = "spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account";
  withSet(text, (set) => {
    assert.ok(set.isMigrated);
    same(set, [
      [{ path: "/healthz" }, 200],
      [{ path: "/reviews/1", token: {}, peer }, 200],
      [{ path: "/reviews/1", token: {} }, 403],
      [{ path: "/reviews/1", peer }, 403],
      [{ path: "/reviews/1", peer, headers: { "x-gatehouse-jwt-principal": "true" } }, 403],
      [{ path: "/reviews/1", token: {}, peer, method: "DELETE" }, 403],
      [{ labels: { app: "web" }, path: "/healthz" }, 403],
    ]);
  });
});

test("Envoy Gateway's SecurityPolicy stays native, each part that asks for a token with its reason", () => {
  const text = `${authentication()}---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: SecurityPolicy
metadata: { name: tokens, namespace: shop }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: r }]
  jwt:
    optional: true
    providers:
      - name: a
        issuer: https://a.example.com
        remoteJWKS: { uri: https://a.example.com/keys }
        claimToHeaders: [{ claim: role, header: x-role }]
        recomputeRoute: true
  authorization:
    defaultAction: Deny
    rules:
      - action: Allow
        principal: { jwt: { provider: a, claims: [{ name: role, values: [admin] }] } }
`;
  withSet(text, (set) => {
    assert.ok(set.isMigrated);
    const notes = set.notes.join("\n");
    assert.match(notes, /kept spec\.jwt\.providers: it stays native: .*route by route/);
    assert.match(notes, /kept spec\.jwt\.optional: it stays native/);
    assert.match(notes, /kept spec\.authorization: it stays native: .*no Wasm filter can write/);
  });
});
