// A CEL filter of an access log → the condition of access-log. Each part of the expression gives two conditions, when it is
// true and when it is false: where an attribute is missing it is neither, and only `||`, `&&` and has() can save the line.
import { mapsOf } from "../core/value.ts";
import type { Fields } from "../core/value.ts";
import { parseCel } from "../native/log/cel.ts";
import type { Comparison, Expression } from "../native/log/cel.ts";
import { escapedRegex, wholeMatch } from "../native/envoy/regex.ts";

/** `undefined`: never. An empty map: always. */
type Condition = Fields | undefined;

interface Truth {
  yes: Condition;
  no: Condition;
}

/** The items of `when`. Throws CelError or FilterError with the reason why it cannot be one. */
export function whenOf(source: string): Fields[] {
  const { yes } = truthOf(parseCel(source));
  if (yes === undefined) throw new FilterError("it never holds");
  return Object.keys(yes).length === 0 ? [] : alternatives(yes);
}

/** `when` is a list of which one must hold. */
function alternatives(condition: Fields): Fields[] {
  return condition.or === undefined ? [condition] : mapsOf(condition.or).flatMap(alternatives);
}

export class FilterError extends Error {
  readonly code = "FILTER_NOT_POSSIBLE";
}

function truthOf(expression: Expression): Truth {
  switch (expression.kind) {
    case "or": {
      const [left, right] = [truthOf(expression.left), truthOf(expression.right)];
      return { yes: either(left.yes, right.yes), no: both(left.no, right.no) };
    }
    case "and": {
      const [left, right] = [truthOf(expression.left), truthOf(expression.right)];
      return { yes: both(left.yes, right.yes), no: either(left.no, right.no) };
    }
    case "not": {
      const { yes, no } = truthOf(expression.inner);
      return { yes: no, no: yes };
    }
    case "has":
      return presence(expression.attribute);
    case "compare":
      return typeof expression.value === "string"
        ? textTruth(expression.attribute, expression.operator, expression.value)
        : numberTruth(expression);
    case "text":
      return callTruth(expression);
  }
}

function both(a: Condition, b: Condition): Condition {
  if (a === undefined || b === undefined) return undefined;
  if (isAlways(a)) return b;
  return isAlways(b) ? a : { and: [a, b] };
}

function either(a: Condition, b: Condition): Condition {
  if (a === undefined) return b;
  if (b === undefined || isAlways(a)) return a;
  return isAlways(b) ? b : { or: [a, b] };
}

function isAlways(condition: Fields): boolean {
  return Object.keys(condition).length === 0;
}

/** Attributes that are texts of the request, by what a `match` calls them. */
const plainTexts: Record<string, string> = {
  "request.url_path": "uri",
  "request.method": "method",
  "request.host": "authority",
  "request.scheme": "scheme",
};
const headerTexts: Record<string, string> = {
  "request.useragent": "user-agent",
  "request.referer": "referer",
  "request.id": "x-request-id",
};

interface TextPlace {
  /** A `match` that asks this of the text. */
  with(text: Fields): Fields;
  /** It may be missing. */
  isOptional: boolean;
}

function textPlace(attribute: string): TextPlace | undefined {
  const plain = plainTexts[attribute];
  if (plain) return { with: (text) => ({ match: [{ [plain]: text }] }), isOptional: false };
  const header = headerTexts[attribute] ?? /^request\.headers\[(.+)\]$/.exec(attribute)?.[1];
  if (header === undefined || header.startsWith(":") || header === "host") return undefined;
  return { with: (text) => ({ match: [{ headers: { [header]: text } }] }), isOptional: true };
}

function presence(attribute: string): Truth {
  if (attribute === "response.code")
    return { yes: { status: { min: 1 } }, no: { status: { max: 0 } } };
  const place = textPlace(attribute);
  if (!place) throw new FilterError(`has(${attribute}) has no condition of access-log`);
  if (!place.isOptional) return { yes: {}, no: undefined };
  return { yes: place.with({ present: true }), no: { not: place.with({ present: true }) } };
}

function textTruth(attribute: string, operator: Comparison, value: string): Truth {
  if (operator !== "==" && operator !== "!=")
    throw new FilterError(`texts are not put in an order (${attribute} ${operator})`);
  const truth = textConditions(attribute, { exact: value });
  return operator === "==" ? truth : { yes: truth.no, no: truth.yes };
}

