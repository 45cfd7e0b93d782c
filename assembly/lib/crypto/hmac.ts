// HMAC (RFC 2104) over SHA-2. A key is hashed into its two pads once, so that a message costs its
// own blocks and two.
import { Bytes, bytes, lengthOf, pointerOf } from "../bytes";
import { equalConstantTime } from "./constant-time";
import { BLOCK_BYTES_MAX, DIGEST_BYTES_MAX, Digest } from "./digest";

const INNER_PAD: u8 = 0x36;
const OUTER_PAD: u8 = 0x5c;

const block = memory.data(128, 16);
const digestOut = memory.data(64, 16);


@final
export class HmacKey {
  /** The chaining values after the inner and after the outer pad. */
  private readonly inner: StaticArray<u8> = new StaticArray<u8>(DIGEST_BYTES_MAX);
  private readonly outer: StaticArray<u8> = new StaticArray<u8>(DIGEST_BYTES_MAX);

  /**
   * Any length of key is a key (section 3); how long it has to be is for the algorithm to say
   * (RFC 7518 section 3.2).
   */
  constructor(
    private readonly digest: Digest,
    key: Bytes,
  ) {
    memory.fill(block, 0, BLOCK_BYTES_MAX);
    if (lengthOf(key) > digest.blockBytes) digest.hash(key, block);
    else if (lengthOf(key) > 0) memory.copy(block, pointerOf(key), <usize>lengthOf(key));
    this.absorb(INNER_PAD, this.inner);
    this.absorb(INNER_PAD ^ OUTER_PAD, this.outer);
    memory.fill(block, 0, BLOCK_BYTES_MAX);
  }

  /** The tag of `message`, `digest.outputBytes` bytes, to `out`. */
  sign(message: Bytes, out: usize): void {
    const digest = this.digest;
    digest.resume(changetype<usize>(this.inner), 1);
    digest.update(message);
    digest.finish(out);
    digest.resume(changetype<usize>(this.outer), 1);
    digest.update(bytes(out, digest.outputBytes));
    digest.finish(out);
  }

  /** Whether `tag` is the whole tag of `message`: a truncated one is refused. Constant in time. */
  verify(message: Bytes, tag: Bytes): bool {
    this.sign(message, digestOut);
    return equalConstantTime(bytes(digestOut, this.digest.outputBytes), tag);
  }

  /**
   * Changes the key in `block` from one pad to the next and hashes it; `change` is the difference
   * between the two.
   */
  private absorb(change: u8, to: StaticArray<u8>): void {
    const digest = this.digest;
    for (let i: usize = 0; i < <usize>digest.blockBytes; i++)
      store<u8>(block + i, load<u8>(block + i) ^ change);
    digest.reset();
    digest.update(bytes(block, digest.blockBytes));
    digest.keep(changetype<usize>(to));
  }
}
