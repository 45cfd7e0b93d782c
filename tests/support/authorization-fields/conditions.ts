// `when` of an AuthorizationPolicy: each key.
import { issuer, when, spiffe, claims, nobody } from "./cases.ts";
import type { FieldCase } from "./cases.ts";

/** Keys about the peer's name: a value, a name that it fits, one that it does not. */
const peerKeys: [key: string, value: string, good: string, bad: string][] = [
  ["source.namespace", "a*", "td/ns/ab/sa/x", "td/ns/b/sa/x"],
  ["source.serviceAccount", "a/web", "td/ns/a/sa/web", "td/ns/b/sa/web"],
  ["source.trustDomain", "old.example", "corp.example/ns/a/sa/b", "td/ns/a/sa/b"],
  ["source.principal", "cluster.local/ns/a/sa/b", "old.example/ns/a/sa/b", "td/ns/a/sa/b"],
];

const peerCases = peerKeys.map(([key, value, good, bad]): FieldCase => ({
  name: `${key}: a name that fits, and none`,
  policies: [when(key, { values: [value] })],
  asks: [
    [nobody, 403],
    [spiffe(good), 200],
    [spiffe(bad), 403],
  ],
}));

export const conditionsCases: FieldCase[] = [
  ...peerCases,
  {
    name: "request.headers: values, presence, several of one name",
    policies: [when("request.headers[X-Env]", { values: ["test", "dev*"] })],
    asks: [
      [nobody, 403],
      [{ headers: { "x-env": "test" } }, 200],
      [{ headers: { "x-env": "Test" } }, 403],
      [{ headers: { "x-env": "development" } }, 200],
      [{ headers: { "x-env": "" } }, 403],
    ],
  },
  {
    name: "request.headers: notValues are met by an absent header",
    policies: [when("request.headers[x-env]", { notValues: ["prod"] })],
    asks: [
      [nobody, 200],
      [{ headers: { "x-env": "prod" } }, 403],
      [{ headers: { "x-env": "test" } }, 200],
    ],
  },
  {
    name: "request.headers: a wildcard alone is presence",
    policies: [when("request.headers[x-env]", { values: ["*"] })],
    asks: [
      [nobody, 403],
      [{ headers: { "x-env": "" } }, 200],
      [{ headers: { "x-env": "a" } }, 200],
    ],
  },
  {
    name: "request.headers: pseudo headers",
    policies: [
      {
        rules: [
          {
            when: [
              { key: "request.headers[:method]", values: ["GET"] },
              { key: "request.headers[:authority]", notValues: ["*.internal"] },
              { key: "request.headers[:path]", values: ["/a*"] },
            ],
          },
        ],
      },
    ],
    asks: [
      [{ path: "/a?b" }, 200],
      [{ path: "/b" }, 403],
      [{ path: "/a", method: "PUT" }, 403],
      [{ path: "/a", host: "x.internal" }, 403],
    ],
  },
  {
    name: "source.ip and remote.ip",
    policies: [
      {
        rules: [
          {
            when: [
              { key: "source.ip", values: ["192.0.2.0/24"] },
              { key: "remote.ip", notValues: ["198.51.100.9"] },
            ],
          },
        ],
      },
    ],
    asks: [
      [{ direct: "192.0.2.9", remote: "198.51.100.8" }, 200],
      [{ direct: "192.0.2.9", remote: "198.51.100.9" }, 403],
      [{ direct: "203.0.113.9", remote: "192.0.2.9" }, 403],
    ],
  },
  {
    name: "source.namespace: notValues are met by a peer without a name",
    policies: [when("source.namespace", { notValues: ["a"] })],
    asks: [
      [nobody, 200],
      [spiffe("td/ns/a/sa/x"), 403],
    ],
  },
  {
    name: "request.auth.principal",
    policies: [when("request.auth.principal", { values: [`${issuer}/*`], notValues: ["*/root"] })],
    asks: [
      [nobody, 403],
      [claims({}), 200],
      [claims({ sub: "root" }), 403],
    ],
  },
  {
    name: "request.auth.audiences: one or a list",
    policies: [when("request.auth.audiences", { values: ["api", "web*"] })],
    asks: [
      [nobody, 403],
      [claims({ aud: "api" }), 200],
      [claims({ aud: ["x", "website"] }), 200],
      [claims({ aud: "API" }), 403],
      [claims({}), 403],
    ],
  },
  {
    name: "request.auth.presenter",
    policies: [when("request.auth.presenter", { values: ["client"] })],
    asks: [
      [claims({ azp: "client" }), 200],
      [claims({ azp: "other" }), 403],
      [claims({}), 403],
    ],
  },
  {
    name: "request.auth.claims: texts and lists of texts, nothing else",
    policies: [when("request.auth.claims[role]", { values: ["admin", "5", "true"] })],
    asks: [
      [nobody, 403],
      [claims({ role: "admin" }), 200],
      [claims({ role: ["dev", "admin"] }), 200],
      [claims({ role: "Admin" }), 403],
      [claims({ role: 5 }), 403],
      [claims({ role: true }), 403],
      [claims({ role: [5] }), 403],
      [claims({ role: { admin: "admin" } }), 403],
      [claims({ role: [["admin"]] }), 403],
      [claims({ role: null }), 403],
      [claims({ role: "dev admin" }), 403],
    ],
  },
  {
    name: "request.auth.claims: scope is a list of words, and so is what the rule names",
    rule: { spaceDelimitedClaims: ["groups"] },
    policies: [
      when("request.auth.claims[scope]", { values: ["read"] }),
      when("request.auth.claims[groups]", { values: ["read"] }),
      when("request.auth.claims[scp]", { values: ["read"] }),
    ],
    asks: [
      [claims({ scope: "write read" }), 200],
      [claims({ scope: "reader" }), 403],
      [claims({ groups: "write read" }), 200],
      [claims({ scp: "write read" }), 403],
      [claims({ scp: ["write", "read"] }), 200],
    ],
  },
  {
    name: "request.auth.claims: nested, and names with dots",
    policies: [
      when("request.auth.claims[realm][roles]", { values: ["a"] }),
      when("request.auth.claims[https://example.com/roles]", { values: ["b"] }),
    ],
    asks: [
      [claims({ realm: { roles: ["a"] } }), 200],
      [claims({ realm: { roles: "b" } }), 403],
      [claims({ "realm.roles": "a" }), 403],
      [claims({ "https://example.com/roles": "b" }), 200],
      [claims({ realm: [{ roles: "a" }] }), 403],
    ],
  },
  {
    name: "request.auth.claims: notValues are met without a token, and without the claim",
    policies: [when("request.auth.claims[role]", { notValues: ["guest"] })],
    asks: [
      [nobody, 200],
      [claims({}), 200],
      [claims({ role: "guest" }), 403],
      [claims({ role: ["x", "guest"] }), 403],
      [claims({ role: 5 }), 200],
      [{ token: "expired" }, 401],
    ],
  },
  {
    name: "request.auth.claims: a wildcard alone is any text but an empty one",
    policies: [when("request.auth.claims[role]", { values: ["*"] })],
    asks: [
      [claims({ role: "x" }), 200],
      [claims({ role: "" }), 403],
      [claims({ role: [""] }), 403],
      [claims({ role: [] }), 403],
      [claims({}), 403],
    ],
  },
  {
    name: "destination.ip and destination.port",
    policies: [
      {
        rules: [
          {
            when: [
              { key: "destination.ip", values: ["203.0.113.0/30"] },
              { key: "destination.port", notValues: ["9090"] },
            ],
          },
        ],
      },
    ],
    asks: [
      [{ address: "203.0.113.2", port: 8080 }, 200],
      [{ address: "203.0.113.2", port: 9090 }, 403],
      [{ address: "203.0.113.4", port: 8080 }, 403],
    ],
  },
  {
    name: "connection.sni: in lower case, empty without TLS",
    policies: [when("connection.sni", { values: ["a.example.com", "*.b.example.com"] })],
    asks: [
      [nobody, 403],
      [{ serverName: "a.example.com" }, 200],
      [{ serverName: "A.example.com" }, 200],
      [{ serverName: "x.b.example.com" }, 200],
      [{ serverName: "c.example.com" }, 403],
    ],
  },
  {
    name: "connection.sni: notValues",
    policies: [when("connection.sni", { notValues: ["a.example.com"] })],
    asks: [
      [nobody, 200],
      [{ serverName: "a.example.com" }, 403],
      [{ serverName: "b.example.com" }, 200],
    ],
  },
  {
    name: "experimental.envoy.filters: what no filter left meets notValues alone",
    policies: [
      {
        ...when("experimental.envoy.filters.http.lua[key]", { values: ["a", "[b]"] }),
        action: "DENY",
      },
      when("experimental.envoy.filters.http.lua[key]", { notValues: ["a"] }),
    ],
    asks: [[nobody, 200]],
  },
];
