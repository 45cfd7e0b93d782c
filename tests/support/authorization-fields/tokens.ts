// RequestAuthentication: where tokens are, which are good, and what the service sees of them.
import { secondIssuer, to, anyToken, claims, nobody, issuer } from "./cases.ts";
import type { FieldCase } from "./cases.ts";

export const tokensCases: FieldCase[] = [
  {
    name: "audiences: scheme and a slash at the end do not count",
    rule: { audiences: ["https://api.example.com/", "web"] },
    policies: [],
    asks: [
      [nobody, 200],
      [claims({ aud: "api.example.com" }), 200],
      [claims({ aud: ["x", "http://web"] }), 200],
      [claims({ aud: "x" }), 403],
      [claims({ aud: undefined }), 403],
      [claims({ aud: [] }), 403],
    ],
  },
  {
    name: "times: a minute of skew, and none is no limit",
    policies: [anyToken],
    asks: [
      [claims({ exp: undefined }), 200],
      [claims({ exp: 0 }), 200],
      [{ token: "expired" }, 401],
      [{ token: "forged" }, 401],
      [claims({ nbf: "soon" }), 401],
      [claims({ sub: 5 }), 401],
      [claims({ iss: "https://stranger.example.com" }), 401],
      [claims({ iss: undefined }), 401],
    ],
  },
  {
    name: "fromHeaders: a prefix, found wherever it is",
    rule: {
      fromHeaders: [
        { name: "X-Token", prefix: "jwt " },
        { name: "authorization", prefix: "Bearer " },
      ],
    },
    policies: [anyToken],
    asks: [
      [{ token: {} }, 200],
      [{ token: {}, prefix: "Bearer " }, 200],
      [{ token: {}, prefix: "bearer " }, 403],
      [{ token: {}, prefix: "xBearer " }, 200],
      [nobody, 403],
    ],
  },
  {
    name: "fromHeaders: without a prefix the whole value",
    rule: { fromHeaders: [{ name: "x-token" }] },
    policies: [anyToken],
    asks: [
      [{ token: {} }, 200],
      [{ token: "expired" }, 401],
      [{ headers: { "x-token": "nonsense" } }, 401],
    ],
  },
  {
    name: "fromParams: other parameters stay, the token goes",
    rule: { fromParams: ["t"] },
    policies: [anyToken],
    asks: [
      [{ token: {}, path: "/a?b=1" }, 200],
      [{ token: "forged", path: "/a" }, 401],
      [{ path: "/a?t=" }, 401],
    ],
    seen: { ":path": "/a?b=1" },
  },
  {
    name: "fromCookies: the cookie stays",
    rule: { fromCookies: ["session"] },
    policies: [anyToken],
    asks: [
      [{ token: {} }, 200],
      [{ token: "expired" }, 401],
      [{ headers: { cookie: "other=1" } }, 403],
    ],
  },
  {
    name: "forwardOriginalToken: the service sees the token only then",
    policies: [anyToken],
    asks: [[{ token: {} }, 200]],
    seen: { authorization: "" },
  },
  {
    name: "outputClaimToHeaders: a text and a number; a forged header is removed",
    rule: {
      outputClaimToHeaders: [
        { header: "x-role", claim: "role" },
        { header: "x-nested", claim: "a.b" },
      ],
    },
    policies: [anyToken],
    asks: [
      [{ token: { role: "admin", a: { b: 5 } }, headers: { "x-role": "forged" } }, 200],
      [{ token: {}, headers: { "x-role": "forged" } }, 200],
    ],
    seen: { "x-role": "admin", "x-nested": "5" },
  },
  {
    name: "outputClaimToHeaders: a forged header is removed without a token too",
    rule: { outputClaimToHeaders: [{ header: "x-role", claim: "role" }] },
    policies: [],
    asks: [[{ headers: { "x-role": "forged" } }, 200]],
    seen: { "x-role": "" },
  },
  {
    name: "outputClaimToHeaders: a preflight keeps no forged header either",
    rule: { outputClaimToHeaders: [{ header: "x-role", claim: "role" }] },
    policies: [],
    asks: [
      [
        {
          method: "OPTIONS",
          headers: {
            origin: "https://page.example.com",
            "access-control-request-method": "GET",
            "x-role": "forged",
          },
        },
        200,
      ],
    ],
    seen: { "x-role": "" },
  },
  {
    name: "two issuers: each token is good, headers of both are kept clean",
    rule: { outputClaimToHeaders: [{ header: "x-role", claim: "role" }] },
    moreRules: [
      { issuer: secondIssuer, outputClaimToHeaders: [{ header: "x-nested", claim: "role" }] },
    ],
    policies: [anyToken],
    asks: [
      [{ token: { role: "admin" }, headers: { "x-nested": "forged" } }, 200],
      [{ token: {}, rule: 1 }, 200],
      [{ token: "forged", rule: 1 }, 401],
      [nobody, 403],
    ],
    seen: { "x-role": "admin", "x-nested": "" },
  },
  {
    name: "a preflight needs no token, but is asked by policies",
    policies: [to({ methods: ["OPTIONS"] })],
    asks: [
      [
        {
          method: "OPTIONS",
          token: "forged",
          headers: {
            origin: "https://page.example.com",
            "access-control-request-method": "GET",
          },
        },
        200,
      ],
      [{ method: "OPTIONS", token: "forged" }, 401],
    ],
  },
  {
    name: "two RequestAuthentications for one issuer: the namespace's own says what is wrong, not the mesh's",
    rule: { audiences: ["api"] },
    wideRules: [{ issuer }],
    policies: [],
    asks: [
      [claims({ aud: "api" }), 200],
      [claims({ aud: "web" }), 403],
    ],
  },
  {
    name: "two tokens of two issuers in two places pass together, but not if one is bad",
    rule: {},
    moreRules: [{ issuer: secondIssuer }],
    policies: [],
    asks: [
      [{ token: {}, second: { rule: 1, param: "access_token" } }, 200],
      [{ token: {}, second: { rule: 1, param: "access_token", isForged: true } }, 401],
      [{ token: "forged", second: { rule: 1, param: "access_token" } }, 401],
    ],
  },
];
