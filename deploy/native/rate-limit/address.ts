// Client addresses and networks as Envoy prints and compares them.
import { BlockList, isIPv4, isIPv6 } from "node:net";
import type { Message } from "../envoy/message.ts";

/** envoy.config.core.v3.CidrRange. */
export interface Network {
  prefix: string;
  bits: number;
}

export function readNetwork(message: Message): Network {
  const prefix = message.text("address_prefix");
  const bits = message.whole("prefix_len") ?? 0;
  message.done();
  if (!isIPv4(prefix) && !isIPv6(prefix)) throw message.refuse("address_prefix", "is no address");
  if (bits > (isIPv4(prefix) ? 32 : 128)) throw message.refuse("prefix_len", "is too long");
  return { prefix, bits };
}

export function addressIn(address: string, { prefix, bits }: Network): boolean {
  const family = isIPv4(prefix) ? "ipv4" : "ipv6";
  if (isIPv4(address) !== isIPv4(prefix)) return false;
  const list = new BlockList();
  list.addSubnet(prefix, bits, family);
  return list.check(address, family);
}

/** `10.1.0.0/16`: the address with the bits beyond the prefix cleared. */
export function maskedAddress(address: string, v4Prefix: number, v6Prefix: number): string {
  if (isIPv4(address)) {
    const bytes = address.split(".").map(Number);
    return `${cleared(bytes, 8, v4Prefix).join(".")}/${v4Prefix}`;
  }
  return `${shortened(cleared(groupsOf(address), 16, v6Prefix))}/${v6Prefix}`;
}

function cleared(parts: readonly number[], width: number, bits: number): number[] {
  return parts.map((part, at) => {
    const kept = Math.min(Math.max(bits - at * width, 0), width);
    return part & ((2 ** kept - 1) << (width - kept));
  });
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":").map((g) => parseInt(g, 16)));
  const [left, right] = [groups(head), groups(tail ?? "")];
  if (tail === undefined) return left;
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
}

/** RFC 5952: the longest run of zero groups, two at least, as `::`. */
function shortened(groups: readonly number[]): string {
  let [start, length] = [-1, 1];
  for (let at = 0; at < groups.length; at++) {
    let end = at;
    while (end < groups.length && groups[end] === 0) end++;
    if (end - at > length) [start, length] = [at, end - at];
  }
  const hex = (some: readonly number[]) => some.map((group) => group.toString(16)).join(":");
  if (start < 0) return hex(groups);
  return `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}
