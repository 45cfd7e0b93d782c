// What is worth asking of RequestAuthentications and AuthorizationPolicies: for each rule a request
// that meets it, and for each condition the values at its boundaries.
import { at, fieldsOf, listOf, mapsOf, textAt } from "../core/value.ts";
import type { Manifest } from "../core/source.ts";
import { attachmentOf, attaches } from "../native/attachment.ts";
import { claimSteps } from "../native/authorization/conditions.ts";
import { isAuthorizationPolicy, sourceKeys } from "../native/authorization/policy.ts";
import { isRequestAuthentication } from "../native/jwt/jwt-authn.ts";
import { rulesOf } from "../native/jwt/rules.ts";
import type { JwtRule } from "../native/jwt/rules.ts";
import type { Mesh, NativeRequest, Token, Workload } from "../native/types.ts";
import type { Keyring } from "./keyring.ts";
import { near, withHeader } from "./requests.ts";
import type { Axis, Edit, Interest } from "./requests.ts";
import { bare, goodClaims, tokenEdits, withClaims, withToken } from "./token-edits.ts";

/** A moment for everything: nothing here depends on when it is run. */
export const moment = Date.UTC(2026, 0, 1);
/** Workloads for which a request is made that meets a rule; the others come by their axis. */
const workloadsPerRule = 3;

export function authorizationInterest(
  resources: readonly Manifest[],
  workloads: readonly Workload[],
  mesh: Mesh,
  keyring: Keyring,
  /** Whose tokens are worth sending beside those of the RequestAuthentications. */
  moreRules: readonly JwtRule[] = [],
): Interest {
  const rules = [...resources.filter(isRequestAuthentication).flatMap(rulesOf), ...moreRules];
  const policies = resources.filter(isAuthorizationPolicy);
  const base = (workload: Workload): NativeRequest => plain(workload);
  const withGood = (request: NativeRequest, rule: JwtRule) =>
    withToken(request, rule, keyring.token(rule.keys, goodClaims(rule, moment)));
  const starts = workloads.flatMap((workload) => [
    base(workload),
    ...rules.map((rule) => withGood(base(workload), rule)),
  ]);
  for (const policy of policies) {
    const own = workloads.filter((each) => attaches(attachmentOf(policy), each, mesh));
    const chosen = own.length > 0 ? own.slice(0, workloadsPerRule) : workloads.slice(0, 1);
    for (const workload of chosen) {
      for (const rule of listOf(policy.at("spec", "rules"))) {
        const from = rules.length > 0 ? rules.map((each) => withGood(base(workload), each)) : [];
        for (const request of [base(workload), ...from])
          starts.push(...alternatives(rule).map((edits) => applied(request, edits, keyring)));
      }
    }
  }
  return { starts, axes: [...axesOf(policies, keyring), ...tokenAxes(rules, workloads, keyring)] };
}

export function plain(workload: Workload): NativeRequest {
  return {
    method: "GET",
    scheme: "http",
    host: "service.example.com",
    path: "/",
    headers: [],
    source: { direct: "192.0.2.10", remote: "198.51.100.20" },
    destination: { address: "203.0.113.5", port: 8080 },
    direction: "inbound",
    workload,
    timeMillis: moment,
    tokens: [],
  };
}

/** One condition: its key, as in `when`, and what it asks. */
interface Part {
  key: string;
  values: string[];
}

const operationFields: Record<string, string> = {
  hosts: "hosts",
  methods: "methods",
  paths: "paths",
  ports: "destination.port",
};

/** For each source with each operation: the conditions that must hold, without the negated ones. */
function alternatives(rule: unknown): Part[][] {
  const whens = mapsOf(at(rule, "when")).map((when) => ({
    key: textAt(when, "key") ?? "",
    values: texts(when.values),
  }));
  const sources = entriesOf(rule, "from", "source", sourceKeys);
  const operations = entriesOf(rule, "to", "operation", operationFields);
  return sources.flatMap((source) =>
    operations.map((operation) => [...operation, ...source, ...whens]),
  );
}

function entriesOf(
  rule: unknown,
  list: string,
  name: string,
  keys: Record<string, string>,
): Part[][] {
  const entries = mapsOf(at(rule, list));
  if (entries.length === 0) return [[]];
  return entries.map((entry) =>
    Object.entries(fieldsOf(entry[name])).flatMap(([field, value]): Part[] => {
      const key = keys[field];
      return key === undefined ? [] : [{ key, values: texts(value) }];
    }),
  );
}

