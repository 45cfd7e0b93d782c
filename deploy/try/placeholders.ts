// `{{token …}}` in the texts of a case file: the tokens that a table of requests cannot hold,
// since they expire.
import { ToolError } from "../core/problem.ts";
import { wordsOf } from "./issuer.ts";
import type { Issuer } from "./issuer.ts";

/**
 * A copy of `value` with every `{{token issuer=… subject=…}}` made into a token that is good from
 * `nowSeconds` on.
 */
export function filled<T>(value: T, issuer: Issuer, nowSeconds: number): T {
  if (typeof value === "string") return fillText(value, issuer, nowSeconds) as T;
  if (Array.isArray(value)) return value.map((item) => filled(item, issuer, nowSeconds)) as T;
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).map(([key, inner]) => [
    key,
    filled(inner, issuer, nowSeconds),
  ]);
  return Object.fromEntries(entries) as T;
}

function fillText(text: string, issuer: Issuer, nowSeconds: number): string {
  return text.replaceAll(
    /\{\{(\w+)((?:[^}]|\}(?!\}))*)\}\}/g,
    (_all, kind: string, words: string) => {
      if (kind !== "token")
        throw new ToolError("invalid", `{{${kind}}} is no placeholder, there is only {{token …}}`);
      return issuer.token(wordsOf(words), nowSeconds);
    },
  );
}
