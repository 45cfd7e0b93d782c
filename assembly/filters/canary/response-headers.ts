// What a response says of the decision: the client's cookie, the variant's name, and what caches
// have to know. A cookie must not get into a shared cache, for its key would be everybody's.
import { HeaderMap, MapType, addHeader, headerValue, replaceHeader } from "../../host/header-map";
import { Bytes, at, equal, isPresent, lengthOf, text } from "../../lib/bytes";
import { CacheControl } from "../../lib/http/cache-control";
import { Writer } from "../../lib/writer";
import { Route } from "./route";

const STATUS = text(":status");
const NOT_MODIFIED = text("304");
const SET_COOKIE = text("set-cookie");
const CACHE_CONTROL = text("cache-control");
const PRIVATE = text("private");
const VARY = text("vary");
const FINAL: u8 = 0x32;

const response = new HeaderMap();
const caching = new CacheControl();
const cookieText = new Writer();

/** Gives a client its key, unless the response is one that shared caches keep. */
export function issueCookie(route: Route, key: Bytes): void {
  response.read(MapType.ResponseHeaders);
  if (!canHaveCookie(response.get(STATUS))) return;
  readCaching();
  if (caching.isForAll) return;
  if (!caching.isClosed) addHeader(MapType.ResponseHeaders, CACHE_CONTROL, PRIVATE);
  addHeader(MapType.ResponseHeaders, SET_COOKIE, route.sticky.setCookie(key, cookieText));
}

/** Whether the response has a `cache-control`: nearly none has, and asking for one costs little. */
export function mayBeShared(): bool {
  return isPresent(headerValue(MapType.ResponseHeaders, CACHE_CONTROL));
}

/** Says which request headers chose the variant, where shared caches keep the response. */
export function addVary(names: Bytes): void {
  response.read(MapType.ResponseHeaders);
  readCaching();
  if (!caching.isShared) return;
  const known = response.get(VARY);
  if (!isPresent(known) || !equal(known, names)) addHeader(MapType.ResponseHeaders, VARY, names);
}

/** Names the variant to the client. */
export function nameVariant(route: Route, variant: i32): void {
  replaceHeader(MapType.ResponseHeaders, route.responseHeader, unchecked(route.variants[variant]));
}

/** Not a 304, which updates what a cache holds, nor a 101. */
function canHaveCookie(status: Bytes): bool {
  if (!isPresent(status) || lengthOf(status) != 3) return false;
  return at(status, 0) >= FINAL && !equal(status, NOT_MODIFIED);
}

function readCaching(): void {
  caching.reset();
  let index = response.index(CACHE_CONTROL, 0);
  for (; index >= 0; index = response.index(CACHE_CONTROL, index + 1)) {
    caching.add(response.value(index));
  }
}
