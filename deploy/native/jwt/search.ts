// Where Envoy's jwt_authn looks for the tokens of a provider, in its order (extractor.cc). What is
// found where was run on Envoy 1.40: `tokenSearch: envoy` of jwt-auth,
// tests/envoy/jwt-differential.
import { lookupIn } from "../envoy/headers.ts";
import { queryOf } from "../envoy/query.ts";
import type { Exchange } from "../types.ts";
import type { JwtRule } from "./rules.ts";

export interface Found {
  /** As it is on the wire; may be anything. */
  text: string;
  /** The header that Envoy removes with the token, or the parameter. */
  header?: string;
  param?: string;
}

export function tokensIn(exchange: Exchange, rule: JwtRule): Found[] {
  return [...inHeaders(exchange, rule), ...inParams(exchange, rule), ...inCookies(exchange, rule)];
}

function inHeaders(exchange: Exchange, rule: JwtRule): Found[] {
  const lookup = lookupIn(exchange);
  // A std::map keeps the places, by name and prefix together.
  const places = [...rule.headers].sort((a, b) => (a.name + a.prefix < b.name + b.prefix ? -1 : 1));
  return places.flatMap(({ name, prefix }) =>
    lookup(name).flatMap((value): Found[] => {
      const text = behind(value, prefix);
      return text === undefined ? [] : [{ text, header: name }];
    }),
  );
}

/** Behind the prefix, wherever it is: from the first character that a token may have. */
function behind(value: string, prefix: string): string | undefined {
  if (prefix === "") return value;
  const at = value.indexOf(prefix);
  if (at < 0) return undefined;
  const rest = value.slice(at + prefix.length);
  const start = rest.search(/[\w.-]/);
  return start < 0 ? value : rest.slice(start);
}

function inParams({ path }: Exchange, rule: JwtRule): Found[] {
  const query = queryOf(path);
  return [...rule.params].sort().flatMap((param): Found[] => {
    const text = query.get(param);
    return text === undefined ? [] : [{ text, param }];
  });
}

function inCookies(exchange: Exchange, rule: JwtRule): Found[] {
  if (rule.cookies.length === 0) return [];
  const cookies = new Map<string, string>();
  for (const header of lookupIn(exchange)("cookie")) {
    for (const piece of header.split(";")) {
      const at = piece.indexOf("=");
      if (at < 0) continue;
      const name = piece.slice(0, at).trim();
      const value = piece.slice(at + 1).trim();
      if (!cookies.has(name)) cookies.set(name, value.replace(/^"(.*)"$/s, "$1"));
    }
  }
  return [...rule.cookies].sort().flatMap((name): Found[] => {
    const text = cookies.get(name);
    return text === undefined ? [] : [{ text }];
  });
}

/** The path without every parameter of that name; Envoy writes the others anew. */
export function withoutParam(path: string, name: string): string {
  const start = path.indexOf("?");
  if (start < 0) return path;
  const kept = path
    .slice(start + 1)
    .split("&")
    .filter((part) => part !== "" && !queryOf(`?${part}`).has(name));
  return kept.length > 0 ? `${path.slice(0, start)}?${kept.join("&")}` : path.slice(0, start);
}
