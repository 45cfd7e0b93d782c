// A duration as Go's time.ParseDuration reads it: `1h30m`, `1.5s`, `-2ms`.

const unitNanos: Record<string, bigint> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** Go keeps a duration in 64 bits: about 292 years. */
const nanosMax = 2n ** 63n - 1n;

const part = /^(\d*)(?:\.(\d*))?([^\d.]+)/;

/** Nanoseconds, or undefined when it is no duration. */
export function durationNanos(text: string): bigint | undefined {
  const sign = /^[-+]/.exec(text)?.[0] ?? "";
  let rest = text.slice(sign.length);
  if (rest === "0") return 0n;
  if (rest === "") return undefined;
  let nanos = 0n;
  while (rest !== "") {
    const found = part.exec(rest);
    const unit = unitNanos[found?.[3] ?? ""];
    if (!found || unit === undefined || !(found[1] || found[2])) return undefined;
    const [all, whole = "", fraction = ""] = found;
    nanos += BigInt(whole || 0) * unit + (BigInt(fraction || 0) * unit) / 10n ** digits(fraction);
    if (nanos > nanosMax) return undefined;
    rest = rest.slice(all.length);
  }
  return sign === "-" ? -nanos : nanos;
}

function digits(text: string): bigint {
  return BigInt(text.length);
}
