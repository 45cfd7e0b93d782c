// What the parts of the emulated proxy ask of one another: host functions of their machine, a
// machine of its contexts and its proxy. Interfaces alone, so that no part needs another's file.
import type { LogLevel } from "./abi.ts";
import type { Clock } from "./clock.ts";
import type { ForeignResult } from "./foreign.ts";
import type { HeaderMap } from "./headers.ts";
import type { LocalReply } from "./local-reply.ts";
import type { Metrics, SharedData } from "./shared-data.ts";
import type { Tree } from "./tree.ts";

/** A call of a plugin to another cluster. */
export interface Call {
  cluster: string;
  headers: HeaderMap;
  body: Buffer;
  timeoutMillis: number;
  plugin: string;
  token: number;
}

export interface CallAnswer {
  headers: HeaderMap;
  body: Buffer;
  trailers?: HeaderMap;
}

/** The proxy, as a machine and its contexts see it. */
export interface Host {
  readonly clock: Clock;
  readonly shared: SharedData;
  readonly metrics: Metrics;
  readonly node: Tree;
  readonly logLevel: LogLevel;
  readonly foreignFunctions: ReadonlySet<string>;
  write(context: HostContext | undefined, level: LogLevel, message: string): void;
  setShared(key: Buffer, value: Buffer, version: number): number;
  hasCluster(name: string): boolean;
  /** False when the call cannot even be sent; without an answer the connection broke. */
  startCall(call: Call, onAnswer: (answer: CallAnswer | undefined) => void): boolean;
}

/** The root context, as host functions see it. */
export interface HostRoot {
  readonly worker: number;
  setTickPeriod(millis: number): number;
  done(): number;
  /** A number is the status that the call is refused with. */
  openCall(
    cluster: string,
    pairs: [string, Buffer][],
    body: Buffer,
    timeoutMillis: number,
  ): { token: number } | number;
}

/** A context, as its machine and host functions see it. Numbers are statuses. */
export interface HostContext {
  readonly id: number;
  readonly plugin: { readonly name: string };
  readonly root: HostRoot;
  readonly stream?: object;
  readonly isLogging: boolean;
  readableMap(type: number): HeaderMap | undefined;
  writableMap(type: number): HeaderMap | undefined;
  headersChanged(type: number): void;
  buffer(type: number): Buffer | undefined;
  replaceBuffer(type: number, start: number, length: number, data: Buffer): number;
  property(path: string): Buffer | number;
  setProperty(path: string, value: Buffer): number;
  continueStream(type: number): number;
  closeStream(type: number): number;
  sendLocalReply(reply: LocalReply): number;
  callForeign(name: string, argument: Buffer): ForeignResult;
}

/** A virtual machine, as host functions see it. */
export interface Machine {
  readonly proxy: Host;
  readonly env: Readonly<Record<string, string>>;
  /** The context that a host call is about. */
  readonly active: HostContext;
  /** `proxy_set_effective_context`: false when there is no such context (any more). */
  useContext(id: number): boolean;
  read(pointer: number, length: number): Buffer | undefined;
  copy(pointer: number, length: number): Buffer | undefined;
  writeU32(pointer: number, value: number): boolean;
  writeU64(pointer: number, value: bigint): boolean;
  give(data: Buffer, pointerAt: number, lengthAt: number): boolean;
}
