// What stands in the place of a secret.
import { Bytes, NONE, bytes, text } from "../../../lib/bytes";
import { HmacKey } from "../../../lib/crypto/hmac";
import { SHA256 } from "../../../lib/crypto/sha256";
import { Writer } from "../../../lib/writer";
import { Action, MASK } from "./action";

const HASH_PREFIX = text("hmac:");
/** How much of an HMAC stands in a line: 128 bits. */
const HASH_BYTES = 16;
/**
 * How many values inside of one text are hashed each by itself; those behind are masked. A hash
 * takes 3 µs, and a client can send 14,000 cookies.
 */
const HASHES_MAX = 64;

const digest = memory.data(32, 16);


@final
export class Replacement {
  private hmac: HmacKey | null = null;
  private hashed: Writer = new Writer(128);
  private hashes: i32 = 0;

  useKey(key: Bytes): void {
    this.hmac = new HmacKey(SHA256, key);
  }

  /** Another text begins. */
  begin(): void {
    this.hashes = 0;
  }

  /** What stands for `value`: NONE when it is dropped. Valid until the next replacement. */
  of(action: Action, value: Bytes): Bytes {
    if (action == Action.Keep || value == NONE) return value;
    if (action == Action.Drop) return NONE;
    const hmac = this.hmac;
    if (action == Action.Mask || hmac === null || this.hashes >= HASHES_MAX) return MASK;
    this.hashes++;
    hmac.sign(value, digest);
    this.hashed.reset();
    this.hashed.bytes(HASH_PREFIX);
    this.hashed.hex(bytes(digest, HASH_BYTES));
    return this.hashed.view();
  }
}
