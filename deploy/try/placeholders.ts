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
  let filledText = "";
  let from = 0;
  for (const start of text.matchAll(/\{\{(\w+)/g)) {
    if (start.index < from) continue;
    const [opening, kind = ""] = start;
    const words = start.index + opening.length;
    const end = endOfPlaceholder(text, words);
    if (kind !== "token") {
      if (end === undefined) continue;
      throw new ToolError("invalid", `{{${kind}}}: no such placeholder; allowed: {{token …}}`);
    }
    if (end === undefined)
      throw new ToolError(
        "invalid",
        "a {{token … has no end; close every brace, bracket and quote, then write }}",
      );
    filledText += text.slice(from, start.index);
    filledText += issuer.token(wordsOf(text.slice(words, end)), nowSeconds);
    from = end + 2;
  }
  return filledText + text.slice(from);
}

/**
 * Where the `}}` is that closes a placeholder: braces of JSON values and quoted text are skipped.
 */
function endOfPlaceholder(text: string, from: number): number | undefined {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const character = text[at]!;
    if (character === '"') {
      const quoted = /^"(?:[^"\\]|\\.)*"/s.exec(text.slice(at));
      if (!quoted) return undefined;
      at += quoted[0].length - 1;
    } else if ("{[".includes(character)) depth++;
    else if (depth === 0 && text.startsWith("}}", at)) return at;
    else if (depth > 0 && "}]".includes(character)) depth--;
  }
  return undefined;
}
