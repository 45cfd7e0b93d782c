// Envoy's jwt_authn as istiod configures it from RequestAuthentication: a token, if there is one,
// must be good; who has one leaves its payload as metadata.
import type { Manifest } from "../../core/source.ts";
import { attachmentOf, attaches } from "../attachment.ts";
import type { Attachment } from "../attachment.ts";
import type { Exchange, Header, Mesh, NativeModel, Refusal, Token, Workload } from "../types.ts";
import { byAge, inOrder, rulesOf } from "./rules.ts";
import type { JwtRule } from "./rules.ts";
import { tokensIn, withoutParam } from "./search.ts";
import type { Found } from "./search.ts";
import { verify } from "./verify.ts";
import type { JwtStatus } from "./verify.ts";

export const jwtFilter = "envoy.filters.http.jwt_authn";

export const jwtAuthn: NativeModel = {
  name: "jwt_authn",
  order: 300,
  compile(resources, mesh) {
    const authentications = byAge(resources.filter(isRequestAuthentication)).map((manifest) => ({
      attachment: attachmentOf(manifest),
      rules: rulesOf(manifest),
    }));
    const known = new Map<Workload, JwtRule[]>();
    return (exchange) => {
      const { workload } = exchange.request;
      let rules = known.get(workload);
      if (!rules) known.set(workload, (rules = rulesAt(authentications, workload, mesh)));
      return rules.length === 0 ? undefined : authenticate(exchange, rules);
    };
  },
};

export function isRequestAuthentication({ group, kind }: Manifest): boolean {
  return group === "security.istio.io" && kind === "RequestAuthentication";
}

function rulesAt(
  authentications: readonly { attachment: Attachment; rules: JwtRule[] }[],
  workload: Workload,
  mesh: Mesh,
): JwtRule[] {
  // istiod looks into the namespaces in this order.
  const namespaces = new Set([
    workload.namespace,
    mesh.rootNamespace,
    workload.service?.namespace ?? workload.namespace,
  ]);
  const own = authentications.filter(({ attachment }) => attaches(attachment, workload, mesh));
  const found = [...namespaces].flatMap((namespace) =>
    own.filter(({ attachment }) => attachment.namespace === namespace),
  );
  return inOrder(found.flatMap(({ rules }) => rules));
}

function authenticate(exchange: Exchange, rules: readonly JwtRule[]): Refusal | undefined {
  if (exchange.request.direction === "outbound") return undefined;
  // Before anything else, also of providers that are never asked (Envoy 1.40, run).
  for (const rule of rules) sanitize(exchange, rule);
  if (isPreflight(exchange)) return undefined;
  const required = rules.filter(({ isRequired }) => isRequired);
  const status = required.length > 0 ? all(exchange, required) : any(exchange, rules);
  if (status === "ok" || (status === "missing" && required.length === 0)) return undefined;
  return { status: status === "audience" ? 403 : 401, reason: `jwt_authn: ${status}` };
}

function isPreflight({ request, headers }: Exchange): boolean {
  const has = (wanted: string) => headers.some(([name, value]) => name === wanted && value !== "");
  return request.method === "OPTIONS" && has("origin") && has("access-control-request-method");
}

/**
 * The first provider that accepts decides. When none does, Istio's last alternative holds if each
 * provider accepts or has no token: providers that were asked have taken their good tokens out, and
 * so tokens of several issuers in different places may pass together (Envoy 1.40, run).
 */
function any(exchange: Exchange, rules: readonly JwtRule[]): JwtStatus {
  const failures: JwtStatus[] = [];
  for (const rule of rules) {
    const status = one(exchange, rule);
    if (status === "ok") return "ok";
    failures.push(status);
  }
  if (rules.length > 1 && failures.some((status) => status !== "missing")) {
    const status = each(exchange, rules);
    if (status === "ok") return "ok";
    failures.push(status);
  }
  return failures.reduce((known, status) => {
    const isTelling = status !== "missing" && status !== "unknown issuer";
    return isTelling || known === "missing" ? status : known;
  }, "missing");
}

/** Every provider accepts, or has no token. */
function each(exchange: Exchange, rules: readonly JwtRule[]): JwtStatus {
  for (const rule of rules) {
    const status = one(exchange, rule);
    if (status !== "ok" && status !== "missing") return status;
  }
  return "ok";
}

function all(exchange: Exchange, rules: readonly JwtRule[]): JwtStatus {
  for (const rule of rules) {
    const status = one(exchange, rule);
    if (status !== "ok") return status;
  }
  return "ok";
}

/**
 * All tokens in a provider's places must be good. The last that is looked at is the first place's.
 */
function one(exchange: Exchange, rule: JwtRule): JwtStatus {
  const found = tokensIn(exchange, rule).reverse();
  if (found.length === 0) return "missing";
  for (const place of found) {
    const token = exchange.request.tokens.find(({ text }) => text === place.text);
    const status = verify(token, rule, exchange.request.timeMillis);
    if (status !== "ok") return status;
    accept(exchange, rule, token!);
    // Even if a token behind it turns out bad.
    if (!rule.forward) takeOut(exchange, place);
  }
  return "ok";
}

function takeOut(exchange: Exchange, { header, param }: Found): void {
  if (header !== undefined) exchange.headers = exchange.headers.filter(([name]) => name !== header);
  if (param !== undefined) exchange.path = withoutParam(exchange.path, param);
}

function sanitize(exchange: Exchange, rule: JwtRule): void {
  const own = new Set(rule.claimHeaders.map(({ header }) => header));
  if (rule.payloadHeader) own.add(rule.payloadHeader);
  if (own.size > 0) exchange.headers = exchange.headers.filter(([name]) => !own.has(name));
}

function accept(exchange: Exchange, rule: JwtRule, token: Token): void {
  const added: Header[] = [];
  const payload = token.text.split(".")[1]!;
  if (rule.payloadHeader) added.push([rule.payloadHeader, payload]);
  for (const { header, claim } of rule.claimHeaders) {
    const value = headerText(claimAt(token.claims, claim));
    if (value !== "") added.push([header, value]);
  }
  exchange.headers = [...exchange.headers, ...added];
  exchange.metadata.set(jwtFilter, { payload: normalized(token.claims, rule.spaceDelimited) });
}

function claimAt(claims: unknown, path: readonly string[]): unknown {
  let found = claims;
  for (const step of path) {
    if (found === null || typeof found !== "object" || Array.isArray(found)) return undefined;
    found = Object.hasOwn(found, step) ? (found as Record<string, unknown>)[step] : undefined;
  }
  return found;
}

/**
 * A claim as header, in Envoy 1.40's words (run): numbers by way of a double, the rest as base64.
 */
function headerText(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number")
    return Number.isInteger(value) && value >= 0 ? BigInt(value).toString() : value.toFixed(6);
  if (value === null || value === undefined) return "";
  return Buffer.from(JSON.stringify(value)).toString("base64");
}

/** Texts of these claims become lists of their words; one without words stays a text. */
function normalized(claims: Token["claims"], names: readonly string[]): Record<string, unknown> {
  const payload: Record<string, unknown> = { ...claims };
  for (const name of names) {
    const text = claims[name];
    if (typeof text !== "string") continue;
    const words = text.split(" ").filter((word) => word !== "");
    if (words.length > 0) payload[name] = words;
  }
  return payload;
}
