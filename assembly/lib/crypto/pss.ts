// EMSA-PSS (RFC 8017 section 9.1.2) with MGF1 (appendix B.2.1). One hash for everything and a
// salt as long as it: what JWS fixes (RFC 7518 section 3.5), so neither is a parameter.
//
//   EM | maskedDB: zeros 01 salt, XOR MGF1(H) | H = hash(00·8 mHash salt) | bc |
import { Bytes, bytes, compareMemory, lengthOf, pointerOf } from "../bytes";
import { Digest } from "./digest";

const TRAILER: u8 = 0xbc;
/** Zeros before the message's hash in M'. */
const M_PREFIX_BYTES: usize = 8;

/** M': 8 zeros, the hash, the salt. */
const mPrime = memory.data(136, 16);
/** H and a counter of four bytes. */
const maskSeed = memory.data(68, 16);
const maskBlock = memory.data(64, 16);
const hPrime = memory.data(64, 16);

/**
 * Whether `encoded`, of 256 to 1,024 bytes, is an encoding of `message` in `encodedBits` bits.
 * Unmasks it in place. `encodedBits` is the modulus's length less one, so that a whole leading
 * byte can be outside EM and must be zero.
 */
export function isPssEncoding(
  encoded: Bytes,
  encodedBits: i32,
  digest: Digest,
  message: Bytes,
): bool {
  const hashBytes = <usize>digest.outputBytes;
  const emBytes = <usize>((encodedBits + 7) >> 3);
  const em = pointerOf(encoded) + (<usize>lengthOf(encoded) - emBytes);
  if (em != pointerOf(encoded) && load<u8>(pointerOf(encoded)) != 0) return false;
  if (load<u8>(em + emBytes - 1) != TRAILER) return false;
  const dbBytes = emBytes - hashBytes - 1;
  const h = em + dbBytes;
  const topMask: u32 = (<u32>0xff) >> (<u32>emBytes * 8 - <u32>encodedBits);
  if (((load<u8>(em) as u32) & ~topMask) != 0) return false;
  unmask(em, dbBytes, h, digest);
  store<u8>(em, load<u8>(em) & (topMask as u8));
  const paddingBytes = dbBytes - hashBytes - 1;
  for (let i: usize = 0; i < paddingBytes; i++) if (load<u8>(em + i) != 0) return false;
  if (load<u8>(em + paddingBytes) != 0x01) return false;
  digest.hash(message, mPrime + M_PREFIX_BYTES);
  memory.copy(mPrime + M_PREFIX_BYTES + hashBytes, h - hashBytes, hashBytes);
  digest.hash(bytes(mPrime, <i32>(M_PREFIX_BYTES + 2 * hashBytes)), hPrime);
  return compareMemory(hPrime, h, hashBytes) == 0;
}

/** XORs MGF1 of the hash at `seed` over the `length` bytes at `data`. */
function unmask(data: usize, length: usize, seed: usize, digest: Digest): void {
  const hashBytes = <usize>digest.outputBytes;
  memory.copy(maskSeed, seed, hashBytes);
  let done: usize = 0;
  for (let counter: u32 = 0; done < length; counter++) {
    store<u32>(maskSeed + hashBytes, bswap<u32>(counter));
    digest.hash(bytes(maskSeed, <i32>hashBytes + 4), maskBlock);
    const end = min(length - done, hashBytes);
    for (let i: usize = 0; i < end; i++) {
      store<u8>(data + done + i, load<u8>(data + done + i) ^ load<u8>(maskBlock + i));
    }
    done += end;
  }
}
