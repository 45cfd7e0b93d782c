// What is being written: settings of any shape, and where in the mesh they are for.

/** Settings while they are being made; the schemas say at the end whether they fit. */
export type Resource = Record<string, unknown>;

/** The settings file's words for the proxies that it is for. */
export interface Placement extends Resource {
  gateway?: Selection;
  sidecar?: Selection;
  waypoint?: { targetRefs: object[] };
  targetRefs?: object[];
}

interface Selection {
  selector?: Record<string, string>;
  direction?: string;
  ports?: number[];
}
