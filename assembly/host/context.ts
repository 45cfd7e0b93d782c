// The two kinds of context of the ABI. A filter extends both: Root is one configured plugin,
// Stream one request of it.

export const enum HeaderAction {
  Continue = 0,
  /** Holds the request, body included, until `continueRequest`; or a local reply has been sent. */
  Stop = 1,
}

/**
 * One request. Objects are pooled by their root: `open` puts back every field, so nothing is
 * allocated per request once the pool has grown to the number of concurrent streams.
 */
export abstract class Stream {
  /** The ABI's context id; never used twice in a VM. */
  id: u32 = 0;
  root: Root | null = null;
  /** Among the idle ones of its root. */
  nextIdle: Stream | null = null;

  /** A request begins; the object may have served another before. */
  open(): void {}

  onRequestHeaders(endOfStream: bool): HeaderAction {
    return HeaderAction.Continue;
  }

  onResponseHeaders(endOfStream: bool): HeaderAction {
    return HeaderAction.Continue;
  }

  /** A part of the request's body has come; the proxy hands it on at once. */
  onRequestBody(endOfStream: bool): void {}

  /** Only when the response has trailers; without them nothing is paid. */
  onResponseTrailers(): void {}

  /**
   * The request is over, also when it was refused elsewhere or reset. Header maps and properties
   * can still be read.
   */
  onLog(): void {}

  /**
   * The last callback of a request. Properties can still be read (Envoy, and the hosts of the
   * second opinion), headers not.
   */
  close(): void {}
}

/** One plugin configuration in one VM. */
export abstract class Root {
  id: u32 = 0;

  /** The root that came before this one. */
  older: Root | null = null;

  /** A stream that ended and waits to be used again, and through it all others. */
  idle: Stream | null = null;

  /** Takes a configuration, or refuses it (the old one then stays in force) and logs why. */
  abstract configure(configuration: StaticArray<u8>): bool;

  abstract createStream(): Stream;

  onTick(): void {}

  /**
   * The answer to a call; `headers` 0 means there was none (connection failed in a way Envoy
   * gives no status for).
   */
  onCallAnswer(token: u32, headers: i32, bodyBytes: i32, trailers: i32): void {}

  /**
   * The plugin goes away, and with it its ticks and its calls, the one in flight too. `successor`
   * is the newest of the other roots in this virtual machine: after an update of the settings the
   * new one. Without one the virtual machine is about to end.
   */
  close(successor: Root | null): void {}
}
