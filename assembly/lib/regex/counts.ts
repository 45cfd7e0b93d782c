// Counts of a repetition: {n}, {n,}, {n,m}. Anything else in braces is plain text, as in RE2.
import { EscapeScanner } from "./escape";

/** RE2's limit of a repetition count, and of the product of nested ones. */
export const REPETITION_MAX = 1000;

export class CountScanner extends EscapeScanner {
  /** What `takeCounts` took; a high count of -1 is "without limit". */
  protected countLow: i32 = 0;
  protected countHigh: i32 = 0;

  /**
   * Takes {n}, {n,} or {n,m}; anything else after "{" makes it a plain character, and nothing is
   * taken.
   */
  protected takeCounts(): bool {
    const start = this.position;
    this.position++;
    this.countLow = this.takeCount();
    this.countHigh = this.countLow;
    if (this.countLow >= 0 && this.take(0x2c))
      this.countHigh = this.peek() == 0x7d ? -1 : this.takeCount();
    const open = this.countHigh == -1 && this.peek(-1) == 0x2c;
    if (this.countLow >= 0 && (this.countHigh >= 0 || open) && this.take(0x7d)) return true;
    this.position = start;
    return false;
  }

  /** A count without leading zeros, or -1; beyond the limit it stays just beyond. */
  private takeCount(): i32 {
    const start = this.position;
    let value = 0;
    for (let digit = this.peek(); digit >= 0x30 && digit <= 0x39; digit = this.peek()) {
      value = min(value * 10 + (digit - 0x30), REPETITION_MAX + 1);
      this.position++;
    }
    const digits = this.position - start;
    if (digits == 0) return -1;
    return digits > 1 && this.peek(-digits) == 0x30 ? -1 : value;
  }
}
