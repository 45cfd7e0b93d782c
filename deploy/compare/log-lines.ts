// Access logs of two meshes compared: at each proxy the same exchanges, and the lines that its
// loggers print for them.
import { asksForLine, printsLine } from "../core/log-line.ts";
import { fieldsOf } from "../core/value.ts";
import { CelError, evaluate, parseCel } from "../native/log/cel.ts";
import type { Expression } from "../native/log/cel.ts";
import { attributesOf } from "../native/log/exchange.ts";
import type { LoggedExchange } from "../native/log/exchange.ts";
import { misprint, printed } from "../native/log/line.ts";
import type { LogFormat } from "../native/log/line.ts";
import { loggersAt } from "../native/log/loggers.ts";
import type { Logger } from "../native/log/loggers.ts";
import type { Mesh as MeshConfig, NativeRequest, Workload } from "../native/types.ts";
import type { Plugin } from "../validate/plugin.ts";
import type { Row } from "./compare.ts";
import { exchangesFor, shownAnswer, Writer } from "./logs.ts";
import { directionsAt } from "./matches.ts";
import { runsAt } from "./plugins.ts";
import type { Mesh } from "./state.ts";

/** Exchanges at one proxy, and differences that are shown of one logger. */
const exchangesMax = 60;
const shownMax = 3;

/** A line as it is, or as far as its format says it; undefined: none. */
type Line = { text: string } | { format: LogFormat } | { provider: string } | undefined;

export function* logRows(
  before: Mesh,
  after: Mesh,
  workloads: readonly Workload[],
  config: MeshConfig,
): Generator<Row> {
  const seen = new Set<string>();
  for (const request of directionsAt(workloads)) {
    const [old, next] = [before, after].map((mesh) => new Side(mesh, request, config)) as [
      Side,
      Side,
    ];
    try {
      const key = `${old.key} ${next.key}`;
      // The same loggers at another proxy say nothing more.
      if (seen.has(key)) continue;
      seen.add(key);
      yield* rowsAt(request, old, next);
    } finally {
      old.close();
      next.close();
    }
  }
}

function* rowsAt(request: NativeRequest, old: Side, next: Side): Generator<Row> {
  const names = [...new Set([...old.names, ...next.names])];
  const filters = [...old.filters, ...next.filters];
  const shownOf = new Map<string, number>();
  const exchanges = [undefined, ...filters].flatMap((filter) =>
    [...exchangesFor(filter)].slice(0, exchangesMax),
  );
  for (const exchange of exchanges)
    for (const name of names) {
      const what = differenceOf(old.line(name, exchange), next.line(name, exchange), exchange);
      const count = shownOf.get(name) ?? 0;
      if (what !== "") shownOf.set(name, count + 1);
      if (what !== "" && count >= shownMax) continue;
      yield {
        outcome: what === "" ? "same" : "different",
        what: what && `${shownAnswer(exchange)}: the log of ${name} has ${what}`,
        request: requestOf(request, exchange),
        old: {},
        new: {},
      };
    }
}

function requestOf(request: NativeRequest, exchange: LoggedExchange): NativeRequest {
  const { method, path, host, headers } = exchange;
  return { ...request, method, path, host, headers: Object.entries(headers) };
}

function differenceOf(old: Line, next: Line, exchange: LoggedExchange): string {
  if (!old || !next) return old === next ? "" : next ? "a line; had none" : "no line; had one";
  if ("provider" in old || "provider" in next)
    return JSON.stringify(old) === JSON.stringify(next) ? "" : "another provider";
  if ("format" in old && "text" in next) return misprint(old.format, exchange, next.text) ?? "";
  if ("text" in old && "format" in next) return misprint(next.format, exchange, old.text) ?? "";
  const [was, is] = [old, next].map((line) =>
    "text" in line ? line.text : printed((line as { format: LogFormat }).format, exchange),
  );
  return was === is ? "" : `${JSON.stringify(is)} instead of ${JSON.stringify(was)}`;
}

/** The loggers of one proxy of one mesh. */
class Side {
  private readonly loggers: Logger[];
  private readonly plugin?: Plugin;
  private writer?: Writer;

  constructor({ resources, plugins }: Mesh, request: NativeRequest, config: MeshConfig) {
    this.loggers = loggersAt(resources, request, config).filter(isReadable);
    this.plugin = plugins.find(
      (each) => each.filter === "access-log" && runsAt(each, request, config),
    );
  }

  get names(): string[] {
    return this.loggers.map(({ name }) => name);
  }

  get filters(): Expression[] {
    return this.loggers.flatMap(({ filter }) =>
      filter === undefined || asksForLine(filter) ? [] : [parseCel(filter)],
    );
  }

  get key(): string {
    return JSON.stringify([this.loggers, this.plugin?.config]);
  }

  line(name: string, exchange: LoggedExchange): Line {
    const logger = this.loggers.find((one) => one.name === name);
    if (!logger) return undefined;
    const { filter, format, provider } = logger;
    if (filter !== undefined && !asksForLine(filter)) {
      const isDue = evaluate(parseCel(filter), attributesOf(exchange)) ?? false;
      if (!isDue) return undefined;
    }
    if (!format) return { provider };
    if (!printsLine(format)) return { format };
    const own = this.written(exchange);
    if (own === undefined && asksForLine(filter)) return undefined;
    return { text: own ?? "-" };
  }

  private written(exchange: LoggedExchange): string | undefined {
    if (!this.plugin) return undefined;
    this.writer ??= new Writer(fieldsOf(this.plugin.config));
    return this.writer.line(exchange);
  }

  close(): void {
    this.writer?.close();
  }
}

/** A filter that no model reads is named as a gap, and its logger left out. */
function isReadable({ filter }: Logger): boolean {
  if (filter === undefined || asksForLine(filter)) return true;
  try {
    parseCel(filter);
    return true;
  } catch (cause) {
    if (cause instanceof CelError) return false;
    throw cause;
  }
}
