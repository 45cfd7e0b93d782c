// CPU time of a process, to the nanosecond, from the scheduler's own account of each of its
// threads.
import { readdirSync, readFileSync } from "node:fs";

/**
 * CPU nanoseconds that process `pid` has used since it began (threads that ended are not
 * counted).
 */
export function cpuNanos(pid: number): number {
  let sum = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    sum += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]);
  }
  return sum;
}

/** Resident memory in bytes. */
export function residentBytes(pid: number): number {
  const [, kib = "0"] = readFileSync(`/proc/${pid}/status`, "utf8").match(/VmRSS:\s+(\d+)/) ?? [];
  return Number(kib) * 1024;
}
