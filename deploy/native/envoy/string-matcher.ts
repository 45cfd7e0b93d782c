// envoy.type.matcher.v3.StringMatcher (source/common/common/matchers.cc).
import type { Message } from "./message.ts";
import { wholeMatch } from "./regex.ts";

export type StringKind = "exact" | "prefix" | "suffix" | "contains" | "regex";

export interface StringMatcher {
  kind: StringKind;
  text: string;
  /** ASCII letters only; a regular expression ignores it. */
  ignoreCase: boolean;
}

const kinds = ["exact", "prefix", "suffix", "contains", "safe_regex", "custom"] as const;

export function readStringMatcher(message: Message): StringMatcher {
  const kind = message.oneOf(kinds);
  const ignoreCase = message.flag("ignore_case", false);
  if (kind === undefined) throw message.refuse("", "says no text to match");
  if (kind === "custom") throw message.refuse(kind, "is not modelled");
  const matcher: StringMatcher =
    kind === "safe_regex"
      ? { kind: "regex", text: readRegex(message.message(kind)!), ignoreCase: false }
      : { kind: kind as StringKind, text: message.text(kind), ignoreCase };
  if (matcher.text === "" && matcher.kind !== "exact" && matcher.kind !== "regex")
    throw message.refuse(kind, "Envoy refuses an empty text");
  message.done();
  return matcher;
}

/** envoy.type.matcher.v3.RegexMatcher. */
export function readRegex(message: Message): string {
  const regex = message.text("regex");
  message.get("google_re2");
  if (regex === "") throw message.refuse("regex", "Envoy refuses an empty expression");
  if (!wholeMatch(regex))
    throw message.refuse("regex", "is not an expression that can be modelled");
  message.done();
  return regex;
}

export function matchesString(matcher: StringMatcher, text: string): boolean {
  if (matcher.kind === "regex") return wholeMatch(matcher.text)!.test(text);
  const [value, wanted] = matcher.ignoreCase
    ? [lowered(text), lowered(matcher.text)]
    : [text, matcher.text];
  switch (matcher.kind) {
    case "exact":
      return value === wanted;
    case "prefix":
      return value.startsWith(wanted);
    case "suffix":
      return value.endsWith(wanted);
    default:
      return value.includes(wanted);
  }
}

/** absl::AsciiStrToLower: other alphabets stay as they are. */
function lowered(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
