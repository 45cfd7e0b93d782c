// Conditions on a token as headers that jwt-auth sets when they hold: `outputMatchToHeaders`. One
// header for each list of values, shared by all rules that ask the same.
import { claimSteps } from "../../native/authorization/conditions.ts";
import { slug } from "../drafts.ts";

/** A condition on one claim, as jwt-auth's settings say it. */
export type ClaimRule = { claim: string | string[] } & Record<string, unknown>;

export interface MatchHeader {
  header: string;
  claims: ClaimRule[];
}

/** What no header name of a user's begins with. */
const prefix = "x-gatehouse-jwt-";
/** Longer names help nobody. */
const nameCharactersMax = 48;

export class MatchHeaders {
  private readonly names = new Map<string, string>();
  readonly entries: MatchHeader[] = [];

  /**
   * The header that is `true` when the token meets one of the values; undefined for an unknown key.
   */
  headerFor(key: string, values: readonly string[]): string | undefined {
    const id = JSON.stringify([key, values]);
    const known = this.names.get(id);
    if (known !== undefined) return known;
    const claims = claimRules(key, values);
    if (!claims) return undefined;
    const header = this.freeName(key, values);
    this.names.set(id, header);
    this.entries.push(...claims.map((each) => ({ header, claims: each })));
    return header;
  }

  private freeName(key: string, values: readonly string[]): string {
    const about = key.replace(/^request\.auth\.(claims)?/, "");
    const wanted = (prefix + slug(`${about} ${values.join(" ")}`))
      .slice(0, nameCharactersMax)
      .replace(/-+$/, "");
    const taken = new Set(this.names.values());
    let name = wanted;
    for (let number = 2; taken.has(name); number++) name = `${wanted}-${number}`;
    return name;
  }
}

const named: Record<string, string[]> = {
  "request.auth.audiences": ["aud"],
  "request.auth.presenter": ["azp"],
};

/** Each list of conditions is one way in which the key has one of the values. */
function claimRules(key: string, values: readonly string[]): ClaimRule[][] | undefined {
  if (key === "request.auth.principal") return values.map(principalRules);
  const steps =
    named[key] ??
    (key.startsWith("request.auth.claims")
      ? claimSteps(key.slice("request.auth.claims".length))
      : undefined);
  if (!steps) return undefined;
  const exact = values.filter((value) => !isWildcard(value));
  const alternatives = values.filter(isWildcard).map((value) => [claimRule(steps, value)]);
  if (exact.length > 0) alternatives.push([{ claim: claimPath(steps), oneOf: exact }]);
  return alternatives;
}

function isWildcard(value: string): boolean {
  return value.startsWith("*") || value.endsWith("*");
}

function claimRule(steps: readonly string[], value: string): ClaimRule {
  return { claim: claimPath(steps), ...textRule(value) };
}

/** A wildcard alone is any text but an empty one. */
function textRule(value: string): Record<string, string> {
  if (value === "*") return { regex: ".+" };
  if (value.startsWith("*")) return { suffix: value.slice(1) };
  return value.endsWith("*") ? { prefix: value.slice(0, -1) } : { exact: value };
}

function claimPath(steps: readonly string[]): string | string[] {
  const [only = ""] = steps;
  return steps.length === 1 && !only.includes(".") ? only : [...steps];
}

/**
 * `issuer/subject`, where the wildcard is the issuer's or the subject's (generator.go of Istio).
 */
function principalRules(value: string): ClaimRule[] {
  const [issuer, subject] = principalTexts(value);
  return [
    { claim: "iss", ...issuer },
    { claim: "sub", ...subject },
  ];
}

function principalTexts(value: string): [issuer: object, subject: object] {
  const whole = textRule("*");
  const cut = value.lastIndexOf("/");
  const issuer = cut < 0 ? value : value.slice(0, cut);
  const subject = cut < 0 ? "" : value.slice(cut + 1);
  if (value === "*") return [whole, whole];
  if (value.startsWith("*")) {
    if (cut < 0) return [whole, { suffix: value.slice(1) }];
    return [issuer === "*" ? whole : { suffix: issuer.slice(1) }, { exact: subject }];
  }
  if (value.endsWith("*")) {
    if (cut < 0) return [{ prefix: value.slice(0, -1) }, whole];
    return [{ exact: issuer }, subject === "*" ? whole : { prefix: subject.slice(0, -1) }];
  }
  return [{ exact: issuer }, { exact: subject }];
}
