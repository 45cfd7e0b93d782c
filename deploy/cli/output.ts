// The only place that prints. Results go to standard output, everything said about them to
// standard error; with --json or -o yaml one object on standard output is all there is.
import { ToolError, exitCodes, reasonOf, textOf } from "../core/problem.ts";
import type { Finding } from "../core/problem.ts";
import type { Target } from "../kube/cluster.ts";

export interface Streams {
  out(text: string): void;
  err(text: string): void;
  /** Where colours may be: on a terminal, unless NO_COLOR is set. */
  colours?: { out: boolean; err: boolean };
  /** The width of the terminal that standard error is; undefined for a file or a program. */
  columns?: number;
  /** Asks the person at the terminal; absent without one. */
  ask?(question: string): Promise<string>;
}

function processStreams(): Streams {
  const { stdin, stdout, stderr } = process;
  const isPlain = Boolean(process.env.NO_COLOR) || process.env.TERM === "dumb";
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    colours: { out: stdout.isTTY && !isPlain, err: stderr.isTTY && !isPlain },
    columns: stderr.isTTY ? stderr.columns : undefined,
    ...(stdin.isTTY && stderr.isTTY && { ask }),
  };
}

async function ask(question: string): Promise<string> {
  const { createInterface } = await import("node:readline/promises");
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question);
  } finally {
    lines.close();
  }
}

/** How an answer is printed: for people, with more columns, or as data. */
export type Form = "text" | "wide" | "json" | "yaml";

/** What a verb gives back: text for people, data for programs, and whether the answer is "yes". */
export interface Answer {
  ok: boolean;
  text: string;
  /** The same with more columns, where there are more. */
  wide?: string;
  /** Lines of the text that begin with + and - are what comes and what goes. */
  isDifference?: boolean;
  data: Record<string, unknown>;
  findings?: Finding[];
  /** Lines for standard error: what is said about the text, not part of it. */
  remarks?: string[];
}

/** ECMA-48, section 8.3.117. */
const codes = { red: 31, green: 32, yellow: 33, blue: 34 } as const;
type Colour = keyof typeof codes;
const colourOf: Record<string, Colour> = { error: "red", warning: "yellow", note: "blue" };

function painted(text: string, colour: Colour | undefined): string {
  return colour ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text;
}

export class Output {
  private readonly form: Form;
  private readonly streams: Streams;
  private cluster?: Target;

  constructor(form: Form, streams: Streams = processStreams()) {
    this.form = form;
    this.streams = streams;
  }

  /** True if one object on standard output is all there is. */
  private get isData(): boolean {
    return this.form === "json" || this.form === "yaml";
  }

  /** What the person at the terminal answers; undefined without one. */
  async ask(question: string): Promise<string | undefined> {
    return this.isData ? undefined : this.streams.ask?.(question);
  }

  private async print(data: object): Promise<void> {
    const text =
      this.form === "yaml"
        ? (await import("../core/yaml-text.ts")).yamlText([{ value: data }])
        : `${JSON.stringify(data, null, 2)}\n`;
    this.streams.out(text);
  }

  private label(severity: string): string {
    return this.streams.colours?.err ? painted(severity, colourOf[severity]) : severity;
  }

  /** Lines that come in green, lines that go in red. */
  private difference(text: string): string {
    if (!this.streams.colours?.out) return text;
    const colour = (line: string) =>
      line.startsWith("+") ? "green" : line.startsWith("-") ? "red" : undefined;
    return text
      .split("\n")
      .map((line) => painted(line, colour(line)))
      .join("\n");
  }

  /** The width for texts about the answer; undefined: one line each, for other programs. */
  get columns(): number | undefined {
    return this.streams.columns;
  }

  /** One line about work that takes a while. */
  progress(line: string): void {
    if (!this.isData) this.streams.err(`${line}\n`);
  }

  /** Names the cluster that a verb talks to: at once for people, with the answer for programs. */
  onCluster(target: Target): void {
    this.cluster = target;
    this.progress(`cluster: context ${target.context || "(none)"}, server ${target.server}`);
  }

  /** Prints an answer and gives the exit code. */
  async answer(answer: Answer): Promise<number> {
    const findings = answer.findings ?? [];
    if (this.isData) {
      const listed = findings.map((finding) => ({ ...finding, message: textOf(finding) }));
      await this.print({
        ok: answer.ok,
        cluster: this.cluster,
        ...answer.data,
        findings: listed,
      });
    } else {
      for (const finding of findings)
        this.streams.err(`${this.label(finding.severity)}: ${textOf(finding)}\n`);
      for (const remark of answer.remarks ?? []) this.streams.err(`${remark}\n`);
      const text = this.form === "wide" ? (answer.wide ?? answer.text) : answer.text;
      const shown = answer.isDifference ? this.difference(text) : text;
      if (shown) this.streams.out(shown.endsWith("\n") ? shown : `${shown}\n`);
    }
    return answer.ok ? 0 : 1;
  }

  /** Prints what stopped a verb and gives the exit code. */
  async failure(error: unknown): Promise<number> {
    const known =
      error instanceof ToolError
        ? error
        : new ToolError("internal", reasonOf(error), { cause: error });
    const { code, message, place } = known;
    const cause = known.cause instanceof Error ? reasonOf(known.cause) : undefined;
    if (this.isData) {
      await this.print({
        ok: false,
        cluster: this.cluster,
        error: { code, message, cause, place },
      });
    } else {
      const where = place ? `${place.file}:${place.line}: ` : "";
      this.streams.err(`${this.label("error")}: ${where}${message}\n`);
      if (cause && !message.includes(cause)) this.streams.err(`  because: ${cause}\n`);
      if (code === "internal" && error instanceof Error && error.stack)
        this.streams.err(`${error.stack}\n`);
    }
    return exitCodes[code];
  }
}
