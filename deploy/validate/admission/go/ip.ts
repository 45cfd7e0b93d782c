// Addresses and prefixes as Go's net/netip reads them.

export interface Address {
  bits: 32 | 128;
  zone?: string;
  /** An IPv4 address in IPv6's form: `::ffff:10.0.0.1`. */
  isMapped: boolean;
}

/** netip.ParseAddr; undefined when it is no address. */
export function addressOf(text: string): Address | undefined {
  if (isIpv4(text)) return { bits: 32, isMapped: false };
  const percent = text.indexOf("%");
  const zone = percent < 0 ? undefined : text.slice(percent + 1);
  const groups = ipv6Groups(percent < 0 ? text : text.slice(0, percent));
  if (!groups || zone === "") return undefined;
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  return { bits: 128, zone, isMapped };
}

/** netip.ParsePrefix. */
export function isPrefix(text: string): boolean {
  const slash = text.lastIndexOf("/");
  if (slash < 0) return false;
  const address = addressOf(text.slice(0, slash));
  const bits = text.slice(slash + 1);
  if (!address || address.zone !== undefined || !/^(0|[1-9]\d{0,2})$/.test(bits)) return false;
  return Number(bits) <= address.bits;
}

function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return (
    parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && +part < 256)
  );
}

/** The eight groups of an IPv6 address. */
function ipv6Groups(text: string): number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2 || text.includes(":::")) return undefined;
  const [head, tail] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const before = groupsOf(head!, halves.length === 1);
  const after = tail && groupsOf(tail, true);
  if (!before || (tail && !after)) return undefined;
  const missing = 8 - before.length - (after?.length ?? 0);
  if (halves.length === 1) return missing === 0 ? before : undefined;
  return missing >= 1 ? [...before, ...Array<number>(missing).fill(0), ...after!] : undefined;
}

/** Sixteen bits each; at the end of the address, the last may be an IPv4 address. */
function groupsOf(parts: string[], isEnd: boolean): number[] | undefined {
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (isEnd && index === parts.length - 1 && isIpv4(part)) {
      const [a, b, c, d] = part.split(".").map(Number);
      groups.push(a! * 256 + b!, c! * 256 + d!);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}
