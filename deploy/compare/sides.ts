// Two meshes that are asked the same.
import type { Decider } from "../native/types.ts";

export interface Sides {
  old: Decider;
  next: Decider;
  close(): void;
}
