// IP networks as text (RFC 4632): an address and the length of its prefix.
import { Bytes, at, indexOf, lengthOf, parseUnsigned, slice } from "./bytes";
import { Family, IpAddress, maskOf } from "./ip";

const COLON: u8 = 0x3a;
const SLASH: u8 = 0x2f;

export const enum CidrStatus {
  Ok = 0,
  /** The part before "/" is no IP address. */
  BadAddress = 1,
  /** The part behind "/" is no number from 0 to 32 (IPv4) or 128 (IPv6). */
  BadPrefix = 2,
  /** Bits beyond the prefix are set, so that either the address or the prefix is a mistake. */
  HostBitsSet = 3,
}

/** What would be right, for the configuration's error text. */
export function cidrHint(status: CidrStatus): string {
  if (status == CidrStatus.BadAddress) return "expected an IP address or a network like 10.0.0.0/8";
  if (status == CidrStatus.BadPrefix)
    return "expected a prefix length of 0 to 32 (IPv4) or 0 to 128 (IPv6)";
  return "the address has bits set beyond the prefix: write the network's own address, as in 10.0.0.0/8";
}

/** A network. A bare address is the network of that one address. */
@final
export class Cidr {
  private network: IpAddress = new IpAddress();
  private highMask: u64 = 0;
  private lowMask: u64 = 0;

  /** Reads "10.0.0.0/8", "2001:db8::/32" or a bare address. */
  parse(source: Bytes): CidrStatus {
    const slash = indexOf(source, SLASH);
    const network = this.network;
    const written = slash < 0 ? source : slice(source, 0, slash);
    if (!network.parse(written)) return CidrStatus.BadAddress;
    const v4 = network.family == Family.V4;
    // A mapped network is written with IPv6's lengths: ::ffff:10.0.0.0/104 is 10.0.0.0/8.
    const offset = v4 && indexOf(written, COLON) >= 0 ? 96 : 0;
    const width = v4 ? 32 : 128;
    const digits = slice(source, slash + 1);
    const bits =
      slash < 0 ? width : lengthOf(digits) > 3 ? -1 : <i32>parseUnsigned(digits) - offset;
    if (bits < 0 || bits > width || (slash >= 0 && isPadded(digits))) return CidrStatus.BadPrefix;
    this.highMask = v4 ? u64.MAX_VALUE : maskOf(bits);
    this.lowMask = v4 ? maskOf(32 + bits) : maskOf(bits - 64);
    const beyond = (network.high & ~this.highMask) | (network.low & ~this.lowMask);
    return beyond == 0 ? CidrStatus.Ok : CidrStatus.HostBitsSet;
  }

  contains(address: IpAddress): bool {
    const network = this.network;
    return (
      address.family == network.family &&
      (address.high & this.highMask) == network.high &&
      (address.low & this.lowMask) == network.low
    );
  }
}

function isPadded(digits: Bytes): bool {
  return lengthOf(digits) > 1 && at(digits, 0) == 0x30;
}
