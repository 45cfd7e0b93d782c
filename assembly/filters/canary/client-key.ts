// Keys for clients that have none yet. A key tells clients apart; it needs to be unique, not
// secret.
import { Bytes, view } from "../../lib/bytes";
import { mix } from "../../lib/hash";

/** 128 random bits as hexadecimal digits. */
export const ISSUED_KEY_BYTES = 32;

const SECOND_SEED: u64 = 0x747269636b6c65;

/** A series of keys: xoroshiro128+ (Blackman and Vigna 2018). */
@final
export class ClientKeys {
  private readonly digits: StaticArray<u8> = new StaticArray<u8>(ISSUED_KEY_BYTES);
  private state0: u64;
  private state1: u64;

  constructor(seed: u64) {
    this.state0 = mix(seed);
    this.state1 = mix(seed ^ SECOND_SEED) | 1;
  }

  /** A new key, in the same memory each time. */
  next(): Bytes {
    this.putHex(this.word(), 0);
    this.putHex(this.word(), 16);
    return view(this.digits);
  }

  private putHex(word: u64, from: i32): void {
    for (let i = 0; i < 16; i++) {
      const digit = <u8>((word >> (60 - 4 * i)) & 15);
      unchecked((this.digits[from + i] = digit + (digit < 10 ? 0x30 : 0x57)));
    }
  }

  private word(): u64 {
    const result = this.state0 + this.state1;
    const mixed = this.state1 ^ this.state0;
    this.state0 = rotl<u64>(this.state0, 24) ^ mixed ^ (mixed << 16);
    this.state1 = rotl<u64>(mixed, 37);
    return result;
  }
}
