// envoy.config.route.v3.HeaderMatcher, as Envoy 1.40 decides it: each value of a repeated header is
// looked at by itself (1.39 on). Which cases decide how was run on the real Envoy:
// tests/envoy/native-rate-limit.test.ts.
import type { Lookup } from "./headers.ts";
import type { Message } from "./message.ts";
import { matchesString, readRegex, readStringMatcher } from "./string-matcher.ts";
import type { StringMatcher } from "./string-matcher.ts";

export interface HeaderMatcher {
  /** In lower case. */
  name: string;
  test:
    | { kind: "text"; text: StringMatcher }
    | { kind: "range"; start: number; end: number }
    | { kind: "present" };
  invert: boolean;
  /** An absent header counts as an empty one. */
  missingIsEmpty: boolean;
}

/** The fields before `string_match`, still in wide use. */
const plainKinds = {
  exact_match: "exact",
  prefix_match: "prefix",
  suffix_match: "suffix",
  contains_match: "contains",
} as const;
const kinds = [
  ...Object.keys(plainKinds),
  "safe_regex_match",
  "range_match",
  "present_match",
  "string_match",
];

export function readHeaderMatcher(message: Message): HeaderMatcher {
  const name = message.text("name").toLowerCase();
  if (name === "") throw message.refuse("name", "Envoy refuses a header without a name");
  const kind = message.oneOf(kinds);
  const invert = message.flag("invert_match", false);
  const missingIsEmpty = message.flag("treat_missing_header_as_empty", false);
  const matcher = { name, invert, missingIsEmpty, test: readTest(message, kind) };
  message.done();
  if (kind !== "present_match" || message.flag("present_match", true)) return matcher;
  // `present_match: false` is an inverted presence.
  return { ...matcher, invert: !invert };
}

function readTest(message: Message, kind: string | undefined): HeaderMatcher["test"] {
  if (kind === undefined || kind === "present_match") return { kind: "present" };
  if (kind === "string_match")
    return { kind: "text", text: readStringMatcher(message.message(kind)!) };
  if (kind === "safe_regex_match")
    return {
      kind: "text",
      text: { kind: "regex", text: readRegex(message.message(kind)!), ignoreCase: false },
    };
  if (kind === "range_match") return readRange(message.message(kind)!);
  const text = message.text(kind);
  // An empty `exact_match` has always meant "there at all".
  if (kind === "exact_match" && text === "") return { kind: "present" };
  if (text === "") throw message.refuse(kind, "Envoy refuses an empty text");
  const plain = plainKinds[kind as keyof typeof plainKinds];
  return { kind: "text", text: { kind: plain, text, ignoreCase: false } };
}

function readRange(message: Message): HeaderMatcher["test"] {
  const [start, end] = [message.whole("start") ?? 0, message.whole("end") ?? 0];
  message.done();
  return { kind: "range", start, end };
}

export function matchesHeader(matcher: HeaderMatcher, lookup: Lookup): boolean {
  const values = lookup(matcher.name);
  if (values.length === 0 && !matcher.missingIsEmpty)
    // An absent header meets no condition on a value, inverted or not.
    return matcher.test.kind === "present" && matcher.invert;
  const tested = values.length === 0 ? [""] : values;
  return tested.some((value) => meets(matcher.test, value)) !== matcher.invert;
}

function meets(test: HeaderMatcher["test"], value: string): boolean {
  if (test.kind === "present") return true;
  if (test.kind === "text") return matchesString(test.text, value);
  const number = wholeNumber(value);
  return number !== undefined && number >= test.start && number < test.end;
}

/** absl::SimpleAtoi: a sign and digits, white space around them ignored, 64 bits. */
function wholeNumber(text: string): number | undefined {
  if (!/^[ \t\n\v\f\r]*[+-]?\d+[ \t\n\v\f\r]*$/.test(text)) return undefined;
  const value = BigInt(text.trim().replace(/^\+/, ""));
  return BigInt.asIntN(64, value) === value ? Number(value) : undefined;
}
