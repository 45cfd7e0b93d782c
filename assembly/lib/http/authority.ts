// One spelling for each host. A client may write `API.Shop.example.`, `api.shop.example:443` or
// `api.shop.example`: proxies and servers take all three for the same host (RFC 3986 section 6.2).
import { Bytes, NONE, at, bytes, lengthOf, lower, pointerOf, slice } from "../bytes";
import { Writer } from "../writer";

const COLON: u8 = 0x3a;
const DOT: u8 = 0x2e;
const ZERO: u8 = 0x30;
const CLOSE: u8 = 0x5d;
const HTTP_PORT: i32 = 80;
const HTTPS_PORT: i32 = 443;

/**
 * The authority in lower case, without trailing dots and without the port of http or https. Which
 * of the two schemes the client used is not asked: behind a TLS-terminating hop it is not known.
 * Another port stays, without leading zeros. The view itself when nothing is to change; else in
 * `to`.
 */
export function normalizedAuthority(authority: Bytes, to: Writer): Bytes {
  if (authority == NONE) return NONE;
  const colon = portColon(authority);
  const end = colon < 0 ? lengthOf(authority) : colon;
  const host = withoutTrailingDots(slice(authority, 0, end));
  const port = colon < 0 ? -1 : portNumber(slice(authority, colon + 1));
  const isKept = colon >= 0 && (port < 0 || (port != HTTP_PORT && port != HTTPS_PORT && port != 0));
  const digits = isKept ? withoutLeadingZeros(slice(authority, colon + 1)) : slice(authority, 0, 0);
  const isJoined = isKept && lengthOf(host) + 1 + lengthOf(digits) == lengthOf(authority);
  if (!hasUpperCase(host) && (isJoined || !isKept)) return isJoined ? authority : host;
  to.reset();
  for (let i = 0; i < lengthOf(host); i++) to.byte(lower(at(host, i)));
  if (isKept) {
    to.byte(COLON);
    to.bytes(digits);
  }
  return to.view();
}

/** Where the port begins: the colon behind the host, not one inside of an IPv6 address; or -1. */
function portColon(authority: Bytes): i32 {
  for (let i = lengthOf(authority) - 1; i >= 0; i--) {
    const byte = at(authority, i);
    if (byte == COLON) return i;
    if (byte == CLOSE) return -1;
  }
  return -1;
}

/** The port; 0 when nothing is written; -1 when it is no number up to 65535. */
function portNumber(text: Bytes): i32 {
  let port = 0;
  for (let i = 0; i < lengthOf(text); i++) {
    const digit = at(text, i) - ZERO;
    if (digit > 9) return -1;
    port = port * 10 + <i32>digit;
    if (port > 65535) return -1;
  }
  return port;
}

function withoutLeadingZeros(digits: Bytes): Bytes {
  let start = 0;
  while (start < lengthOf(digits) - 1 && at(digits, start) == ZERO) start++;
  return slice(digits, start);
}

function withoutTrailingDots(host: Bytes): Bytes {
  let end = lengthOf(host);
  while (end > 0 && at(host, end - 1) == DOT) end--;
  return bytes(pointerOf(host), end);
}

function hasUpperCase(host: Bytes): bool {
  for (let i = 0; i < lengthOf(host); i++) {
    if (lower(at(host, i)) != at(host, i)) return true;
  }
  return false;
}
