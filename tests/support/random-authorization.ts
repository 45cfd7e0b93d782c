// Sets of RequestAuthentications and AuthorizationPolicies as people might write them, from a seed:
// every field that the API server accepts, values that meet each other, in a small mesh.
import type { Random } from "../../deploy/compare/random.ts";

const issuers = ["https://a.example.com", "https://b.example.com"];
const namespaces = ["shop", "shop", "shop", "bank", "istio-system"];
const selectors: (Record<string, string> | undefined)[] = [
  undefined,
  { app: "api" },
  { app: "api" },
  { app: "web" },
  { tier: "front" },
  { istio: "ingressgateway" },
];
const claims = ["role", "scope", "groups", "realm][roles", "scp"];
const texts = ["admin", "dev", "read", "a*", "*n", "*"];

const actions = ["ALLOW", "ALLOW", "ALLOW", undefined, undefined, undefined].concat(
  ...["DENY", "DENY", "DENY", "DENY", "DENY", "AUDIT", "AUDIT", "CUSTOM"],
);
/** The last is what no mesh has. */
const authorizers = ["opa", "opa", "opa", "nobody"];

interface Place {
  namespace: string;
  selection: object;
}

/** One set, as documents. */
export function randomAuthorization(random: Random): object[] {
  const places = [placeOf(random), placeOf(random)];
  const documents: object[] = [];
  const authentications = 1 + random.below(2);
  for (let count = 0; count < authentications; count++) {
    const place = random.chance(0.7) ? places[0]! : places[1]!;
    documents.push(authentication(random, place, `ra-${count}`));
  }
  const policies = 1 + random.below(3);
  for (let count = 0; count < policies; count++) {
    const place = random.chance(0.6)
      ? places[0]!
      : random.chance(0.5)
        ? places[1]!
        : placeOf(random);
    documents.push(policy(random, place, `ap-${count}`));
  }
  if (random.chance(0.15)) documents.push(waypoint);
  if (random.chance(0.2)) documents.push(mesh);
  return documents;
}

const waypoint = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "Gateway",
  metadata: { name: "gw", namespace: "shop" },
  spec: { gatewayClassName: "istio-waypoint", listeners: [] },
};

const mesh = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "istio", namespace: "istio-system" },
  data: { mesh: "trustDomain: corp.example\ntrustDomainAliases: [old.example]\n" },
};

function placeOf(random: Random): Place {
  const namespace = random.pick(namespaces);
  if (random.chance(0.12)) {
    const kind = random.pick(["Gateway", "Service"]);
    const group = kind === "Gateway" ? "gateway.networking.k8s.io" : "";
    return { namespace: "shop", selection: { targetRefs: [{ group, kind, name: "gw" }] } };
  }
  const labels = random.pick(selectors);
  return { namespace, selection: labels ? { selector: { matchLabels: labels } } : {} };
}

function authentication(random: Random, place: Place, name: string): object {
  const rules = random.some(issuers, 1, 2).map((issuer) => jwtRule(random, issuer));
  return {
    apiVersion: "security.istio.io/v1",
    kind: "RequestAuthentication",
    metadata: { name, namespace: place.namespace },
    spec: { ...place.selection, jwtRules: rules },
  };
}

function jwtRule(random: Random, issuer: string): object {
  const keys = random.pick([{ jwksUri: `${issuer}/keys` }, {}]);
  const places = random.pick([
    {},
    {},
    { fromHeaders: [{ name: "x-token" }] },
    {
      fromHeaders: [
        { name: "X-Token", prefix: "jwt " },
        { name: "authorization", prefix: "Bearer " },
      ],
    },
    { fromParams: ["t", "access_token"] },
    { fromCookies: ["session"] },
    { fromHeaders: [{ name: "x-token", prefix: "a,b " }] },
  ]);
  return {
    issuer,
    ...keys,
    ...places,
    ...(random.chance(0.3) && { audiences: ["api", "https://web/"] }),
    ...(random.chance(0.3) && { forwardOriginalToken: true }),
    ...(random.chance(0.2) && { outputPayloadToHeader: "x-payload" }),
    ...(random.chance(0.2) && {
      outputClaimToHeaders: [{ header: "x-role", claim: "role" }],
    }),
    ...(random.chance(0.2) && { spaceDelimitedClaims: ["groups"] }),
  };
}

function policy(random: Random, place: Place, name: string): object {
  const action = random.pick(actions);
  const count = action === "ALLOW" || action === undefined ? random.below(4) : 1 + random.below(2);
  const rules = Array.from({ length: count }, () => rule(random));
  // The API server takes a dry run of nothing else.
  const mayBeDry = action !== "AUDIT" && action !== "CUSTOM";
  return {
    apiVersion: "security.istio.io/v1",
    kind: "AuthorizationPolicy",
    metadata: {
      name,
      namespace: place.namespace,
      ...(random.chance(0.06) && mayBeDry && { annotations: { "istio.io/dry-run": "true" } }),
    },
    spec: {
      ...place.selection,
      ...(action && { action }),
      ...(action === "CUSTOM" && { provider: { name: random.pick(authorizers) } }),
      rules: action === "CUSTOM" ? rules.map(withoutNames) : rules,
    },
  };
}

interface Rule {
  from?: { source: object }[];
  to?: { operation: object }[];
  when?: { key: string }[];
}

function rule(random: Random): Rule {
  return {
    ...(random.chance(0.6) && { from: some(random, 2, () => ({ source: source(random) })) }),
    ...(random.chance(0.5) && { to: some(random, 2, () => ({ operation: operation(random) })) }),
    ...(random.chance(0.6) && { when: some(random, 2, () => condition(random)) }),
  };
}