function textConditions(attribute: string, text: Fields): Truth {
  const place = textPlace(attribute);
  if (!place) throw new FilterError(`${attribute} has no condition of access-log`);
  const yes = place.with(text);
  const no = place.isOptional
    ? { and: [place.with({ present: true }), { not: yes }] }
    : { not: yes };
  return { yes, no };
}

function callTruth({ attribute, call, text }: Extract<Expression, { kind: "text" }>): Truth {
  // Every text begins, ends and contains the empty one; our conditions want something to look for.
  if (text === "" && call !== "matches") return presence(attribute);
  if (attribute === "request.path" && call === "startsWith" && !text.includes("?"))
    return textConditions("request.url_path", { prefix: text });
  if (call === "startsWith") return textConditions(attribute, { prefix: text });
  if (call === "endsWith") return textConditions(attribute, { suffix: text });
  if (call === "contains") return textConditions(attribute, { contains: text });
  const regex = `(.|\\n)*(${text})(.|\\n)*`;
  if (/^\^|\$$|\\[bBAz]/.test(text)) return textConditions(attribute, anchored(text));
  if (!wholeMatch(regex))
    throw new FilterError(`"${text}" is no expression that can be carried over`);
  return textConditions(attribute, { regex: `.*(${text}).*` });
}

/** `^a.*` and its like: our expressions match the whole text. */
function anchored(text: string): Fields {
  const [, start, body, end] = /^(\^?)(.*?)(\$?)$/s.exec(text)!;
  if (/[|^$]|\\[bBAz]/.test(body!) || !wholeMatch(body!))
    throw new FilterError(`"${text}" is no expression that can be carried over`);
  if (start && !end && escapedRegex(body!) === body) return { prefix: body };
  return { regex: `${start ? "" : ".*"}${body}${end ? "" : ".*"}` };
}

function numberTruth({
  attribute,
  operator,
  value,
}: Extract<Expression, { kind: "compare" }>): Truth {
  if (typeof value === "object") return durationTruth(attribute, operator, value.durationNanos);
  const number = value as number;
  if (attribute === "response.code") return rangeTruth("status", 1, 999, operator, number);
  if (attribute === "response.flags" && number === 0 && (operator === "==" || operator === "!=")) {
    const flagged = { flags: ["any"] };
    return operator === "!="
      ? { yes: flagged, no: { not: flagged } }
      : { yes: { not: flagged }, no: flagged };
  }
  throw new FilterError(`${attribute} ${operator} ${number} has no condition of access-log`);
}

function rangeTruth(
  key: string,
  least: number,
  most: number,
  operator: Comparison,
  number: number,
): Truth {
  const range = (min: number, max: number): Condition => {
    const [from, to] = [Math.max(min, least), Math.min(max, most)];
    if (from > to) return undefined;
    return { [key]: { ...(from > 0 && { min: from }), ...(to < most && { max: to }) } };
  };
  const below = range(least, number - 1);
  const above = range(number + 1, most);
  const equal = range(number, number);
  const truths: Record<Comparison, Truth> = {
    "==": { yes: equal, no: either(below, above) },
    "!=": { yes: either(below, above), no: equal },
    "<": { yes: below, no: range(number, most) },
    "<=": { yes: range(least, number), no: above },
    ">": { yes: above, no: range(least, number) },
    ">=": { yes: range(number, most), no: below },
  };
  return truths[operator];
}

function durationTruth(attribute: string, operator: Comparison, nanos: number): Truth {
  if (attribute !== "request.duration")
    throw new FilterError(`${attribute} has no condition of access-log`);
  const text = `${nanos / 1e6}ms`;
  const [atLeast, atMost]: Fields[] = [{ duration: { min: text } }, { duration: { max: text } }];
  const truths: Partial<Record<Comparison, Truth>> = {
    ">=": { yes: atLeast, no: { not: atLeast! } },
    ">": { yes: { not: atMost! }, no: atMost },
    "<": { yes: { not: atLeast! }, no: atLeast },
    "<=": { yes: atMost, no: { not: atMost! } },
  };
  const truth = truths[operator];
  if (!truth) throw new FilterError(`a duration is not compared by ${operator}`);
  return truth;
}
