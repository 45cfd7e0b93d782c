// The sinks of one plugin that send: its own, and those of earlier plugins that still have lines.
import { HttpSink } from "./http-sink";


@final
export class Senders {
  private own: HttpSink[] = [];
  /** Those of plugins that are gone, until they have sent what they had. */
  private takenOver: HttpSink[] = [];

  add(sender: HttpSink): void {
    this.own.push(sender);
  }

  get hasOwn(): bool {
    return this.own.length > 0;
  }

  /** How often `tick` has to be called; 0: never. */
  get tickMillis(): i32 {
    const own = leastTickMillis(this.own);
    const takenOver = leastTickMillis(this.takenOver);
    if (own == 0 || takenOver == 0) return max(own, takenOver);
    return min(own, takenOver);
  }

  /** On the root context. True when `tickMillis` may have changed. */
  tick(): bool {
    for (let i = 0; i < this.own.length; i++) unchecked(this.own[i]).tick();
    if (this.takenOver.length == 0) return false;
    const left: HttpSink[] = [];
    for (let i = 0; i < this.takenOver.length; i++) {
      const sender = this.takenOver[i];
      sender.tick();
      if (sender.isOver) sender.abandon();
      else left.push(sender);
    }
    this.takenOver = left;
    return left.length == 0;
  }

  /** Gives the answer to the sender that waits for it. */
  onCallAnswer(token: u32, headers: i32, bodyBytes: i32): void {
    if (answer(this.own, token, headers, bodyBytes)) return;
    answer(this.takenOver, token, headers, bodyBytes);
  }

  /**
   * Moves what waits to `next`, the senders of another plugin; without one it is given up. True
   * when something was moved.
   */
  close(next: Senders | null): bool {
    const closing = this.own.concat(this.takenOver);
    this.own = [];
    this.takenOver = [];
    for (let i = 0; i < closing.length; i++) {
      const sender = closing[i];
      sender.shutDown();
      if (next === null || sender.isOver) sender.abandon();
      else next.takenOver.push(sender);
    }
    return next !== null && next.takenOver.length > 0;
  }
}

function leastTickMillis(senders: HttpSink[]): i32 {
  let least = 0;
  for (let i = 0; i < senders.length; i++) {
    const millis = senders[i].tickMillis();
    least = least == 0 ? millis : min(least, millis);
  }
  return least;
}

function answer(senders: HttpSink[], token: u32, headers: i32, bodyBytes: i32): bool {
  for (let i = 0; i < senders.length; i++) {
    if (senders[i].onCallAnswer(token, headers, bodyBytes)) return true;
  }
  return false;
}