function texts(value: unknown): string[] {
  return listOf(value).filter((item): item is string => typeof item === "string");
}

function applied(request: NativeRequest, parts: readonly Part[], keyring: Keyring): NativeRequest {
  return parts.reduce((made, { key, values }) => {
    const [value] = values;
    return value === undefined ? made : (editsFor(key, value, keyring)[0]?.(made) ?? made);
  }, request);
}

/** Every value that any condition names makes an axis of its key. */
function axesOf(policies: readonly Manifest[], keyring: Keyring): Axis[] {
  const byKey = new Map<string, Set<string>>();
  const add = (key: string, values: string[]) => {
    const known = byKey.get(key) ?? new Set();
    for (const value of values) known.add(value);
    byKey.set(key, known);
  };
  for (const policy of policies) {
    for (const rule of listOf(policy.at("spec", "rules"))) {
      for (const when of mapsOf(at(rule, "when")))
        add(textAt(when, "key") ?? "", [...texts(when.values), ...texts(when.notValues)]);
      for (const [list, name, keys] of [
        ["from", "source", sourceKeys],
        ["to", "operation", operationFields],
      ] as const)
        for (const entry of mapsOf(at(rule, list)))
          for (const [field, value] of Object.entries(fieldsOf(entry[name]))) {
            const bareField = field.replace(/^not./, (start) => start.slice(3).toLowerCase());
            const key = keys[field] ?? keys[bareField];
            if (key !== undefined) add(key, texts(value));
          }
    }
  }
  return [...byKey].map(([key, values]) => ({
    name: key,
    edits: [...values].flatMap((value) => editsFor(key, value, keyring)),
  }));
}

/** A text that the wildcard matches. */
export function sample(value: string): string {
  if (value === "*") return "anything";
  const filled = value.replaceAll("{**}", "a/b").replaceAll("{*}", "a");
  if (filled.startsWith("*")) return `any${filled.slice(1)}`;
  return filled.endsWith("*") ? `${filled.slice(0, -1)}any` : filled;
}

/** Changes that make a difference to a condition; the first makes it hold. */
function editsFor(key: string, value: string, keyring: Keyring): Edit[] {
  const text = sample(value);
  const header = /^request\.headers\[(.+)\]$/s.exec(key)?.[1]?.toLowerCase();
  if (header !== undefined) return headerEdits(header, text);
  if (key.startsWith("request.auth.")) return claimEdits(key, value, keyring);
  return plainEdits[key]?.(text, value) ?? [];
}

function headerEdits(name: string, text: string): Edit[] {
  const pseudo: Record<string, Edit> = {
    ":path": (request) => ({ ...request, path: text }),
    ":method": (request) => ({ ...request, method: text }),
    ":authority": (request) => ({ ...request, host: text }),
    host: (request) => ({ ...request, host: text }),
  };
  if (pseudo[name]) return [pseudo[name]];
  return [
    ...near(text).map((each) => withHeader(name, each)),
    withHeader(name),
    withHeader(name, "other", text),
  ];
}

const set =
  <K extends keyof NativeRequest>(key: K) =>
  (value: NativeRequest[K]): Edit =>
  (request) => ({ ...request, [key]: value });

const from =
  (more: Partial<NativeRequest["source"]>): Edit =>
  (request) => ({
    ...request,
    source: { ...request.source, ...more },
  });

const to =
  (more: Partial<NativeRequest["destination"]>): Edit =>
  (request) => ({
    ...request,
    destination: { ...request.destination, ...more },
  });

