// Requests with tokens: where one is put, and how one that is there becomes another.
import type { JwtRule } from "../native/jwt/rules.ts";
import type { Header, NativeRequest, Token } from "../native/types.ts";
import type { Keyring } from "./keyring.ts";
import type { Edit } from "./requests.ts";

/** Seconds for which a good token holds. */
const lifetimeSeconds = 3_600;

/** What a provider's good token says; `more` are further claims, undefined leaves one out. */
export function goodClaims(
  rule: JwtRule,
  timeMillis: number,
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  const claims: Record<string, unknown> = {
    iss: rule.issuer === "" ? "https://any.example.com" : rule.issuer,
    sub: "someone",
    exp: Math.floor(timeMillis / 1000) + lifetimeSeconds,
    ...(rule.audiences.length > 0 && { aud: rule.audiences[0] }),
    ...more,
  };
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}

/** The request with the token in the provider's first place, or the one at `place`. */
export function withToken(
  request: NativeRequest,
  rule: JwtRule,
  token: Token,
  place = 0,
): NativeRequest {
  const tokens = [...request.tokens, token];
  const { headers, params, cookies } = rule;
  const all = headers.length + params.length + cookies.length;
  const at = place % Math.max(all, 1);
  const header = headers[at];
  if (header) {
    const pair: Header = [header.name, header.prefix + token.text];
    return { ...request, tokens, headers: [...without(request, header.name), pair] };
  }
  const param = params[at - headers.length];
  if (param !== undefined) {
    const path = `${request.path}${request.path.includes("?") ? "&" : "?"}${param}=${token.text}`;
    return { ...request, tokens, path };
  }
  const cookie = cookies[at - headers.length - params.length];
  const pair: Header = ["cookie", `${cookie}=${token.text}`];
  return { ...request, tokens, headers: [...without(request, "cookie"), pair] };
}

function without({ headers }: NativeRequest, name: string): Header[] {
  return headers.filter(([known]) => known !== name);
}

/** The first token says something else, under a good signature; without a token nothing changes. */
export function withClaims(
  keyring: Keyring,
  change: (claims: Token["claims"]) => Record<string, unknown>,
): Edit {
  return (request) => {
    const [token] = request.tokens;
    if (token?.signedBy === undefined) return request;
    const claims = Object.fromEntries(
      Object.entries(change(token.claims)).filter(([, value]) => value !== undefined),
    );
    return replaced(request, token, keyring.token(token.signedBy, claims));
  };
}

/** The same request with another token in the place of one. */
export function replaced(request: NativeRequest, old: Token, next: Token): NativeRequest {
  return {
    ...request,
    path: request.path.replaceAll(old.text, next.text),
    headers: request.headers.map(([name, value]) => [name, value.replaceAll(old.text, next.text)]),
    tokens: request.tokens.map((token) => (token === old ? next : token)),
  };
}

/** Good and bad tokens of every kind, for one provider. */
export function tokenEdits(rule: JwtRule, keyring: Keyring): Edit[] {
  const { keys } = rule;
  const claims = (request: NativeRequest, more: Record<string, unknown> = {}) =>
    goodClaims(rule, request.timeMillis, more);
  const now = (request: NativeRequest) => Math.floor(request.timeMillis / 1000);
  const put =
    (more: (request: NativeRequest) => Record<string, unknown>, place = 0): Edit =>
    (request) =>
      withToken(bare(request), rule, keyring.token(keys, claims(request, more(request))), place);
  return [
    bare,
    put(() => ({})),
    put(() => ({}), 1),
    put(() => ({}), 2),
    put((request) => ({ exp: now(request) - lifetimeSeconds })),
    put((request) => ({ nbf: now(request) + lifetimeSeconds })),
    put(() => ({ exp: undefined })),
    put(() => ({ aud: "someone-else" })),
    put(() => ({ aud: undefined })),
    put(() => ({ iss: "https://stranger.example.com" })),
    put(() => ({ iss: undefined })),
    put(() => ({ sub: undefined })),
    (request) => withToken(bare(request), rule, keyring.token(keys, claims(request), true)),
    (request) => withToken(bare(request), rule, malformed("not.a.token")),
    (request) => withToken(bare(request), rule, malformed("")),
    (request) =>
      inAnotherCase(withToken(bare(request), rule, keyring.token(keys, claims(request)))),
    (request) => besides(request, rule, keyring.token(keys, claims(request, { sub: "other" }))),
    (request) =>
      besides(request, rule, keyring.token(keys, claims(request, { exp: now(request) - 7_200 }))),
  ];
}

/** Something that stands where a token would, and is none. */
function malformed(text: string): Token {
  return { text, header: {}, claims: {}, signedBy: undefined };
}

/** Without any token; malformed ones are told from others by having no claims. */
export const bare: Edit = (request) => {
  const texts = request.tokens.map(({ text }) => text).filter((text) => text !== "");
  const isClean = (text: string) => !texts.some((token) => text.includes(token));
  const [path = "", query] = request.path.split("?");
  const kept = (query ?? "").split("&").filter((part) => part !== "" && isClean(part));
  return {
    ...request,
    path: kept.length > 0 ? `${path}?${kept.join("&")}` : path,
    headers: request.headers.filter(([, value]) => isClean(value)),
    tokens: [],
  };
};

/** `Bearer x` as `bearer x`. */
function inAnotherCase(request: NativeRequest): NativeRequest {
  const headers = request.headers.map(([name, value]): Header => {
    const at = value.indexOf(request.tokens[0]?.text ?? " ");
    return at > 0 ? [name, value.slice(0, at).toLowerCase() + value.slice(at)] : [name, value];
  });
  return { ...request, headers };
}

/** A second token, in the provider's next place. */
function besides(request: NativeRequest, rule: JwtRule, token: Token): NativeRequest {
  return withToken(request, rule, token, 1);
}