function some<T>(random: Random, most: number, make: () => T): T[] {
  return Array.from({ length: 1 + random.below(most) }, make);
}

const sourceFields: Record<string, string[]> = {
  requestPrincipals: [
    "*",
    "https://a.example.com/*",
    "https://a.example.com/someone",
    "*/someone",
    "https://b.example.com/so*",
  ],
  principals: [
    "cluster.local/ns/shop/sa/web",
    "*/ns/bank/sa/default",
    "old.example/ns/a/sa/b",
    "*",
  ],
  namespaces: ["shop", "ba*", "*"],
  serviceAccounts: ["web", "shop/web", "bank/default"],
  trustDomains: ["corp.example", "old.example", "*.example", "cluster.local", "*"],
  ipBlocks: ["192.0.2.0/24", "2001:db8::/32"],
  remoteIpBlocks: ["198.51.100.20", "10.0.0.0/8"],
};

function source(random: Random): object {
  const made = fields(random, sourceFields, random.chance(0.6) ? ["requestPrincipals"] : []);
  // The API server takes service accounts only where neither of these is.
  const isNamed = Object.keys(made).some((key) => /ServiceAccounts/i.test(key));
  return isNamed ? without(made, /principals$|namespaces/i, "requestPrincipals") : made;
}

function without(value: object, unwanted: RegExp, but = ""): object {
  const kept = Object.entries(value).filter(
    ([key]) => !unwanted.test(key) || key.toLowerCase().endsWith(but.toLowerCase() || "none"),
  );
  return Object.fromEntries(kept);
}

/** What an external authorizer may be asked about: neither a certificate's nor a token's names. */
function withoutNames(rule: Rule): Rule {
  const from = rule.from
    ?.map(({ source }) => ({ source: without(source, /principals|namespaces|accounts|domains/i) }))
    .filter(({ source }) => Object.keys(source).length > 0);
  const when = rule.when?.filter(({ key }) => !/^(?:request\.auth|source\.(?:n|p|s|t))/.test(key));
  return {
    ...(from && from.length > 0 && { from }),
    ...(rule.to && { to: rule.to }),
    ...(when && when.length > 0 && { when }),
  };
}

const operationFields: Record<string, string[]> = {
  paths: ["/health", "/items/*", "*.png", "/api/{*}/x", "/api/{**}", "/{*}/{**}/end", "/*", "*"],
  methods: ["GET", "POST", "*", "P*", "*T"],
  hosts: ["service.example.com", "*.example.com", "Service.*", "*", "service.example.com:8080"],
  ports: ["8080", "9090"],
};

function operation(random: Random): object {
  return fields(random, operationFields, []);
}

/** One to two fields, each as it is or negated. */
function fields(
  random: Random,
  known: Record<string, string[]>,
  wanted: readonly string[],
): object {
  const names = new Set([...wanted, ...random.some(Object.keys(known), 1, 2).slice(wanted.length)]);
  if (names.size === 0) names.add(Object.keys(known)[0]!);
  return Object.fromEntries(
    [...names].map((name) => {
      const key = random.chance(0.25) ? `not${name[0]!.toUpperCase()}${name.slice(1)}` : name;
      return [key, random.some(known[name]!, 1, 2)];
    }),
  );
}

function condition(random: Random): { key: string } {
  const isToken = random.chance(0.7);
  const key = isToken
    ? random.pick([
        ...claims.map((claim) => `request.auth.claims[${claim}]`),
        "request.auth.audiences",
        "request.auth.presenter",
        "request.auth.principal",
        "request.auth.claims[iss]",
      ])
    : random.pick([
        "request.headers[x-env]",
        "request.headers[x-role]",
        "request.headers[X-Env]",
        "request.headers[:method]",
        "request.headers[:authority]",
        "request.headers[cookie]",
        "source.serviceAccount",
        "source.trustDomain",
        "experimental.envoy.filters.http.lua[key]",
        "source.ip",
        "remote.ip",
        "source.namespace",
        "source.principal",
        "destination.port",
        "destination.ip",
        "connection.sni",
      ]);
  const values = valuesFor(random, key);
  const kind = random.pick(["values", "values", "notValues", "both"]);
  return {
    key,
    ...(kind !== "notValues" && { values }),
    ...(kind !== "values" && { notValues: valuesFor(random, key) }),
  };
}

function valuesFor(random: Random, key: string): string[] {
  const pools: Record<string, string[]> = {
    "source.ip": ["192.0.2.10", "10.0.0.0/8"],
    "remote.ip": ["198.51.100.0/24"],
    "source.namespace": ["shop", "*"],
    "source.serviceAccount": sourceFields.serviceAccounts!,
    "source.trustDomain": sourceFields.trustDomains!,
    "request.headers[:method]": ["GET", "P*"],
    "request.headers[:authority]": ["service.example.com", "*.com"],
    "experimental.envoy.filters.http.lua[key]": ["a", "[a]", "*"],
    "source.principal": ["cluster.local/ns/shop/sa/web"],
    "destination.port": ["8080", "80"],
    "destination.ip": ["203.0.113.5"],
    "connection.sni": ["service.example.com", "*.example.com", "*"],
    "request.auth.principal": sourceFields.requestPrincipals!,
    "request.auth.audiences": ["api", "https://web/", "*"],
    "request.auth.claims[iss]": [...issuers, "*example.com"],
  };
  return random.some(pools[key] ?? texts, 1, 2);
}
