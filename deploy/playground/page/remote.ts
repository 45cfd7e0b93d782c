// The worker as seen from the page. What does not answer in time is ended and started anew, so a
// mistake in the settings cannot freeze the page.
import type { Engine, Remark, Reply } from "../engine/protocol.ts";

/** The largest run of the clients view takes two seconds on a slow machine. */
const ANSWER_MILLIS_MAX = 15_000;

/** What the engine said instead of an answer. */
export class Refusal extends Error {
  readonly remarks: Remark[];

  constructor(message: string, remarks: Remark[] = []) {
    super(message);
    this.remarks = remarks;
  }
}

interface Waiting {
  done(value: unknown): void;
  fail(error: Refusal): void;
  timer: ReturnType<typeof setTimeout>;
}

type Result<M extends keyof Engine> = Promise<Awaited<ReturnType<Engine[M]>>>;

export class Remote {
  private worker: Worker;
  private nextId = 1;
  private readonly waiting = new Map<number, Waiting>();

  constructor() {
    this.worker = this.start();
  }

  private start(): Worker {
    const worker = new Worker(new URL("worker.js", document.baseURI), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<Reply>) => this.receive(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.restart(`the worker stopped: ${event.message || "it could not be loaded"}`);
    };
    return worker;
  }

  /** Asks the worker. Rejects with a `Refusal`. */
  ask<M extends keyof Engine>(method: M, ...args: Parameters<Engine[M]>): Result<M> {
    const id = this.nextId++;
    return new Promise((done, fail) => {
      const timer = setTimeout(
        () => this.restart(`no answer within ${ANSWER_MILLIS_MAX / 1000} s; the run was stopped`),
        ANSWER_MILLIS_MAX,
      );
      this.waiting.set(id, { done: done as (value: unknown) => void, fail, timer });
      this.worker.postMessage({ id, method, args });
    });
  }

  private receive(reply: Reply): void {
    if ("ready" in reply) return;
    const waiting = this.waiting.get(reply.id);
    if (!waiting) return;
    this.waiting.delete(reply.id);
    clearTimeout(waiting.timer);
    if ("error" in reply) waiting.fail(new Refusal(reply.error, reply.remarks));
    else waiting.done(reply.result);
  }

  private restart(why: string): void {
    this.worker.terminate();
    const lost = [...this.waiting.values()];
    this.waiting.clear();
    this.worker = this.start();
    for (const { fail, timer } of lost) {
      clearTimeout(timer);
      fail(new Refusal(why));
    }
  }
}
