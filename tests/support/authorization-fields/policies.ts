// An AuthorizationPolicy as a whole: its rules, its action, where it applies.
import { anyToken, to, everything, spiffe, claims, nobody, authorizerStatus } from "./cases.ts";
import type { FieldCase } from "./cases.ts";

export const policiesCases: FieldCase[] = [
  {
    name: "several sources and operations are alternatives",
    policies: [
      {
        rules: [
          {
            from: [{ source: { namespaces: ["a"] } }, { source: { requestPrincipals: ["*"] } }],
            to: [{ operation: { methods: ["GET"] } }, { operation: { paths: ["/open"] } }],
          },
        ],
      },
    ],
    asks: [
      [nobody, 403],
      [spiffe("td/ns/a/sa/x"), 200],
      [claims({}), 200],
      [{ ...claims({}), method: "PUT" }, 403],
      [{ ...claims({}), method: "PUT", path: "/open" }, 200],
    ],
  },
  { name: "no rules: nothing is allowed", policies: [{ rules: [] }], asks: [[claims({}), 403]] },
  { name: "rules absent: nothing is allowed", policies: [{}], asks: [[claims({}), 403]] },
  {
    name: "an empty rule allows everything",
    policies: [{}, everything],
    asks: [
      [nobody, 200],
      [{ token: "forged" }, 401],
    ],
  },
  {
    name: "an empty rule denies everything, whatever is allowed",
    policies: [everything, { ...everything, action: "DENY" }],
    asks: [[claims({}), 403]],
  },
  {
    name: "DENY goes before ALLOW, AUDIT decides nothing",
    policies: [
      to({ paths: ["/a*"] }),
      { ...to({ paths: ["/ab"] }), action: "DENY" },
      { ...everything, action: "AUDIT" },
    ],
    asks: [
      [{ path: "/a" }, 200],
      [{ path: "/ab" }, 403],
      [{ path: "/b" }, 403],
    ],
  },
  {
    name: "AUDIT alone allows everything",
    policies: [{ ...to({ paths: ["/a"] }), action: "AUDIT" }],
    asks: [[{ path: "/b" }, 200]],
  },
  {
    name: "a dry run decides nothing",
    policies: [
      { rules: [], isDryRun: true },
      { ...everything, action: "DENY", isDryRun: true },
    ],
    asks: [[nobody, 200]],
  },
  {
    name: "CUSTOM asks before tokens are checked and before DENY",
    policies: [
      { ...to({ paths: ["/asked"] }), action: "CUSTOM", provider: "opa" },
      { ...everything, action: "DENY" },
    ],
    asks: [
      [{ path: "/asked", token: "forged" }, authorizerStatus],
      [{ path: "/other", token: "forged" }, 401],
      [{ path: "/other" }, 403],
    ],
  },
  {
    name: "CUSTOM with an authorizer that the mesh does not have refuses what it asks about",
    policies: [{ ...to({ paths: ["/asked"] }), action: "CUSTOM", provider: "nobody" }],
    asks: [
      [{ path: "/asked" }, 403],
      [{ path: "/other" }, 200],
    ],
  },
  {
    name: "CUSTOM with two authorizers refuses what either asks about",
    policies: [
      { ...to({ paths: ["/one"] }), action: "CUSTOM", provider: "opa" },
      { ...to({ paths: ["/two"] }), action: "CUSTOM", provider: "other" },
    ],
    asks: [
      [{ path: "/one" }, 403],
      [{ path: "/two" }, 403],
      [{ path: "/three" }, 200],
    ],
  },
  {
    name: "selector: every label must be there",
    policies: [{ ...anyToken, selector: { app: "api", tier: "front" } }],
    asks: [
      [nobody, 200],
      [{ labels: { app: "api", tier: "front" } }, 403],
      [{ labels: { app: "api", tier: "front" }, token: {} }, 200],
      [{ labels: { app: "web", tier: "front" } }, 200],
    ],
  },
  {
    name: "no selector: every workload of the namespace",
    policies: [{ ...anyToken, selector: null }],
    asks: [
      [nobody, 403],
      [{ labels: { app: "web" } }, 403],
      [{ labels: { app: "web" }, namespace: "other" }, 200],
    ],
  },
  {
    name: "root namespace: every namespace, beside the namespace's own policies",
    policies: [
      { ...to({ paths: ["/a*"] }), namespace: "istio-system" },
      { ...to({ paths: ["/b"] }) },
      { ...to({ paths: ["/ab"] }), namespace: "istio-system", action: "DENY" },
    ],
    asks: [
      [{ path: "/a" }, 200],
      [{ path: "/b" }, 200],
      [{ path: "/c" }, 403],
      [{ path: "/ab" }, 403],
      [{ path: "/b", namespace: "other" }, 403],
      [{ path: "/a", namespace: "other" }, 200],
    ],
  },
  {
    name: "targetRefs: no workload without a Gateway has such a policy",
    policies: [
      {
        action: "DENY",
        ...everything,
        selector: null,
        targetRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "gw" }],
      },
    ],
    asks: [[nobody, 200]],
  },
];
