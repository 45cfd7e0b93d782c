// Doubles from decimal digits, without memory and without a trap. Exact where a double's own
// arithmetic is (Clinger, "How to read floating point numbers accurately", 1990); elsewhere
// within a hundredth of the last place more than the rounding itself, from powers of ten of 64
// bits. No decision here hangs on the last place.

/** 10^(2^k) = mantissa × 2^exponent, for k from 0 to 8; then the same for 10^-(2^k). */
const POWER_MANTISSAS = memory.data<u64>([
  0xa000000000000000, 0xc800000000000000, 0x9c40000000000000, 0xbebc200000000000,
  0x8e1bc9bf04000000, 0x9dc5ada82b70b59e, 0xc2781f49ffcfa6d5, 0x93ba47c980e98ce0,
  0xaa7eebfb9df9de8e, 0xcccccccccccccccd, 0xa3d70a3d70a3d70a, 0xd1b71758e219652c,
  0xabcc77118461cefd, 0xe69594bec44de15b, 0xcfb11ead453994ba, 0xa87fea27a539e9a5,
  0xddd0467c64bce4a1, 0xc0314325637a193a,
]);
const POWER_EXPONENTS = memory.data<i16>([
  -60, -57, -50, -37, -10, 43, 149, 362, 787, -67, -70, -77, -90, -117, -170, -276, -489, -914,
]);
const POWERS = 9;

/** Beyond these powers every significand of up to twenty digits is infinite or zero. */
const POWER_MAX = 309;
const POWER_MIN = -344;
/** 10^22 is the largest power of ten that is a double. */
const EXACT_POWER_MAX = 22;
const EXACT_SIGNIFICAND_MAX: u64 = 1 << 53;

/** `significand` × 10^`power`, nearest double; infinite when too large for one. */
export function toDouble(significand: u64, power: i32): f64 {
  if (significand == 0 || power < POWER_MIN) return 0;
  if (power > POWER_MAX) return Infinity;
  const distance = abs(power);
  if (significand > EXACT_SIGNIFICAND_MAX || distance > EXACT_POWER_MAX)
    return scaled(significand, power);
  let scale: f64 = 1;
  for (let i = 0; i < distance; i++) scale *= 10;
  return power < 0 ? <f64>significand / scale : <f64>significand * scale;
}

function scaled(significand: u64, power: i32): f64 {
  const shift = <i32>clz<u64>(significand);
  let mantissa = significand << shift;
  let exponent = -shift;
  const row = power < 0 ? POWERS : 0;
  const distance = abs(power);
  for (let k = 0; k < POWERS; k++) {
    if (((distance >> k) & 1) == 0) continue;
    const index = <usize>(row + k);
    const product = highProduct(mantissa, load<u64>(POWER_MANTISSAS + (index << 3)));
    const down = <i32>clz<u64>(product);
    mantissa = product << down;
    exponent += 64 - down + <i32>load<i16>(POWER_EXPONENTS + (index << 1));
  }
  return assembled(mantissa, exponent);
}

/** Upper half of the 128-bit product, rounded. */
function highProduct(a: u64, b: u64): u64 {
  const aLow = a & 0xffffffff;
  const aHigh = a >> 32;
  const bLow = b & 0xffffffff;
  const bHigh = b >> 32;
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >> 32);
  const other = aLow * bHigh + (middle & 0xffffffff);
  return aHigh * bHigh + (middle >> 32) + (other >> 32) + ((other >> 31) & 1);
}

/**
 * The double nearest to `mantissa` × 2^`exponent`, where the mantissa's upper bit is set. IEEE
 * 754 binary64.
 */
function assembled(mantissa: u64, exponent: i32): f64 {
  const biased = exponent + 63 + 1023;
  if (biased >= 2047) return Infinity;
  // 53 bits stay; of a subnormal number fewer.
  const drop = biased > 0 ? 11 : 12 - biased;
  if (drop > 64) return 0;
  const kept = drop == 64 ? 0 : mantissa >> drop;
  const half: u64 = (<u64>1) << (drop - 1);
  const rest = drop == 64 ? mantissa : mantissa & ((half << 1) - 1);
  const up = rest > half || (rest == half && (kept & 1) == 1);
  const rounded = kept + (up ? 1 : 0);
  // A carry out of the fraction raises the exponent by itself.
  return reinterpret<f64>(biased > 0 ? ((<u64>(biased - 1)) << 52) + rounded : rounded);
}
