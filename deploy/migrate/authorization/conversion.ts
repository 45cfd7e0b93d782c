// What a group of RequestAuthentications and policies becomes, before it is proved.
import type { Manifest } from "../../core/source.ts";
import type { Rewritten } from "../context.ts";
import type { Placement, Resource } from "../resource.ts";
import type { Group } from "./group.ts";
import type { Scope } from "./scope.ts";

/** The settings for one place, not yet given to a draft. */
export interface PlaceSettings {
  scope: Scope;
  placement: Placement;
  name: string;
  sources: Manifest[];
  settings: Resource;
  /** Headers of `outputMatchToHeaders`. */
  matchHeaders: string[];
}

export interface Conversion {
  group: Group;
  places: PlaceSettings[];
  policies: Rewritten[];
}
