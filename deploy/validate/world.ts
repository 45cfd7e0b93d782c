// Everything that is looked at together: what one resource needs, another may give.
import type { Manifest } from "../core/source.ts";
import type { Plugin } from "./plugin.ts";

export interface World {
  plugins: Plugin[];
  /** All resources, those that policies will render included. */
  resources: Manifest[];
  /** The oldest Istio of the mesh, unless a policy says otherwise. */
  istio: string;
}
