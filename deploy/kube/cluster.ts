// A Kubernetes cluster, as the tool uses it. Knows resources, not how they travel: the client is in
// api-server.ts, so that verbs without a cluster never load it.
import type { Header, Resource } from "../core/resource.ts";
import type { Conflict } from "./conflict.ts";

/** The cluster that is meant, as a user knows it. */
export interface Target {
  context: string;
  server: string;
}

/** Who we are among the owners of fields (server-side apply). */
export const fieldManager = "gatehouse";

export interface ApplyOptions {
  dryRun?: boolean;
  /** Takes over fields that others own. */
  force?: boolean;
}

/** A conflict is an answer, not an error: the caller shows all of them at once. */
export type Applied =
  { resource: Resource; conflicts?: undefined } | { resource?: undefined; conflicts: Conflict[] };

export interface Cluster {
  readonly target: Target;
  apply(resource: Resource, options?: ApplyOptions): Promise<Applied>;
  /** Undefined when there is none. */
  read(header: Header): Promise<Resource | undefined>;
  /** Undefined when the cluster does not have the kind. */
  list(
    apiVersion: string,
    kind: string,
    labelSelector?: string,
    namespace?: string,
  ): Promise<Resource[] | undefined>;
  /** False when there was none. */
  remove(header: Header): Promise<boolean>;
}
