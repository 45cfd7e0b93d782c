// Takes from a request what a client sent under other spellings of the headers that a filter sets.
import { OwnHeaders } from "../lib/http/own-headers";
import { RequestView } from "../lib/http/request";
import { MapType, removeHeader } from "./header-map";

/**
 * Removes every alias (own-headers.ts) of `own` from the current request. The names themselves are
 * the caller's to set or remove. `request` is the view on the same request.
 */
export function removeAliases(own: OwnHeaders, request: RequestView): void {
  if (own.isEmpty) return;
  const count = request.headerCount();
  for (let i = 0; i < count; i++) {
    const name = request.headerName(i);
    if (own.isAlias(name)) removeHeader(MapType.RequestHeaders, name);
  }
}
