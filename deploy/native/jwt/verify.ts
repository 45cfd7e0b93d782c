// Whether one token is good for one provider, in the order and with the answers of Envoy's
// authenticator.cc. Signatures are not computed: a request says which key made each token.
import type { Token } from "../types.ts";
import type { JwtRule } from "./rules.ts";

/** What Envoy's verifier makes of a token, as far as answers differ by it. */
export type JwtStatus = "ok" | "missing" | "unknown issuer" | "audience" | "bad";

/** Envoy's `clock_skew_seconds`, which Istio cannot change. */
const skewSeconds = 60;

export function verify(token: Token | undefined, rule: JwtRule, timeMillis: number): JwtStatus {
  if (!token) return "bad";
  const { claims } = token;
  if (!isWellFormed(claims)) return "bad";
  if (rule.issuer !== "" && claims.iss !== rule.issuer) return "unknown issuer";
  const now = Math.floor(timeMillis / 1000);
  if (numberOf(claims.nbf) > now + skewSeconds) return "bad";
  const expires = numberOf(claims.exp);
  if (expires > 0 && now > expires + skewSeconds) return "bad";
  if (rule.audiences.length > 0 && !isFor(claims.aud, rule.audiences)) return "audience";
  return token.signedBy === rule.keys ? "ok" : "bad";
}

/** Types that the parser insists on; `null` is a type too. */
function isWellFormed(claims: Token["claims"]): boolean {
  const isText = (name: string) => claims[name] === undefined || typeof claims[name] === "string";
  const isTime = (name: string) =>
    claims[name] === undefined || (typeof claims[name] === "number" && claims[name] >= 0);
  const { aud } = claims;
  const isAudience =
    aud === undefined ||
    typeof aud === "string" ||
    (Array.isArray(aud) && aud.every((one) => typeof one === "string"));
  return ["iss", "sub", "jti"].every(isText) && ["exp", "nbf", "iat"].every(isTime) && isAudience;
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? Math.floor(value) : 0;
}

function isFor(audience: unknown, wanted: readonly string[]): boolean {
  const own = Array.isArray(audience) ? audience : audience === undefined ? [] : [audience];
  const normal = new Set(wanted.map(bare));
  return own.some((one) => normal.has(bare(String(one))));
}

/** Scheme and one slash at the end do not count (check_audience.cc). */
function bare(audience: string): string {
  return audience.replace(/^https?:\/\//, "").replace(/\/$/, "");
}
