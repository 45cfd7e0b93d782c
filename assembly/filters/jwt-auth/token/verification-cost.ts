// What one signature check costs, measured (bench/README.md).
import { COST_CLASSES, CostClass } from "../../../lib/jose/algorithm";


@final
class Cost {
  constructor(
    readonly ownNanos: i64,
    readonly hostNanos: i64,
  ) {}
}

const costs = new StaticArray<Cost>(COST_CLASSES);

/** Checked by our own code, and by the host. */
function row(costClass: CostClass, ownNanos: i64, hostNanos: i64): void {
  costs[costClass] = new Cost(ownNanos, hostNanos);
}

row(CostClass.Rsa, 70_000, 20_000);
row(CostClass.RsaPss, 100_000, 100_000);
row(CostClass.P256, 160_000, 50_000);
row(CostClass.P384, 450_000, 450_000);
row(CostClass.P521, 1_400_000, 1_400_000);
row(CostClass.Ed25519, 100_000, 100_000);
row(CostClass.Hmac, 5_000, 5_000);

/** Reading and hashing of one byte of a token. */
const BYTE_NANOS: i64 = 8;

/** Nanoseconds of a worker for one check of a token with `inputBytes` of signing input. */
export function costNanos(costClass: CostClass, isHosts: bool, inputBytes: i32): i64 {
  const cost = unchecked(costs[costClass]);
  return (isHosts ? cost.hostNanos : cost.ownNanos) + BYTE_NANOS * <i64>inputBytes;
}
