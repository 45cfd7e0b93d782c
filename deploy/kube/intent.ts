// What shall become of one policy, decided before anything is changed.
import type { Header, Resource } from "../core/resource.ts";
import type { History, Subject } from "./history.ts";
import type { Natives } from "./natives.ts";

/** One policy as it shall become. */
export interface Intent {
  subject: Subject;
  resources: Resource[];
  /** Belongs to the policy in the cluster, and is no longer wanted. */
  orphans: Header[];
  history: History;
  /** Hash of the settings that the resources came from, and what `after` in them counts from. */
  settings: string;
  start: Date;
  /** Why: `apply`, or `rollback to 3`. */
  cause: string;
  /** What the cluster has of the policy. */
  live: Resource[];
  natives: Natives;
  /**
   * Titles of what others own and migrate has read as it is: it is written over without --force.
   */
  taken: ReadonlySet<string>;
  /** On the way back to what was there before the policy: its plugins as last applied. */
  isBack?: boolean;
  leaving?: Resource[];
}
