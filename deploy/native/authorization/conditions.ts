// One condition of an AuthorizationPolicy rule as a test of a request: Envoy's RBAC permissions and
// principals as istiod writes them (pilot/pkg/security/authz/model/generator.go, Istio 1.31).
import { BlockList, isIPv4, isIPv6 } from "node:net";
import { lookupIn } from "../envoy/headers.ts";
import type { Exchange, Mesh } from "../types.ts";
import { jwtFilter } from "../jwt/jwt-authn.ts";
import { quoted, regexTest, stringTest, templateTest } from "./texts.ts";
import type { Test } from "./texts.ts";
import { expandPrincipals, expandTrustDomains } from "./trust-domain.ts";

/** A request that the condition is put to. */
export type Condition = (exchange: Exchange) => boolean;

/** What `values` of one key mean; undefined for a value that istiod cannot translate. */
export type Kind = (values: readonly string[], context: Context) => (Condition | undefined)[];

export interface Context {
  mesh: Mesh;
  /** Namespace of the policy: that of service accounts without one. */
  namespace: string;
}

/** One test for each value: the request meets the condition when one of them holds. */
const each =
  (test: (value: string, context: Context) => Condition | undefined): Kind =>
  (values, context) =>
    values.map((value) => test(value, context));

const header =
  (name: string, ignoreCase = false) =>
  (value: string): Condition => {
    // Presence of a header is presence alone: it may be empty.
    if (value === "*") return (exchange) => lookupIn(exchange)(name).length > 0;
    const test = stringTest(value, "", ignoreCase);
    return (exchange) => lookupIn(exchange)(name).some(test);
  };

