// Requests that wait for keys, and what each waits for. Knows no decision: who may wait and who
// goes on is filter.ts's.
import { Stream } from "../../../host/context";
import { spent } from "../../../lib/garbage";

const NOWHERE = -1;
const NEVER: i64 = 0;

/** A request that may have to wait. */
export abstract class WaitingStream extends Stream {
  /** Its place in the list; NOWHERE: it does not wait. */
  place: i32 = NOWHERE;
  /** When it first had to wait (monotonic, ns). */
  since: i64 = NEVER;
  /** The provider whose keys it waits for, and what was known of them. */
  provider: i32 = -1;
  changesSeen: u32 = 0;

  open(): void {
    this.place = NOWHERE;
    this.since = NEVER;
  }

  get isWaiting(): bool {
    return this.place != NOWHERE;
  }

  get hasWaited(): bool {
    return this.since != NEVER;
  }
}

/** In no order: taking one out puts the last one in its place. */
@final
export class WaitingList {
  private streams: WaitingStream[] = [];

  get count(): i32 {
    return this.streams.length;
  }

  /** The request at `index`, 0 <= index < count. */
  at(index: i32): WaitingStream {
    return unchecked(this.streams[index]);
  }

  /** Takes in a request for keys of `provider`, of which `changes` was known at `now`. */
  add(stream: WaitingStream, provider: i32, changes: u32, now: i64): void {
    if (!stream.hasWaited) stream.since = now;
    stream.provider = provider;
    stream.changesSeen = changes;
    stream.place = this.streams.push(stream) - 1;
    spent(8);
  }

  /** Takes it out, if it is in. */
  remove(stream: WaitingStream): void {
    const place = stream.place;
    if (place == NOWHERE) return;
    stream.place = NOWHERE;
    const last = this.streams.pop();
    if (last === stream) return;
    unchecked((this.streams[place] = last));
    last.place = place;
  }
}
