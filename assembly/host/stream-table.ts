// Streams by context id: open addressing over ids that only ever grow, so a lookup is one probe
// nearly always.
import { Stream } from "./context";

const CAPACITY_START = 256;


@final
export class StreamTable {
  private ids: StaticArray<u32> = new StaticArray<u32>(CAPACITY_START);
  private streams: StaticArray<Stream | null> = new StaticArray<Stream | null>(CAPACITY_START);
  private mask: u32 = CAPACITY_START - 1;
  private count: i32 = 0;

  /** The stream of `id`, or null for an id never opened or already closed. */
  get(id: u32): Stream | null {
    let slot = id & this.mask;
    let found = unchecked(this.ids[slot]);
    while (found != id && found != 0) {
      slot = (slot + 1) & this.mask;
      found = unchecked(this.ids[slot]);
    }
    return found == 0 ? null : unchecked(this.streams[slot]);
  }

  set(id: u32, stream: Stream): void {
    if (<u32>(this.count + 1) * 2 > this.mask) this.grow();
    this.put(id, stream);
    this.count++;
  }

  /** Takes `id` out and closes the gap, so that no markers of deleted streams pile up. */
  remove(id: u32): Stream | null {
    let slot = id & this.mask;
    while (unchecked(this.ids[slot]) != id) {
      if (unchecked(this.ids[slot]) == 0) return null;
      slot = (slot + 1) & this.mask;
    }
    const stream = unchecked(this.streams[slot]);
    this.count--;
    let gap = slot;
    for (;;) {
      slot = (slot + 1) & this.mask;
      const next = unchecked(this.ids[slot]);
      if (next == 0) break;
      const home = next & this.mask;
      if (((slot - home) & this.mask) < ((slot - gap) & this.mask)) continue;
      unchecked((this.ids[gap] = next));
      unchecked((this.streams[gap] = this.streams[slot]));
      gap = slot;
    }
    unchecked((this.ids[gap] = 0));
    unchecked((this.streams[gap] = null));
    return stream;
  }

  private put(id: u32, stream: Stream): void {
    let slot = id & this.mask;
    while (unchecked(this.ids[slot]) != 0) slot = (slot + 1) & this.mask;
    unchecked((this.ids[slot] = id));
    unchecked((this.streams[slot] = stream));
  }

  private grow(): void {
    const ids = this.ids;
    const streams = this.streams;
    const capacity = 2 * ids.length;
    this.ids = new StaticArray<u32>(capacity);
    this.streams = new StaticArray<Stream | null>(capacity);
    this.mask = capacity - 1;
    for (let i = 0; i < ids.length; i++) {
      const stream = streams[i];
      if (stream !== null) this.put(ids[i], stream);
    }
  }
}
