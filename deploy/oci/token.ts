// Bearer tokens of registries: the challenge of a 401, and the exchange for a token (distribution
// specification, "token authentication"). Credentials never go anywhere less secure than the
// registry itself.
import type { Credentials } from "./credentials.ts";
import { ToolError } from "../core/problem.ts";

export interface Challenge {
  scheme: "basic" | "bearer";
  realm: string;
  service?: string;
  scope?: string;
}

/** Reads the first challenge of `WWW-Authenticate` that we can meet (RFC 9110 section 11.6.1). */
export function parseChallenge(header: string | null): Challenge | undefined {
  const start = /(?:^|,)\s*(basic|bearer)\s+/i.exec(header ?? "");
  if (!header || !start) return undefined;
  const parameters: Record<string, string> = {};
  const rest = header.slice(start.index + start[0].length);
  for (const [, key, quoted, bare] of rest.matchAll(
    /([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g,
  )) {
    parameters[key!.toLowerCase()] ??= (quoted ?? bare ?? "").replaceAll(/\\(.)/g, "$1");
  }
  const scheme = start[1]!.toLowerCase() as Challenge["scheme"];
  return {
    scheme,
    realm: parameters.realm ?? "",
    service: parameters.service,
    scope: parameters.scope,
  };
}

/** The request that turns credentials into a token. */
export function tokenRequest(
  challenge: Challenge,
  credentials: Credentials | undefined,
  plainHttp: boolean,
): Request {
  if (!URL.canParse(challenge.realm)) {
    throw new ToolError(
      "registry",
      `the registry asks for a token from "${challenge.realm}", which is no URL; ask who runs the registry`,
    );
  }
  const url = new URL(challenge.realm);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && plainHttp)) {
    throw new ToolError(
      "registry",
      `the registry wants our credentials sent to ${url.origin}, which is not encrypted; ask who runs the registry for an https realm`,
    );
  }
  const fields = { service: challenge.service, scope: challenge.scope };
  const given = Object.entries(fields).filter((field): field is [string, string] =>
    Boolean(field[1]),
  );
  if (credentials?.refreshToken) {
    const body = new URLSearchParams([
      ...given,
      ["grant_type", "refresh_token"],
      ["client_id", "gatehouse"],
    ]);
    body.set("refresh_token", credentials.refreshToken);
    return new Request(url, { method: "POST", body });
  }
  for (const [key, value] of given) url.searchParams.append(key, value);
  const headers: Record<string, string> = credentials ? { authorization: basic(credentials) } : {};
  return new Request(url, { headers });
}

/** RFC 7617. */
export function basic({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** The token in an answer of a token server. */
export function tokenIn(answer: unknown): string {
  const { token, access_token: accessToken } = (answer ?? {}) as {
    token?: unknown;
    access_token?: unknown;
  };
  const found = typeof token === "string" && token ? token : accessToken;
  if (typeof found !== "string" || !found)
    throw new ToolError(
      "registry",
      "the token server's answer holds no token; log in again, or ask who runs the registry",
    );
  return found;
}
