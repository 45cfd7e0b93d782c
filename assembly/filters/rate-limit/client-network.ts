// The client's network: its address with the bits beyond a prefix cleared.
import { Bytes, NONE, bytes, isPresent } from "../../lib/bytes";
import { siphash } from "../../lib/hash";
import { RequestView } from "../../lib/http/request";
import { Family, IpAddress } from "../../lib/ip";
import { Writer } from "../../lib/writer";
import { NETWORK_V4_PREFIX, NETWORK_V6_PREFIX } from "./overflow";
import { Secret } from "./secret";

/** The family and both words of an address. */
const NETWORK_BYTES = 17;

const network = memory.data(NETWORK_BYTES);
const masked = new IpAddress();
const networkText = new Writer();

/** The network as bytes; NONE without an address. Valid until the next network is asked for. */
export function networkIn(request: RequestView, v4Prefix: i32, v6Prefix: i32): Bytes {
  const address = request.sourceIp();
  if (address.family == Family.None) return NONE;
  masked.set(address);
  masked.mask(v4Prefix, v6Prefix);
  store<u8>(network, masked.family);
  store<u64>(network, masked.high, 1);
  store<u64>(network, masked.low, 9);
  return bytes(network, NETWORK_BYTES);
}

/**
 * The network as text: IPv4 with dots, IPv6 as eight groups, and its prefix unless it is one
 * address. Empty without an address.
 */
export function networkTextIn(request: RequestView, v4Prefix: i32, v6Prefix: i32): Bytes {
  const address = request.sourceIp();
  networkText.reset();
  if (address.family == Family.None) return networkText.view();
  masked.set(address);
  masked.mask(v4Prefix, v6Prefix);
  const isV4 = masked.family == Family.V4;
  if (isV4) putV4(masked.low);
  else putV6(masked);
  const prefix = isV4 ? v4Prefix : v6Prefix;
  if (prefix != (isV4 ? 32 : 128)) {
    networkText.byte(0x2f);
    networkText.decimal(prefix);
  }
  return networkText.view();
}

function putV4(address: u64): void {
  for (let i = 0; i < 4; i++) {
    if (i > 0) networkText.byte(0x2e);
    networkText.decimal((address >> (24 - 8 * i)) & 0xff);
  }
}

function putV6(address: IpAddress): void {
  for (let i = 0; i < 8; i++) {
    if (i > 0) networkText.byte(0x3a);
    const word = i < 4 ? address.high : address.low;
    networkText.hexNumber(<u32>((word >> (48 - 16 * (i & 3))) & 0xffff));
  }
}

/** The hash of the network, as overflow buckets tell networks apart; 0 without an address. */
export function networkHash(request: RequestView, secret: Secret): u64 {
  const found = networkIn(request, NETWORK_V4_PREFIX, NETWORK_V6_PREFIX);
  return isPresent(found) ? siphash(found, secret.k0, secret.k1) : 0;
}
