// The network that a request comes from, as far as a flood is told from other clients by it: what
// one subscriber or site usually has.
import { RequestView } from "../../../lib/http/request";
import { Family, IpAddress } from "../../../lib/ip";
import { mix } from "../../../lib/hash";

const V4_BITS = 24;
const V6_BITS = 48;

const network = new IpAddress();

/** A number for the network; the same for all clients without an address (a Unix socket). */
export function sourceNetwork(request: RequestView): u64 {
  network.set(request.sourceIp());
  if (network.family == Family.None) return 0;
  network.mask(V4_BITS, V6_BITS);
  return mix(network.high + <u64>network.family) ^ network.low;
}
