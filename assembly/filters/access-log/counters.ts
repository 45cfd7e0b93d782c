// Counters whose names begin alike, in the order of a list of words.
import { Counter } from "../../host/metrics";
import { Bytes, NONE, toText } from "../../lib/bytes";
import { wordAt } from "./words";

/** The counters `prefix` and each of `names`. */
export function countersOf(prefix: string, names: Bytes): StaticArray<Counter> {
  const counters: Counter[] = [];
  for (let name = wordAt(names, 0); name != NONE; name = wordAt(names, counters.length)) {
    counters.push(new Counter(prefix + toText(name)));
  }
  return StaticArray.fromArray(counters);
}
