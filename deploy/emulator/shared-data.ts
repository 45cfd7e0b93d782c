// What all virtual machines of one proxy share: data with compare-and-swap, and metrics.
import { Status } from "./abi.ts";

export interface SharedValue {
  value: Buffer;
  /** Changes with every write, never 0. */
  version: number;
}

/** Envoy's store: one namespace, no delete, no expiry. */
export class SharedData {
  private readonly values = new Map<string, SharedValue>();
  private nextVersion = 1;

  /** Keys are bytes; they are held as latin1 text. */
  get(key: Buffer): SharedValue | undefined {
    return this.values.get(key.toString("latin1"));
  }

  /** Version 0 overwrites. A version given for a key that is not there is not looked at. */
  set(key: Buffer, value: Buffer, version: number): number {
    const name = key.toString("latin1");
    const existing = this.values.get(name);
    if (existing && version !== 0 && version !== existing.version) return Status.CasMismatch;
    this.values.set(name, { value, version: this.nextVersion++ });
    return Status.Ok;
  }

  keys(): string[] {
    return [...this.values.keys()];
  }

  /** Bytes of all values, to see that memory stays bounded. */
  get bytes(): number {
    return [...this.values.values()].reduce((sum, { value }) => sum + value.length, 0);
  }
}

const COUNTER = 0;
const GAUGE = 1;
const HISTOGRAM = 2;

interface Metric {
  type: number;
  name: string;
  value: bigint;
}

/**
 * Metrics by name over all virtual machines; ids are the emulator's, the type in the low two bits
 * as in Envoy.
 */
export class Metrics {
  private readonly byId: Metric[] = [];
  private readonly byName = new Map<string, number>();

  /** The id, or undefined for an unknown type. */
  define(type: number, name: string): number | undefined {
    if (type > HISTOGRAM) return undefined;
    const key = `${type} ${name}`;
    let index = this.byName.get(key);
    if (index === undefined) {
      index = this.byId.push({ type, name, value: 0n }) - 1;
      this.byName.set(key, index);
    }
    return ((index + 1) << 2) | type;
  }

  private find(id: number): Metric | undefined {
    const metric = this.byId[(id >>> 2) - 1];
    return metric?.type === (id & 3) ? metric : undefined;
  }

  increment(id: number, offset: bigint): number {
    const metric = this.find(id);
    if (!metric) return (id & 3) < HISTOGRAM ? Status.NotFound : Status.BadArgument;
    if (metric.type === HISTOGRAM || (metric.type === COUNTER && offset <= 0n))
      return Status.BadArgument;
    metric.value += offset;
    return Status.Ok;
  }

  record(id: number, value: bigint): number {
    const metric = this.find(id);
    if (!metric) return Status.NotFound;
    metric.value = metric.type === GAUGE ? value : metric.value + value;
    return Status.Ok;
  }

  /** The value, or the status that says why there is none. */
  read(id: number): bigint | number {
    if ((id & 3) >= HISTOGRAM) return Status.BadArgument;
    return this.find(id)?.value ?? Status.NotFound;
  }

  /** By name; 0 for one never defined. Histograms give the sum of what was recorded. */
  get(name: string): number {
    return Number(this.byId.find((metric) => metric.name === name)?.value ?? 0n);
  }

  /** All that are defined, those that count nothing yet among them. */
  all(): Record<string, number> {
    return Object.fromEntries(this.byId.map((metric) => [metric.name, Number(metric.value)]));
  }
}
