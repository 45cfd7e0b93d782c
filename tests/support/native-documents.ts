// Many native resources, as a mesh of many teams has them: ten for each namespace.

/** Ten documents of one namespace; three of them read tokens. */
function namespaceText(index: number): string {
  const namespace = `team-${index}`;
  const named = (kind: string, api: string, name: string, spec: string) =>
    `---\napiVersion: ${api}\nkind: ${kind}\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec:\n${spec}\n`;
  const app = "selector: { matchLabels: { app: api } }";
  const issuer = `https://idp-${index}.example.com`;
  return [
    named(
      "RequestAuthentication",
      "security.istio.io/v1",
      "tokens",
      `  ${app}\n  jwtRules: [{ issuer: "${issuer}", jwksUri: "${issuer}/keys", audiences: [api] }]`,
    ),
    named(
      "AuthorizationPolicy",
      "security.istio.io/v1",
      "admins",
      `  ${app}\n  rules:\n    - to: [{ operation: { paths: [/admin/*] } }]\n      when: [{ key: "request.auth.claims[role]", values: [admin] }]`,
    ),
    named(
      "AuthorizationPolicy",
      "security.istio.io/v1",
      "signed-in",
      `  ${app}\n  rules: [{ from: [{ source: { requestPrincipals: ["*"] } }] }]`,
    ),
    named(
      "AuthorizationPolicy",
      "security.istio.io/v1",
      "callers",
      `  selector: { matchLabels: { app: web } }\n  rules: [{ from: [{ source: { namespaces: [edge] } }] }]`,
    ),
    named(
      "VirtualService",
      "networking.istio.io/v1",
      "api",
      `  hosts: [api]\n  http:\n    - route:\n        - { destination: { host: api, subset: v1 }, weight: 90 }\n        - { destination: { host: api, subset: v2 }, weight: 10 }`,
    ),
    named(
      "DestinationRule",
      "networking.istio.io/v1",
      "api",
      `  host: api\n  subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }]`,
    ),
    named(
      "ServiceEntry",
      "networking.istio.io/v1",
      "idp",
      `  hosts: [idp-${index}.example.com]\n  ports: [{ number: 443, name: tls, protocol: TLS }]\n  resolution: DNS`,
    ),
    named("Sidecar", "networking.istio.io/v1", "default", `  egress: [{ hosts: ["./*"] }]`),
    named("PeerAuthentication", "security.istio.io/v1", "default", "  mtls: { mode: STRICT }"),
    named(
      "VirtualService",
      "networking.istio.io/v1",
      "web",
      `  hosts: [web]\n  http: [{ route: [{ destination: { host: web } }] }]`,
    ),
  ].join("");
}

/** `count` documents, rounded up to tens. */
export function nativeDocuments(count: number): string {
  return Array.from({ length: Math.ceil(count / 10) }, (_each, index) => namespaceText(index)).join(
    "",
  );
}
