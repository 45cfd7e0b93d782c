// Numbers that look random and are the same in every run: what failed once can be run again.

/** mulberry32, a generator with 32 bits of state. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** From 0 up to, not including, 1. */
  fraction(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number from 0 up to, not including, `count`. */
  below(count: number): number {
    return Math.floor(this.fraction() * count);
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** Between `least` and `most` different items, in the order of the list. */
  some<T>(items: readonly T[], least: number, most: number): T[] {
    const wanted = least + this.below(most - least + 1);
    const chosen = new Set<number>();
    while (chosen.size < Math.min(wanted, items.length)) chosen.add(this.below(items.length));
    return [...chosen].sort((a, b) => a - b).map((at) => items[at]!);
  }
}
