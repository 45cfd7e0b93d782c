// A request's header map as Envoy's filters see it: pseudo headers by name, `host` as `:authority`,
// and the headers that Envoy keeps in one slot joined. The map itself is the emulator's, which has
// that list.
import { HeaderMap } from "../../emulator/headers.ts";
import type { Exchange } from "../types.ts";

/** Values of one header in order; none when it is absent. */
export type Lookup = (name: string) => readonly string[];

export function lookupIn({ request, headers, path }: Exchange): Lookup {
  const map = new HeaderMap(headers.map(([name, value]): [string, string] => [name, value]));
  const pseudo: Record<string, string> = {
    ":method": request.method,
    ":scheme": request.scheme,
    ":authority": request.host,
    ":path": path,
    host: request.host,
  };
  return (name) => {
    const key = name.toLowerCase();
    const value = pseudo[key];
    return value === undefined ? map.getAll(key) : [value];
  };
}
