// The only place that prints. Results go to standard output, everything said about them to
// standard error; with --json one object on standard output is all there is.
import { ToolError, exitCodes, reasonOf, textOf } from "../core/problem.ts";
import type { Finding } from "../core/problem.ts";
import type { Target } from "../kube/cluster.ts";

export interface Streams {
  out(text: string): void;
  err(text: string): void;
}

const processStreams: Streams = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};

/** What a verb gives back: text for people, data for programs, and whether the answer is "yes". */
export interface Answer {
  ok: boolean;
  text: string;
  data: Record<string, unknown>;
  findings?: Finding[];
  /** Lines for standard error: what is said about the text, not part of it. */
  remarks?: string[];
}

export class Output {
  private readonly json: boolean;
  private readonly streams: Streams;
  private cluster?: Target;

  constructor(json: boolean, streams: Streams = processStreams) {
    this.json = json;
    this.streams = streams;
  }

  /** One line about work that takes a while. */
  progress(line: string): void {
    if (!this.json) this.streams.err(`${line}\n`);
  }

  /** Names the cluster that a verb talks to: at once for people, with the answer for programs. */
  onCluster(target: Target): void {
    this.cluster = target;
    this.progress(`cluster: context ${target.context || "(none)"}, server ${target.server}`);
  }

  /** Prints an answer and gives the exit code. */
  answer(answer: Answer): number {
    const findings = answer.findings ?? [];
    if (this.json) {
      const listed = findings.map((finding) => ({ ...finding, message: textOf(finding) }));
      this.streams.out(
        JSON.stringify(
          { ok: answer.ok, cluster: this.cluster, ...answer.data, findings: listed },
          null,
          2,
        ) + "\n",
      );
    } else {
      for (const finding of findings) this.streams.err(`${finding.severity}: ${textOf(finding)}\n`);
      for (const remark of answer.remarks ?? []) this.streams.err(`${remark}\n`);
      if (answer.text)
        this.streams.out(answer.text.endsWith("\n") ? answer.text : `${answer.text}\n`);
    }
    return answer.ok ? 0 : 1;
  }

  /** Prints what stopped a verb and gives the exit code. */
  failure(error: unknown): number {
    const known =
      error instanceof ToolError
        ? error
        : new ToolError("internal", reasonOf(error), { cause: error });
    const { code, message, place } = known;
    const cause = known.cause instanceof Error ? reasonOf(known.cause) : undefined;
    if (this.json) {
      this.streams.out(
        JSON.stringify(
          { ok: false, cluster: this.cluster, error: { code, message, cause, place } },
          null,
          2,
        ) + "\n",
      );
    } else {
      const where = place ? `${place.file}:${place.line}: ` : "";
      this.streams.err(`error: ${where}${message}\n`);
      if (cause && !message.includes(cause)) this.streams.err(`  because: ${cause}\n`);
      if (code === "internal" && error instanceof Error && error.stack)
        this.streams.err(`${error.stack}\n`);
    }
    return exitCodes[code];
  }
}
