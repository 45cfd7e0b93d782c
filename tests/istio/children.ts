// Starts the stack's processes, keeps what they print, and waits until they are ready or says why
// not.
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** How often readiness is asked for; every process of the stack is up in seconds. */
const POLL_MILLIS = 25;

export interface ChildOptions {
  env?: Record<string, string>;
  cwd?: string;
  /** Its output goes to `<logs>/<name>.log`. */
  logs: string;
}

/** One running program of the stack. */
export class Child {
  readonly name: string;
  readonly process: ChildProcess;
  readonly exited: Promise<number>;
  readonly log: string;
  #failure = "";

  constructor(name: string, program: string, args: string[], options: ChildOptions) {
    this.name = name;
    this.log = join(options.logs, `${name}.log`);
    // A file, not a pipe: Envoy opens /dev/stdout for its access log, and Node's pipes are
    // sockets, which cannot be opened.
    const output = openSync(this.log, "a");
    this.process = spawn(program, args, {
      cwd: options.cwd,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...options.env },
      stdio: ["ignore", output, output],
    });
    closeSync(output);
    // node:test ends when the event loop is empty; the stack must not keep it.
    this.process.unref();
    this.exited = new Promise((done) => {
      this.process.on("error", (error) => {
        this.#failure = String(error);
        done(-1);
      });
      this.process.on("close", (code) => done(code ?? -1));
    });
  }

  get running(): boolean {
    return (
      this.process.exitCode === null &&
      this.process.signalCode === null &&
      this.process.pid !== undefined
    );
  }

  /** Everything it and its children have printed. */
  get output(): string {
    return readFileSync(this.log, "utf8") + this.#failure;
  }

  /** The last lines, for an error message; without probes and access logs. */
  tail(lines = 15): string {
    const worthReading = this.output
      .split("\n")
      .filter((line) => line && !/Envoy proxy is NOT ready|^\{"timestamp|^-$/.test(line));
    return worthReading.slice(-lines).join("\n");
  }

  /** Resolves with the first match of `pattern` in the output from character `from` on. */
  line(pattern: RegExp, { from = 0, millis = 15_000 } = {}): Promise<RegExpMatchArray> {
    const question = async () => this.output.slice(from).match(pattern) ?? undefined;
    return until(`${pattern} in the output of ${this.name}`, question, { millis, child: this });
  }

  /** Asks it to end, makes it after `graceMillis`, and waits until it has. */
  async stop(graceMillis = 3_000): Promise<void> {
    if (!this.running) return;
    this.process.ref();
    this.process.kill("SIGTERM");
    const timer = setTimeout(() => this.process.kill("SIGKILL"), graceMillis);
    await this.exited;
    clearTimeout(timer);
  }
}

/**
 * Asks until `question` gives something; throws with `what`, the last error and the process's
 * last lines.
 */
export async function until<T>(
  what: string,
  question: () => Promise<T | undefined | false>,
  { millis = 20_000, child }: { millis?: number; child?: Child } = {},
): Promise<T> {
  const deadline = Date.now() + millis;
  let last: unknown;
  for (;;) {
    try {
      const answer = await question();
      if (answer !== undefined && answer !== false) return answer;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (child && !child.running)
      throw new Error(`${child.name} ended while waiting for ${what}:\n${child.tail()}`);
    if (Date.now() > deadline) {
      const why = last instanceof Error ? `: ${last.message}` : "";
      throw new Error(`${what}: not within ${millis} ms${why}${child ? `\n${child.tail()}` : ""}`);
    }
    await pause(POLL_MILLIS);
  }
}
