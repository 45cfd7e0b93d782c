// The part of CEL that people write as filters of access logs: comparisons and text functions over Envoy's attributes,
// joined by &&, || and !. An attribute that is not there is an error, which && and || can absorb; what is an error in the
// end is no line. Run on the real Envoy: tests/envoy/native-log-filter.test.ts.

export type Expression =
  | { kind: "or" | "and"; left: Expression; right: Expression }
  | { kind: "not"; inner: Expression }
  | { kind: "has"; attribute: string }
  | { kind: "compare"; attribute: string; operator: Comparison; value: Literal }
  | { kind: "text"; attribute: string; call: TextCall; text: string };

export type Comparison = "==" | "!=" | "<" | "<=" | ">" | ">=";
export type TextCall = "startsWith" | "endsWith" | "contains" | "matches";
export type Literal = number | string | { durationNanos: number };

/** The expression is none of this part of CEL: nothing may be concluded from it. */
export class CelError extends Error {
  readonly code = "CEL_NOT_MODELLED";
}

type Token = { kind: "name" | "number" | "text" | "sign"; text: string };

const tokenPattern =
  /\s*(?:([A-Za-z_][A-Za-z0-9_]*)|(\d+)(?![\w.])|"((?:[^"\\\n])*)"|'((?:[^'\\\n])*)'|(\|\||&&|[=!<>]=|[<>!()[\].,]))/y;
const expressionCharactersMax = 4096;
const depthMax = 32;

export function parseCel(source: string): Expression {
  if (source.length > expressionCharactersMax) throw new CelError("is too long");
  return new Parser(tokensOf(source)).whole();
}

function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  while (source.slice(tokenPattern.lastIndex).trim() !== "") {
    const from = tokenPattern.lastIndex;
    const match = tokenPattern.exec(source);
    if (!match) throw new CelError(`"${source.slice(from).trim().slice(0, 20)}" is not modelled`);
    const [, name, number, double, single, sign] = match;
    if (name !== undefined) tokens.push({ kind: "name", text: name });
    else if (number !== undefined) tokens.push({ kind: "number", text: number });
    else if (sign !== undefined) tokens.push({ kind: "sign", text: sign });
    else tokens.push({ kind: "text", text: double ?? single ?? "" });
  }
  return tokens;
}

class Parser {
  private readonly tokens: readonly Token[];
  private at = 0;
  private depth = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  whole(): Expression {
    const expression = this.or();
    const rest = this.tokens[this.at];
    if (rest) throw new CelError(`"${rest.text}" is not expected`);
    return expression;
  }

  private or(): Expression {
    if (++this.depth > depthMax) throw new CelError("nests too deep");
    let left = this.and();
    while (this.takes("||")) left = { kind: "or", left, right: this.and() };
    this.depth--;
    return left;
  }

  private and(): Expression {
    let left = this.unary();
    while (this.takes("&&")) left = { kind: "and", left, right: this.unary() };
    return left;
  }

  private unary(): Expression {
    if (this.takes("!")) {
      if (++this.depth > depthMax) throw new CelError("nests too deep");
      const inner = this.unary();
      this.depth--;
      return { kind: "not", inner };
    }
    if (this.takes("(")) {
      const inner = this.or();
      this.expect(")");
      return inner;
    }
    return this.relation();
  }

  private relation(): Expression {
    const first = this.tokens[this.at];
    if (first?.kind === "text") return this.membership(first.text);
    if (first?.kind === "name" && first.text === "has" && this.tokens[this.at + 1]?.text === "(")
      return this.presence();
    const attribute = this.attribute();
    if (this.takes(".")) return this.call(attribute);
    const operator = this.tokens[this.at]?.text as Comparison;
    if (!["==", "!=", "<", "<=", ">", ">="].includes(operator))
      throw new CelError(`${attribute} is not compared with anything`);
    this.at++;
    return { kind: "compare", attribute, operator, value: this.literal() };
  }

  /** `'x-a' in request.headers`. */
  private membership(key: string): Expression {
    this.at++;
    const word = this.tokens[this.at++];
    if (word?.text !== "in") throw new CelError(`'${key}' is not followed by in`);
    const map = this.path();
    if (map !== "request.headers") throw new CelError(`${map} is not modelled as a map`);
    return { kind: "has", attribute: headerAttribute(key) };
  }

  private presence(): Expression {
    this.at += 2;
    // CEL's has() takes a field, not an item of a map: `'x-a' in request.headers` is for that.
    const attribute = this.path();
    this.expect(")");
    return { kind: "has", attribute };
  }

