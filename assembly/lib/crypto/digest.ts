// What the SHA-2 functions share (FIPS 180-4): cutting a stream into blocks, and the padding. One
// object per function with its own scratch, used by one caller at a time: a worker is one thread,
// and no digest outlives a callback.
import { Bytes, lengthOf, pointerOf } from "../bytes";

/** The longest output, of SHA-512, and the longest block: what callers size their scratch by. */
export const DIGEST_BYTES_MAX = 64;
export const BLOCK_BYTES_MAX = 128;

export abstract class Digest {
  /** Bytes of `block` that wait for the rest of it; always less than a block between calls. */
  private filled: i32 = 0;
  private total: u64 = 0;

  constructor(
    readonly outputBytes: i32,
    readonly blockBytes: i32,
    /** The chaining value, 32 or 64 bytes, in machine order. */
    protected readonly state: usize,
    private readonly stateBytes: i32,
    private readonly block: usize,
  ) {}

  /** Puts the function's initial hash value (FIPS 180-4 section 5.3) into the state. */
  protected abstract initialize(): void;

  /** The compression function over `count` blocks at `blocks`. */
  protected abstract compress(blocks: usize, count: i32): void;

  /** Writes the leading `outputBytes` of the state in big-endian order. */
  protected abstract output(out: usize): void;

  /** Begins a message. */
  reset(): void {
    this.initialize();
    this.filled = 0;
    this.total = 0;
  }

  /** Takes the next part of the message. */
  update(part: Bytes): void {
    let pointer = pointerOf(part);
    let length = lengthOf(part);
    // Copying nothing from an address outside the memory, as that of NONE, traps.
    if (length == 0) return;
    this.total += <u64>length;
    const blockBytes = this.blockBytes;
    if (this.filled > 0) {
      const taken = min(blockBytes - this.filled, length);
      memory.copy(this.block + <usize>this.filled, pointer, <usize>taken);
      this.filled += taken;
      if (this.filled < blockBytes) return;
      this.compress(this.block, 1);
      this.filled = 0;
      pointer += <usize>taken;
      length -= taken;
    }
    const count = length / blockBytes;
    if (count > 0) this.compress(pointer, count);
    const rest = length - count * blockBytes;
    memory.copy(this.block, pointer + <usize>(length - rest), <usize>rest);
    this.filled = rest;
  }

  /**
   * Pads (FIPS 180-4 section 5.1) and writes `outputBytes` bytes to `out`. `reset` must come
   * before the next message.
   */
  finish(out: usize): void {
    const blockBytes = this.blockBytes;
    // The length field is an eighth of the block; of SHA-512's 128 bits the upper 64 are always
    // zero here.
    const lengthField = blockBytes >> 3;
    store<u8>(this.block + <usize>this.filled, 0x80);
    let end = this.filled + 1;
    if (end > blockBytes - lengthField) {
      memory.fill(this.block + <usize>end, 0, <usize>(blockBytes - end));
      this.compress(this.block, 1);
      end = 0;
    }
    memory.fill(this.block + <usize>end, 0, <usize>(blockBytes - end));
    store<u64>(this.block + <usize>blockBytes - 8, bswap<u64>(this.total << 3));
    this.compress(this.block, 1);
    this.output(out);
  }

  /** The whole of a message at once. */
  hash(message: Bytes, out: usize): void {
    this.reset();
    this.update(message);
    this.finish(out);
  }

  /**
   * Copies the chaining value after whole blocks to `to` (DIGEST_BYTES_MAX bytes of room), for
   * `resume`.
   */
  keep(to: usize): void {
    memory.copy(to, this.state, <usize>this.stateBytes);
  }

  /**
   * Goes on from a chaining value kept after `blocks` whole blocks, as if they had been hashed
   * again.
   */
  resume(from: usize, blocks: i32): void {
    memory.copy(this.state, from, <usize>this.stateBytes);
    this.filled = 0;
    this.total = <u64>(blocks * this.blockBytes);
  }
}
