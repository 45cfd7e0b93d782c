// The RSA moduli of CVE-2017-15361 ("ROCA"): chips and cards of years made their primes as k · M
// + 65537^a mod M, with M a product of small primes, and such a modulus can be factored (M. Nemec
// et al., "The Return of Coppersmith's Attack", CCS 2017, section 3.1). Knows the mark that this
// leaves, not how to factor.
import { Bytes, at, lengthOf } from "../bytes";

/** Of the primes in every M those modulo which not every number is a power of 65537. */
const PRIMES = memory.data<u8>([
  11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157,
]);
const PRIME_COUNT: usize = 17;
const GENERATOR: u32 = 65537;

/**
 * Whether a modulus is a power of 65537 modulo each of the primes; of other moduli one in 2^27.8
 * is.
 */
export function isRoca(modulus: Bytes): bool {
  for (let i: usize = 0; i < PRIME_COUNT; i++) {
    const prime = <u32>load<u8>(PRIMES + i);
    if (!isPower(remainder(modulus, prime), prime)) return false;
  }
  return true;
}

/** Big-endian bytes modulo a number below 2^24. */
function remainder(bigEndian: Bytes, divisor: u32): u32 {
  let rest: u32 = 0;
  for (let i = 0; i < lengthOf(bigEndian); i++) rest = ((rest << 8) | at(bigEndian, i)) % divisor;
  return rest;
}

function isPower(wanted: u32, prime: u32): bool {
  let power: u32 = 1;
  for (let i: u32 = 1; i < prime; i++) {
    if (power == wanted) return true;
    power = (power * GENERATOR) % prime;
  }
  return false;
}
