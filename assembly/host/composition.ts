// What a module of several filters (assembly/edge) does between a filter and the host. A module of
// one filter has none, and pays one comparison where it would be asked.
import { Status } from "./status";

export abstract class Composition {
  /** A filter lets the paused request of context `id` go on: the filters behind it come first. */
  abstract continueRequest(id: u32): Status;

  /** The filter at hand asks for ticks; `rootId` is 0 for the root at hand. */
  abstract setTickPeriod(rootId: u32, millis: u32): Status;
}

let current: Composition | null = null;

/** Makes `composition` the module's own; called once, when the module starts. */
export function compose(composition: Composition): void {
  current = composition;
}

/** The module's composition; null in a module of one filter. */
// @ts-ignore: decorator
@inline
export function composition(): Composition | null {
  return current;
}
