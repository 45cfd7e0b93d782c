// Counters and gauges, defined at configuration and added up by the proxy over all workers.
import {
  proxy_define_metric,
  proxy_increment_metric,
  proxy_record_metric,
} from "@solo-io/proxy-runtime/assembly/imports";
import { lengthOf, pointerOf, utf8, view } from "../lib/bytes";
import { OUT, clear } from "./out";
import { Status } from "./status";

const enum MetricType {
  Counter = 0,
  Gauge = 1,
}

function define(type: MetricType, name: string): u32 {
  clear();
  const bytes = view(utf8(name));
  const status = proxy_define_metric(type, pointerOf(bytes), lengthOf(bytes), OUT);
  return status == Status.Ok ? load<u32>(OUT) : UNDEFINED;
}

/** An id no host gives out: recording to it does nothing. */
const UNDEFINED: u32 = u32.MAX_VALUE;

/** Counts events. The same name in several workers or plugins is one counter. */
@final
export class Counter {
  private id: u32;

  constructor(name: string) {
    this.id = define(MetricType.Counter, name);
  }

  add(amount: i64 = 1): void {
    if (this.id != UNDEFINED) proxy_increment_metric(this.id, amount);
  }
}

/** Counters by number, side by side: counting reads one line of memory, however many there are. */
export class CounterTable {
  private readonly ids: StaticArray<u32>;

  /** None of the numbers below `size` has a counter yet. */
  constructor(size: i32) {
    this.ids = new StaticArray<u32>(size);
    this.ids.fill(UNDEFINED);
  }

  define(number: i32, name: string): void {
    this.ids[number] = define(MetricType.Counter, name);
  }

  add(number: i32): void {
    const id = unchecked(this.ids[number]);
    if (id != UNDEFINED) proxy_increment_metric(id, 1);
  }
}

/** A value that goes up and down. The last writer among the workers wins. */
@final
export class Gauge {
  private id: u32;

  constructor(name: string) {
    this.id = define(MetricType.Gauge, name);
  }

  set(value: u64): void {
    if (this.id != UNDEFINED) proxy_record_metric(this.id, value);
  }
}
