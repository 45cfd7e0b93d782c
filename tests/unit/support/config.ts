// Cursors over small configurations, for the units of whatever is parsed from one.
import { utf8 } from "../../../assembly/lib/bytes";
import { ConfigErrors, Cursor, readConfig } from "../../../assembly/lib/config/reader";

/** The root of `json`; its `errors.first` tells what was refused. */
export function config(json: string): Cursor {
  return readConfig(utf8(json), new ConfigErrors());
}
