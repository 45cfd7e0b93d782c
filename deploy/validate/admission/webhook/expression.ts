// Regular expressions and the matches that hold them. RE2's syntax is checked by a port of it.
import { RE2JS } from "re2js";
import type { Field } from "./field.ts";
import { byteLength } from "./values.ts";

const expressionBytesMax = 1024;

/** An expression in RE2's syntax, no longer than Istio allows. */
export function expressionProblem(text: string): string | undefined {
  if (byteLength(text) > expressionBytesMax)
    return `the regular expression has more than ${expressionBytesMax} bytes`;
  return syntaxProblem(text);
}

export function syntaxProblem(text: string): string | undefined {
  try {
    RE2JS.compile(text);
    return undefined;
  } catch (error) {
    return `no regular expression of RE2: ${(error as Error).message.replace(/^error parsing regexp: /, "")}`;
  }
}

export function checkExpression(match: Field): void {
  const regex = match.at("regex");
  if (!regex.isSet) return;
  if (regex.text === "") regex.refuse("the regular expression is empty");
  else regex.check(expressionProblem(regex.text), "RE2 has no look-around and no back references");
}

/** `exact`, `prefix` or `regex`; an empty prefix matches everything and is refused. */
export function checkStringMatch(match: Field): void {
  const prefix = match.at("prefix");
  if (prefix.isSet && prefix.text === "") prefix.refuse("the prefix is empty");
  checkExpression(match);
}