  private call(attribute: string): Expression {
    const name = this.tokens[this.at++]?.text as TextCall;
    if (!["startsWith", "endsWith", "contains", "matches"].includes(name))
      throw new CelError(`${name} is not modelled`);
    this.expect("(");
    const text = this.tokens[this.at++];
    if (text?.kind !== "text") throw new CelError(`${name} is not given a text`);
    this.expect(")");
    // On an attribute that is missing, matches ends the whole evaluation instead of being an error.
    if (name === "matches" && mayBeMissing(attribute))
      throw new CelError(`matches on ${attribute}, which may be missing, is not modelled`);
    return { kind: "text", attribute, call: name, text: text.text };
  }

  /**
   * `request.url_path`, or one header: `request.headers['x-a']`. Stops before a function's name.
   */
  private attribute(): string {
    const path = this.path();
    if (!this.takes("[")) return path;
    const key = this.tokens[this.at++];
    this.expect("]");
    if (path !== "request.headers" || key?.kind !== "text")
      throw new CelError(`${path} is not modelled as a map`);
    return headerAttribute(key.text);
  }

  private path(): string {
    const names: string[] = [];
    for (;;) {
      const name = this.tokens[this.at];
      if (name?.kind !== "name") throw new CelError("an attribute is expected");
      names.push(name.text);
      this.at++;
      const isCall = this.tokens[this.at + 2]?.text === "(";
      if (this.tokens[this.at]?.text !== "." || isCall) return names.join(".");
      this.at++;
    }
  }

  private literal(): Literal {
    const token = this.tokens[this.at++];
    if (token?.kind === "number") return Number(token.text);
    if (token?.kind === "text") return token.text;
    if (token?.text === "duration" && this.takes("(")) {
      const text = this.tokens[this.at++]?.text ?? "";
      this.expect(")");
      return { durationNanos: nanosOf(text) };
    }
    throw new CelError(`"${token?.text ?? "nothing"}" is no value that is modelled`);
  }

  private takes(sign: string): boolean {
    const token = this.tokens[this.at];
    if (token?.kind !== "sign" || token.text !== sign) return false;
    this.at++;
    return true;
  }

  private expect(sign: string): void {
    if (!this.takes(sign)) throw new CelError(`${sign} is expected`);
  }
}

function mayBeMissing(attribute: string): boolean {
  return !["request.url_path", "request.path", "request.method", "request.host"].includes(
    attribute,
  );
}

function headerAttribute(name: string): string {
  // Envoy looks headers up in lower case, and finds nothing else.
  return `request.headers[${name.toLowerCase()}]`;
}

const units: Record<string, number> = { ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

function nanosOf(text: string): number {
  const match = /^(\d+)(ms|s|m|h)$/.exec(text);
  if (!match) throw new CelError(`duration "${text}" is not modelled`);
  return Number(match[1]) * units[match[2]!]!;
}

/** What an attribute is for a request; undefined: it is not there. */
export type Attributes = (name: string) => number | string | undefined;

/** Undefined: an error. */
export function evaluate(expression: Expression, attributes: Attributes): boolean | undefined {
  switch (expression.kind) {
    case "or":
    case "and": {
      const absorbing = expression.kind === "or";
      const left = evaluate(expression.left, attributes);
      if (left === absorbing) return absorbing;
      const right = evaluate(expression.right, attributes);
      if (right === absorbing) return absorbing;
      return left === undefined || right === undefined ? undefined : !absorbing;
    }
    case "not": {
      const inner = evaluate(expression.inner, attributes);
      return inner === undefined ? undefined : !inner;
    }
    case "has":
      return attributes(expression.attribute) !== undefined;
    case "compare":
      return compared(attributes(expression.attribute), expression.operator, expression.value);
    case "text":
      return called(attributes(expression.attribute), expression.call, expression.text);
  }
}

function compared(
  value: number | string | undefined,
  operator: Comparison,
  literal: Literal,
): boolean | undefined {
  const wanted = typeof literal === "object" ? literal.durationNanos : literal;
  if (value === undefined || typeof value !== typeof wanted) return undefined;
  switch (operator) {
    case "==":
      return value === wanted;
    case "!=":
      return value !== wanted;
    case "<":
      return value < wanted;
    case "<=":
      return value <= wanted;
    case ">":
      return value > wanted;
    case ">=":
      return value >= wanted;
  }
}

function called(
  value: number | string | undefined,
  call: TextCall,
  text: string,
): boolean | undefined {
  if (typeof value !== "string") return undefined;
  switch (call) {
    case "startsWith":
      return value.startsWith(text);
    case "endsWith":
      return value.endsWith(text);
    case "contains":
      return value.includes(text);
    case "matches":
      // CEL's matches finds a part, where Envoy's own matchers want the whole.
      return new RegExp(text).test(value);
  }
}
