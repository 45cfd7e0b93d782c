// The conditions that all filters share: a list of sets of requests that uses every one of them,
// for their documents.

/** For a `match` of any filter. */
export const everyMatch: object[] = [
  {
    uri: { prefix: "/api/" },
    ignoreUriCase: true,
    scheme: { exact: "https" },
    method: { regex: "GET|POST" },
    authority: { suffix: ".example.com", ignoreCase: true },
    headers: {
      "x-canary": { present: true },
      "User-Agent": { contains: "Mobile" },
      Host: { prefix: "api." },
    },
    withoutHeaders: { "x-internal": { present: true } },
    queryParams: { beta: { exact: "1", invert: true } },
    cookies: { session: { regex: "[0-9a-f]+", ignoreCase: true } },
    claims: [
      { claim: "realm.roles", exact: "admin" },
      { claim: ["https://example.com/tenant"], prefix: "a", ignoreCase: true },
      { claim: "sub", suffix: "@example.com" },
      { claim: "email", contains: "@", invert: true },
      { claim: "scope", regex: "(read|write)" },
      { claim: "act", present: true },
    ],
    sourceAddresses: ["10.0.0.0/8", "2001:db8::/32", "192.0.2.1"],
    sourcePrincipals: [{ prefix: "spiffe://cluster.local/ns/apps/" }],
  },
  { sourceAddresses: { in: ["203.0.113.0/24", "2001:db8::/32"], not: ["203.0.113.7"] } },
  { sourceAddresses: { not: ["10.0.0.0/8"] } },
  {},
];

/** What a schema cannot say about them. */
export const matchReasons: RegExp[] = [
  // A regular expression that is none, or that is too large.
  /\/regex: /,
  // Networks that are none.
  /\/sourceAddresses(\/in|\/not)?\/\d+: /,
];
