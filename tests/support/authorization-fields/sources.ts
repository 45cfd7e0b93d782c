// `from.source` of an AuthorizationPolicy: who calls.
import { issuer, from, spiffe, claims, nobody } from "./cases.ts";
import type { FieldCase } from "./cases.ts";

export const sourcesCases: FieldCase[] = [
  {
    name: "principals: exact, prefix, suffix",
    policies: [
      from({
        principals: ["td/ns/a/sa/b", "td/ns/b/*", "*/sa/c"],
        notPrincipals: ["td/ns/b/sa/x"],
      }),
    ],
    asks: [
      [nobody, 403],
      [spiffe("td/ns/a/sa/b"), 200],
      [spiffe("td/ns/a/sa/bb"), 403],
      [spiffe("td/ns/b/sa/y"), 200],
      [spiffe("td/ns/b/sa/x"), 403],
      [spiffe("other/ns/z/sa/c"), 200],
      [spiffe("TD/ns/a/sa/b"), 403],
    ],
  },
  {
    name: "principals: any peer with a name",
    policies: [from({ principals: ["*"] })],
    asks: [
      [nobody, 403],
      [{ serverName: "service.example.com" }, 403],
      [spiffe("td/ns/a/sa/b"), 200],
    ],
  },
  {
    name: "principals: cluster.local, the mesh's own domain and its aliases are one",
    policies: [from({ principals: ["cluster.local/ns/a/sa/b", "old.example/ns/c/sa/d"] })],
    asks: [
      [spiffe("corp.example/ns/a/sa/b"), 200],
      [spiffe("old.example/ns/a/sa/b"), 200],
      [spiffe("cluster.local/ns/a/sa/b"), 403],
      [spiffe("corp.example/ns/c/sa/d"), 200],
      [spiffe("corp.example/ns/c/sa/b"), 403],
    ],
  },
  {
    name: "notPrincipals: met by a peer without a name",
    policies: [from({ notPrincipals: ["td/ns/a/sa/b"] })],
    asks: [
      [nobody, 200],
      [spiffe("td/ns/a/sa/b"), 403],
      [spiffe("td/ns/a/sa/c"), 200],
    ],
  },
  {
    name: "requestPrincipals: issuer and subject, each with its wildcard",
    policies: [from({ requestPrincipals: [`${issuer}/someone`, `${issuer}/so*`, "*/last"] })],
    asks: [
      [nobody, 403],
      [claims({}), 200],
      [claims({ sub: "sofia" }), 200],
      [claims({ sub: "last" }), 200],
      [claims({ sub: "at-last" }), 403],
      [claims({ sub: undefined }), 403],
      [{ token: "expired" }, 401],
    ],
  },
  {
    name: "requestPrincipals: a suffix without a slash is the subject's, a prefix the issuer's",
    policies: [from({ requestPrincipals: ["*one", "http:*"] })],
    asks: [
      [nobody, 403],
      [claims({ sub: "anyone" }), 200],
      [claims({ sub: "any" }), 403],
    ],
  },
  {
    name: "notRequestPrincipals: met without a token",
    policies: [from({ notRequestPrincipals: [`${issuer}/someone`] })],
    asks: [
      [nobody, 200],
      [claims({}), 403],
      [claims({ sub: "another" }), 200],
      [{ token: "forged" }, 401],
    ],
  },
  {
    name: "namespaces: exact and with wildcards, of whatever trust domain",
    policies: [from({ namespaces: ["shop", "ba*", "*k8s"], notNamespaces: ["bad"] })],
    asks: [
      [nobody, 403],
      [spiffe("td/ns/shop/sa/x"), 200],
      [spiffe("td/ns/shopping/sa/x"), 403],
      [spiffe("td/ns/bank/sa/x"), 200],
      [spiffe("td/ns/bad/sa/x"), 403],
      [spiffe("td/ns/ek8s/sa/x"), 200],
      [spiffe("td/ns/other/sa/x/ns/shop/y"), 200],
    ],
  },
  {
    name: "serviceAccounts: with a namespace, or in the policy's own",
    policies: [from({ serviceAccounts: ["bank/teller", "web"] })],
    asks: [
      [nobody, 403],
      [spiffe("td/ns/bank/sa/teller"), 200],
      [spiffe("td/ns/bank/sa/teller2"), 403],
      [spiffe("td/ns/bank/sa/teller/more"), 200],
      [spiffe("td/ns/{namespace}/sa/web"), 200],
      [spiffe("td/ns/bank/sa/web"), 403],
      [spiffe("td/ns/bank/extra/sa/teller"), 200],
    ],
  },
  {
    name: "notServiceAccounts",
    policies: [from({ notServiceAccounts: ["bank/teller"] })],
    asks: [
      [nobody, 200],
      [spiffe("td/ns/bank/sa/teller"), 403],
      [spiffe("td/ns/bank/sa/other"), 200],
    ],
  },
  {
    name: "trustDomains: one of the mesh's own stands for all of them",
    policies: [from({ trustDomains: ["corp.example", "*.partner"] })],
    asks: [
      [nobody, 403],
      [spiffe("corp.example/ns/a/sa/b"), 200],
      [spiffe("old.example/ns/a/sa/b"), 200],
      [spiffe("cluster.local/ns/a/sa/b"), 403],
      [spiffe("eu.partner/ns/a/sa/b"), 200],
      [spiffe("eu.partner.org/ns/a/sa/b"), 403],
    ],
  },
  {
    name: "notTrustDomains",
    policies: [from({ notTrustDomains: ["old.example"] })],
    asks: [
      [nobody, 200],
      [spiffe("corp.example/ns/a/sa/b"), 403],
      [spiffe("partner.example/ns/a/sa/b"), 200],
    ],
  },
  {
    name: "ipBlocks: the connection's address, IPv4 and IPv6",
    policies: [from({ ipBlocks: ["192.0.2.0/28", "2001:db8:1::/48"], notIpBlocks: ["192.0.2.3"] })],
    asks: [
      [{ direct: "192.0.2.7", remote: "203.0.113.9" }, 200],
      [{ direct: "192.0.2.3" }, 403],
      [{ direct: "192.0.2.16" }, 403],
      [{ direct: "203.0.113.9", remote: "192.0.2.7" }, 403],
      [{ direct: "2001:db8:1::7" }, 200],
      [{ direct: "2001:db8:2::7" }, 403],
    ],
  },
  {
    name: "remoteIpBlocks: the client's address as the proxy decided it",
    policies: [from({ remoteIpBlocks: ["198.51.100.20"], notRemoteIpBlocks: ["198.51.100.21"] })],
    asks: [
      [{ remote: "198.51.100.20", direct: "192.0.2.7" }, 200],
      [{ remote: "198.51.100.22", direct: "192.0.2.7" }, 403],
      [{ remote: "203.0.113.9", direct: "198.51.100.20" }, 403],
    ],
  },
];
