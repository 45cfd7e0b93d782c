// Whether the machine did anything beside the benchmark: figures of a busy machine are no figures.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** The share of the machine that may be busy before a run begins. */
const BUSY_SHARE_MAX = 0.05;
const SAMPLE_MILLIS = 1500;

/** Ticks of all processors: busy ones (stolen by the hypervisor's other guests too), and all. */
function ticks(): { busy: number; all: number } {
  const [line = ""] = readFileSync("/proc/stat", "utf8").split("\n");
  const [user, nice, system, idle, wait, irq, softIrq, steal] = line
    .split(/\s+/)
    .slice(1, 9)
    .map(Number) as [number, number, number, number, number, number, number, number];
  const busy = user + nice + system + irq + softIrq + steal;
  return { busy, all: busy + idle + wait };
}

/** The share of the machine's time, 0 to 1, that something uses while this process sleeps. */
export async function busyShare(): Promise<number> {
  const before = ticks();
  await sleep(SAMPLE_MILLIS);
  const after = ticks();
  return (after.busy - before.busy) / Math.max(1, after.all - before.all);
}

/** The reason why a run would be invalid; undefined on a quiet machine. */
export async function reasonNotToMeasure(): Promise<string | undefined> {
  const share = await busyShare();
  if (share <= BUSY_SHARE_MAX) return undefined;
  const percent = (share * 100).toFixed(0);
  return `the machine is ${percent} % busy with other work; end it, then run the benchmark again`;
}
