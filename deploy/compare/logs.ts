// Access logs compared: exchanges at every boundary of a filter, whether a line is due, and what is
// in it.
import type { Fields } from "../core/value.ts";
import { Clock } from "../emulator/clock.ts";
import { Proxy } from "../emulator/proxy.ts";
import { attributesOf } from "../native/log/exchange.ts";
import type { LoggedExchange } from "../native/log/exchange.ts";
import { evaluate } from "../native/log/cel.ts";
import type { Expression } from "../native/log/cel.ts";
import { misprint } from "../native/log/line.ts";
import type { LogFormat } from "../native/log/line.ts";
import { compiled } from "../validate/module-check.ts";
import { Random } from "./random.ts";
import { near } from "./requests.ts";

/** What Envoy's own logger prints, and for which requests; without a filter for all. */
export interface NativeLogger {
  format: LogFormat;
  filter?: Expression;
}

export interface LogComparison {
  count: number;
  /** The first exchange for which line and no line differ, or two lines; undefined: none. */
  difference?: string;
}

const exchangesMax = 400;
const editsMax = 3;
/** Where access-log leaves its line. */
const stateKey = "gatehouse_access_log";

export function compareLogs(native: NativeLogger, settings: Fields): LogComparison {
  const writer = new Writer(settings);
  let count = 0;
  try {
    for (const exchange of exchangesFor(native.filter)) {
      const difference = differenceOf(native, exchange, writer.line(exchange));
      count++;
      if (difference) return { count, difference: `${shown(exchange)}: ${difference}` };
    }
    return { count };
  } finally {
    writer.close();
  }
}

function differenceOf(
  { format, filter }: NativeLogger,
  exchange: LoggedExchange,
  line: string | undefined,
): string | undefined {
  const isDue = filter === undefined || (evaluate(filter, attributesOf(exchange)) ?? false);
  if (isDue && line === undefined) return "no line, where Envoy prints one";
  if (!isDue && line !== undefined) return "a line, where Envoy prints none";
  return line === undefined ? undefined : misprint(format, exchange, line);
}

/** `→ 503 (UF) in 5 ms` */
export function shownAnswer({ status, flags, durationMillis }: LoggedExchange): string {
  const why = flags.length > 0 ? ` (${flags.join(",")})` : "";
  return `→ ${status}${why} in ${durationMillis} ms`;
}

function shown(exchange: LoggedExchange): string {
  const { method, path, host, headers } = exchange;
  const named = Object.entries(headers).map(([name, value]) => `, ${name}: ${value}`);
  return `${method} ${host}${path}${named.join("")} ${shownAnswer(exchange)}`;
}

/** The real filter. */
export class Writer {
  private readonly proxy = new Proxy({ clock: new Clock(0) });

  constructor(settings: Fields) {
    const config = { ...settings, sinks: [{ envoyLog: {} }] };
    this.proxy.install({ module: compiled("access-log"), name: "access-log", config });
  }

  line({ method, path, host, headers, ...response }: LoggedExchange): string | undefined {
    const { status, durationMillis, flags } = response;
    const stream = this.proxy.exchange(
      { method, path, authority: host, headers: { ...headers } },
      { status, durationMillis, ...(flags.length > 0 && { flags: [...flags] }) },
    );
    return stream.filterState.get(stateKey)?.toString();
  }

  close(): void {
    this.proxy.shutdown();
  }
}

type Edit = (exchange: LoggedExchange) => LoggedExchange;

const plain: LoggedExchange = {
  method: "GET",
  path: "/",
  host: "service.example.com",
  headers: { "user-agent": "curl/8" },
  status: 200,
  flags: [],
  durationMillis: 5,
};

const usual: Edit[] = [
  ...[200, 301, 404, 429, 503].map(statusEdit),
  (exchange) => ({ ...exchange, method: "POST", path: "/orders?id=1", durationMillis: 1500 }),
  (exchange) => ({ ...exchange, status: 503, flags: ["UF"] }),
  headerEdit("user-agent", undefined),
];

/** Every boundary by itself, and then some together. */
export function* exchangesFor(filter: Expression | undefined): Generator<LoggedExchange> {
  const edits = [...usual, ...(filter ? editsOf(filter) : [])];
  const seen = new Set<string>();
  const isNew = (exchange: LoggedExchange) => {
    const key = JSON.stringify(exchange);
    return seen.has(key) ? false : seen.add(key);
  };
  yield plain;
  for (const edit of edits) {
    const made = edit(plain);
    if (isNew(made)) yield made;
  }
  const random = new Random(1);
  for (let turn = 0; turn < exchangesMax && seen.size < exchangesMax; turn++) {
    const some = random.some(edits, 1, Math.min(editsMax, edits.length));
    const made = some.reduce((exchange, edit) => edit(exchange), plain);
    if (isNew(made)) yield made;
  }
}

function editsOf(expression: Expression): Edit[] {
  switch (expression.kind) {
    case "or":
    case "and":
      return [...editsOf(expression.left), ...editsOf(expression.right)];
    case "not":
      return editsOf(expression.inner);
    case "has":
      return attributeEdits(expression.attribute, "value");
    case "text":
      return attributeEdits(expression.attribute, expression.text.replaceAll(/[\^$\\]/g, ""));
    case "compare": {
      const { attribute, value } = expression;
      if (typeof value === "string") return attributeEdits(attribute, value);
      if (typeof value === "number") return numberEdits(attribute, value);
      const millis = value.durationNanos / 1e6;
      return [millis - 1, millis, millis + 1].map((durationMillis): Edit => (exchange) => ({
        ...exchange,
        durationMillis,
      }));
    }
  }
}

function numberEdits(attribute: string, value: number): Edit[] {
  if (attribute !== "response.code") return [];
  return [value - 1, value, value + 1]
    .filter((status) => status >= 200 && status <= 599)
    .map(statusEdit);
}

function statusEdit(status: number): Edit {
  return (exchange) => ({ ...exchange, status });
}

const headerAttributes: Record<string, string> = {
  "request.useragent": "user-agent",
  "request.referer": "referer",
  "request.id": "x-request-id",
};

function attributeEdits(attribute: string, text: string): Edit[] {
  const header = headerAttributes[attribute] ?? /^request\.headers\[(.+)\]$/.exec(attribute)?.[1];
  if (header !== undefined)
    return [...near(text), undefined].map((value) => headerEdit(header, value));
  const texts = near(text).filter((each) => each !== "");
  if (attribute === "request.method")
    return texts.map((method) => (exchange) => ({ ...exchange, method }));
  if (attribute === "request.host")
    return texts.map((host) => (exchange) => ({ ...exchange, host }));
  if (attribute !== "request.url_path" && attribute !== "request.path") return [];
  return [...texts, `${text}?a=1`, `/x?${text}`].map((path) => (exchange) => ({
    ...exchange,
    path: path.startsWith("/") ? path : `/${path}`,
  }));
}

function headerEdit(name: string, value: string | undefined): Edit {
  return (exchange) => {
    const { [name]: _old, ...rest } = exchange.headers;
    return { ...exchange, headers: value === undefined ? rest : { ...rest, [name]: value } };
  };
}
