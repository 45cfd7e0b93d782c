// The part of WASI (snapshot preview 1) that Envoy offers: clocks, output that goes to the log,
// environment, randomness.
import { randomFillSync } from "node:crypto";
import type { Machine } from "./machine.ts";

/** `proc_exit`: ends the virtual machine as a trap does. */
export class ProcessExit extends Error {}

const SUCCESS = 0;
const BAD_DESCRIPTOR = 8;
const FAULT = 21;
const INVALID = 28;
const UNSUPPORTED = 58;

const REALTIME = 0;
const MONOTONIC = 1;
const STANDARD_ERROR = 2;

export function wasi(vm: Machine): Record<string, (...parameters: never[]) => number> {
  return {
    clock_time_get: (id: number, _precision: bigint, at: number) => {
      const { clock } = vm.proxy;
      if (id !== REALTIME && id !== MONOTONIC) return UNSUPPORTED;
      return vm.writeU64(at, id === REALTIME ? clock.unixNanos : clock.monotonicNanos)
        ? SUCCESS
        : FAULT;
    },
    proc_exit: (code: number) => {
      throw new ProcessExit(`proc_exit(${code})`);
    },
    random_get: (pointer: number, length: number) => {
      const place = vm.read(pointer, length);
      if (!place) return INVALID;
      randomFillSync(place);
      return SUCCESS;
    },
    fd_write: (descriptor: number, vectors: number, count: number, writtenAt: number) =>
      write(vm, descriptor, vectors, count, writtenAt),
    environ_sizes_get: (countAt: number, bytesAt: number) => {
      const entries = environmentOf(vm);
      const bytes = entries.reduce((sum, entry) => sum + entry.length, 0);
      return vm.writeU32(countAt, entries.length) && vm.writeU32(bytesAt, bytes) ? SUCCESS : FAULT;
    },
    environ_get: (pointersAt: number, bytesAt: number) => giveEnvironment(vm, pointersAt, bytesAt),
    args_sizes_get: (countAt: number, bytesAt: number) =>
      vm.writeU32(countAt, 0) && vm.writeU32(bytesAt, 0) ? SUCCESS : FAULT,
    args_get: () => SUCCESS,
    fd_read: () => UNSUPPORTED,
    fd_seek: () => UNSUPPORTED,
    fd_close: () => UNSUPPORTED,
    fd_fdstat_get: () => UNSUPPORTED,
    poll_oneoff: () => UNSUPPORTED,
    sched_yield: () => SUCCESS,
  };
}

/** Standard output logs as info, standard error as error, as in Envoy. */
function write(
  vm: Machine,
  descriptor: number,
  vectors: number,
  count: number,
  writtenAt: number,
): number {
  if (descriptor !== 1 && descriptor !== STANDARD_ERROR) return BAD_DESCRIPTOR;
  const parts: Buffer[] = [];
  for (let i = 0; i < count; i++) {
    const vector = vm.copy(vectors + 8 * i, 8);
    const part = vector && vm.copy(vector.readUInt32LE(0), vector.readUInt32LE(4));
    if (!part) return FAULT;
    parts.push(part);
  }
  const message = Buffer.concat(parts);
  vm.proxy.write(
    vm.active,
    descriptor === STANDARD_ERROR ? "error" : "info",
    message.toString("utf8").trimEnd(),
  );
  return vm.writeU32(writtenAt, message.length) ? SUCCESS : FAULT;
}

function environmentOf(vm: Machine): Buffer[] {
  return Object.entries(vm.env).map(([name, value]) => Buffer.from(`${name}=${value}\0`));
}

function giveEnvironment(vm: Machine, pointersAt: number, bytesAt: number): number {
  let at = bytesAt;
  for (const [i, entry] of environmentOf(vm).entries()) {
    const place = vm.read(at, entry.length);
    if (!place || !vm.writeU32(pointersAt + 4 * i, at)) return FAULT;
    entry.copy(place);
    at += entry.length;
  }
  return SUCCESS;
}