const plainEdits: Record<string, (text: string, value: string) => Edit[]> = {
  paths: (text) => [
    ...near(text).map((each) => set("path")(each.startsWith("/") ? each : `/${each}`)),
    set("path")(`${text}?a=1`),
    set("path")(`${text}/`),
    set("path")(`${text}/more`),
  ],
  hosts: (text) => [...near(text), `${text}:8080`].map(set("host")),
  methods: (text) => [...near(text), "GET", "POST", "OPTIONS"].map(set("method")),
  "destination.port": (text) => [Number(text), Number(text) + 1].map((port) => to({ port })),
  "destination.ip": (text) => addresses(text).map((address) => to({ address })),
  "connection.sni": (text) => [...near(text), undefined].map((serverName) => to({ serverName })),
  "source.ip": (text) => addresses(text).map((direct) => from({ direct })),
  "remote.ip": (text) => addresses(text).map((remote) => from({ remote })),
  "source.principal": (text) => peers(near(text).map((name) => `spiffe://${name}`)),
  "source.namespace": (text) =>
    peers(near(text).map((name) => `spiffe://cluster.local/ns/${name}/sa/default`)),
  "source.serviceAccount": (text) => {
    const [first = "", second] = text.split("/");
    const [namespace, account] = second === undefined ? ["shop", first] : [first, second];
    return peers([
      `spiffe://cluster.local/ns/${namespace}/sa/${account}`,
      `spiffe://cluster.local/ns/other/sa/${account}`,
      `spiffe://cluster.local/ns/${namespace}/sa/${account}-more`,
    ]);
  },
  "source.trustDomain": (text) => peers([`spiffe://${text}/ns/a/sa/b`, "spiffe://td/ns/a/sa/b"]),
};

function peers(names: readonly string[]): Edit[] {
  return [...names, undefined].map((peer) => set("peer")(peer));
}

/** The first address of a network, and one that is in none. */
function addresses(text: string): string[] {
  const [address = ""] = text.split("/");
  return [address, address.includes(":") ? "2001:db8:ffff::1" : "203.0.113.77"];
}

const named: Record<string, string[]> = {
  "request.auth.audiences": ["aud"],
  "request.auth.presenter": ["azp"],
};

export function claimEdits(key: string, value: string, keyring: Keyring): Edit[] {
  if (key === "request.auth.principal") return principalEdits(value, keyring);
  const steps =
    named[key] ??
    (key.startsWith("request.auth.claims")
      ? claimSteps(key.slice("request.auth.claims".length))
      : undefined);
  if (!steps) return [];
  const text = sample(value);
  const number = Number(text);
  const others: unknown[] = [
    [text],
    ["zz", text],
    [],
    "",
    `${text}x`,
    `x${text}`,
    text.toUpperCase() === text ? text.toLowerCase() : text.toUpperCase(),
    `${text} zz`,
    `zz ${text}`,
    [[text]],
    { [text]: text },
    ...(Number.isNaN(number) ? [5] : [number]),
    true,
    null,
    undefined,
  ];
  return [text, ...others].map((claim) =>
    withClaims(keyring, (claims) => withClaim(claims, steps, claim)),
  );
}

export function withClaim(
  claims: Token["claims"],
  [step = "", ...rest]: readonly string[],
  value: unknown,
): Record<string, unknown> {
  const inner = rest.length === 0 ? value : withClaim(fieldsOf(claims[step]), rest, value);
  return { ...claims, [step]: inner };
}

/**
 * `issuer/subject`: the issuer stays what the provider wants unless the principal names another.
 */
function principalEdits(value: string, keyring: Keyring): Edit[] {
  const cut = value.lastIndexOf("/");
  const [issuer, subject] = cut < 0 ? [value, "*"] : [value.slice(0, cut), value.slice(cut + 1)];
  const subjects = near(sample(subject === "" ? "*" : subject));
  return [
    ...subjects.map((sub) => withClaims(keyring, (claims) => ({ ...claims, sub }))),
    withClaims(keyring, (claims) => ({ ...claims, sub: undefined })),
    ...(issuer.includes("*")
      ? []
      : [withClaims(keyring, (claims) => ({ ...claims, iss: issuer, sub: sample(subject) }))]),
  ];
}

function tokenAxes(
  rules: readonly JwtRule[],
  workloads: readonly Workload[],
  keyring: Keyring,
): Axis[] {
  const preflight: Edit = (request) => ({
    ...bare(request),
    method: "OPTIONS",
    headers: [
      ...bare(request).headers,
      ["origin", "https://page.example.com"],
      ["access-control-request-method", "GET"],
    ],
  });
  return [
    { name: "token", edits: rules.flatMap((rule) => tokenEdits(rule, keyring)) },
    { name: "workload", edits: workloads.map(set("workload")) },
    { name: "preflight", edits: [preflight] },
    { name: "outputs", edits: rules.flatMap(outputEdits) },
  ];
}

/** What a client sends under the names that a provider writes. */
function outputEdits(rule: JwtRule): Edit[] {
  const names = rule.claimHeaders.map(({ header }) => header);
  if (rule.payloadHeader) names.push(rule.payloadHeader);
  return names.map((name) => withHeader(name, "forged"));
}
