// An example that the page can open; `build.ts` makes them from the site's tutorials and from
// `examples/`.
import type { Case } from "../../emulator/cases.ts";

export interface Preset {
  id: string;
  title: string;
  settings: string;
  cases: string;
  manifests: string;
  /** The request that the form starts with: the first case's. */
  request: Case;
}
