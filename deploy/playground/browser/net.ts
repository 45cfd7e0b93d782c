// node:net in the browser: IP addresses as texts, and sets of networks.

export function isIPv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
}

/** `URL` knows the grammar. */
export function isIPv6(text: string): boolean {
  return text.includes(":") && /^[0-9a-f:.]+$/i.test(text) && URL.canParse(`http://[${text}]/`);
}

export function isIP(text: string): 0 | 4 | 6 {
  return isIPv4(text) ? 4 : isIPv6(text) ? 6 : 0;
}

/** An address as a number. Only for what `isIP` admits. */
function numberOf(address: string): bigint {
  if (isIPv4(address))
    return address.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  // The host of a URL is the shortest form, with hexadecimal groups alone.
  const { hostname } = new URL(`http://[${address}]/`);
  const [head = "", tail] = hostname.slice(1, -1).split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const [left, right] = [groups(head), groups(tail ?? "")];
  const zeros = Array<string>(8 - left.length - right.length).fill("0");
  return [...left, ...zeros, ...right].reduce(
    (sum, part) => sum * 65536n + BigInt(`0x${part}`),
    0n,
  );
}

type Family = "ipv4" | "ipv6";

/** Networks, and whether an address lies in one of them. */
export class BlockList {
  private readonly networks: { family: Family; prefix: bigint; shift: bigint }[] = [];

  addSubnet(prefix: string, bits: number, family: Family = "ipv4"): void {
    const shift = BigInt((family === "ipv4" ? 32 : 128) - bits);
    this.networks.push({ family, prefix: numberOf(prefix) >> shift, shift });
  }

  check(address: string, family: Family = "ipv4"): boolean {
    if (isIP(address) !== (family === "ipv4" ? 4 : 6)) return false;
    const number = numberOf(address);
    return this.networks.some(
      (each) => each.family === family && number >> each.shift === each.prefix,
    );
  }
}