const path = (value: string): Condition => {
  const test = /\{\*{1,2}\}/.test(value) ? templateTest(value) : stringTest(value);
  return (exchange) => test(exchange.path.split(/[?#]/, 1)[0]!);
};

const port = (value: string): Condition | undefined => {
  const number = /^\d+$/.test(value) ? Number(value) : NaN;
  if (!(number <= 65_535)) return undefined;
  return ({ request }) => request.destination.port === number;
};

const address =
  (of: (exchange: Exchange) => string) =>
  (value: string): Condition | undefined => {
    const network = networkTest(value);
    return network && ((exchange) => network(of(exchange)));
  };

/** An address or a network; undefined for what is neither. */
function networkTest(value: string): Test | undefined {
  const [prefix = "", length] = value.split("/");
  const most = isIPv4(prefix) ? 32 : isIPv6(prefix) ? 128 : undefined;
  const bits = length === undefined ? most : /^\d+$/.test(length) ? Number(length) : undefined;
  if (most === undefined || bits === undefined || bits > most) return undefined;
  const list = new BlockList();
  list.addSubnet(prefix, bits, most === 32 ? "ipv4" : "ipv6");
  return (address) =>
    isIPv4(address) === (most === 32) && list.check(address, most === 32 ? "ipv4" : "ipv6");
}

/** The URI name of the peer's certificate; nobody without one has a name. */
const peer =
  (testOf: (value: string, context: Context) => Test) =>
  (value: string, context: Context): Condition => {
    const test = testOf(value, context);
    return ({ request }) => request.peer !== undefined && test(request.peer);
  };

const namespaceTest = (value: string): Test =>
  regexTest(`.*/ns/${value.split("*").map(quoted).join(".*")}/.*`);

const accountTest = (value: string, { namespace }: Context): Test => {
  const [first = "", second] = value.split("/");
  const [ns, account] = second === undefined ? [namespace, first] : [first, second];
  return regexTest(`spiffe://.+/ns/${quoted(ns)}/(.+/|)sa/${quoted(account)}(/.+)?`);
};

const domainTest = (value: string): Test => {
  if (value === "*") return (text) => text.startsWith("spiffe://");
  if (!value.includes("*")) return (text) => text.startsWith(`spiffe://${value}/`);
  const at = value.indexOf("*");
  const parts = [value.slice(0, at), value.slice(at + 1)].map(quoted);
  return regexTest(`spiffe://${parts[0]}[^/]*${parts[1]}/.*`);
};

/** `issuer/subject`: both are texts of the token. */
const requestPrincipal = (value: string): Condition => {
  const [issuer, subject] = principalTests(value);
  return (exchange) => {
    const { iss, sub } = payloadOf(exchange);
    return typeof iss === "string" && typeof sub === "string" && issuer(iss) && subject(sub);
  };
};

/** The wildcard of a principal is either the issuer's or the subject's. */
export function principalTests(value: string): [issuer: Test, subject: Test] {
  const at = value.lastIndexOf("/");
  const issuer = at < 0 ? value : value.slice(0, at);
  const subject = at < 0 ? "" : value.slice(at + 1);
  const exactly =
    (wanted: string): Test =>
    (text) =>
      text === wanted;
  const anyText = stringTest("*");
  if (value === "*") return [anyText, anyText];
  if (value.startsWith("*")) {
    const suffix =
      (text: string): Test =>
      (given) =>
        given.endsWith(text);
    if (at < 0) return [anyText, suffix(value.slice(1))];
    return [issuer === "*" ? anyText : suffix(issuer.slice(1)), exactly(subject)];
  }
  if (value.endsWith("*")) {
    const prefix =
      (text: string): Test =>
      (given) =>
        given.startsWith(text);
    if (at < 0) return [prefix(value.slice(0, -1)), anyText];
    return [exactly(issuer), subject === "*" ? anyText : prefix(subject.slice(0, -1))];
  }
  return [exactly(issuer), exactly(subject)];
}

const claim =
  (steps: readonly string[]) =>
  (value: string): Condition => {
    const test = stringTest(value);
    return (exchange) => meets(claimAt(payloadOf(exchange), steps), test);
  };

/** Envoy's matchers know texts and lists of texts; anything else meets nothing. */
function meets(value: unknown, test: Test): boolean {
  if (typeof value === "string") return test(value);
  return Array.isArray(value) && value.some((item) => typeof item === "string" && test(item));
}

export function payloadOf({ metadata }: Exchange): Record<string, unknown> {
  const found = metadata.get(jwtFilter) as { payload?: Record<string, unknown> } | undefined;
  return found?.payload ?? {};
}

export function claimAt(payload: unknown, steps: readonly string[]): unknown {
  let found = payload;
  for (const step of steps) {
    if (found === null || typeof found !== "object" || Array.isArray(found)) return undefined;
    found = Object.hasOwn(found, step) ? (found as Record<string, unknown>)[step] : undefined;
  }
  return found;
}

/**
 * `experimental.envoy.filters.a.b[key]`: what another filter left under `key`; `[v]` is an item of
 * a list.
 */
const metadata =
  (name: string, key: string) =>
  (value: string): Condition => {
    const isItem = value.startsWith("[") && value.endsWith("]");
    const test = stringTest(isItem ? value.slice(1, -1) : value);
    return (exchange) => {
      const found = claimAt(exchange.metadata.get(name), [key]);
      if (!isItem) return typeof found === "string" && test(found);
      return Array.isArray(found) && meets(found, test);
    };
  };

const fixed: Record<string, Kind> = {
  "destination.ip": each(address(({ request }) => request.destination.address)),
  "destination.port": each(port),
  "connection.sni": each((value) => {
    const test = stringTest(value);
    // Envoy keeps the name in lower case.
    return ({ request }) => test((request.destination.serverName ?? "").toLowerCase());
  }),
  "source.ip": each(address(({ request }) => request.source.direct)),
  "remote.ip": each(address(({ request }) => request.source.remote)),
  "source.namespace": each(peer(namespaceTest)),
  "source.serviceAccount": each(peer(accountTest)),
  "source.principal": (values, context) =>
    each(peer((value) => stringTest(value, "spiffe://")))(
      expandPrincipals(values, context.mesh),
      context,
    ),
  "source.trustDomain": (values, context) =>
    each(peer(domainTest))(expandTrustDomains(values, context.mesh), context),
  "request.auth.principal": each(requestPrincipal),
  "request.auth.audiences": each(claim(["aud"])),
  "request.auth.presenter": each(claim(["azp"])),
  // Names of our own for the fields of an operation.
  hosts: each(header(":authority", true)),
  methods: each(header(":method")),
  paths: each(path),
};

/** The meaning of a key of `when`, or undefined where istiod knows none. */
export function kindOf(key: string): Kind | undefined {
  if (Object.hasOwn(fixed, key)) return fixed[key];
  if (key.startsWith("request.headers")) {
    const name = /^request\.headers\[(.*)\]$/s.exec(key)?.[1];
    // A name that cannot be read makes every value untranslatable.
    return name === undefined ? each(() => undefined) : each(header(name.toLowerCase()));
  }
  if (key.startsWith("request.auth.claims")) {
    const steps = claimSteps(key.slice("request.auth.claims".length));
    return steps ? each(claim(steps)) : each(() => undefined);
  }
  const filter = /^experimental\.(envoy\.filters\..*?)\[(.*)\]$/s.exec(key);
  return filter ? each(metadata(filter[1]!, filter[2]!)) : undefined;
}

/** `[a][b]`: steps; with brackets inside, one name. */
export function claimSteps(brackets: string): string[] | undefined {
  const steps = [...brackets.matchAll(/\[([^[\]]*)\]/g)];
  if (steps.length > 0 && steps.map(([whole]) => whole).join("") === brackets)
    return steps.map(([, name]) => name!);
  return /^\[.*\]$/s.test(brackets) ? [brackets.slice(1, -1)] : undefined;
}
