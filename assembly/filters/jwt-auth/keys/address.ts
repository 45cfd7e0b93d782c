// An http or https address, cut into what a call needs (RFC 3986 section 3). Refuses user names,
// fragments and anything that could end a header line.
import {
  Bytes,
  at,
  equalIgnoreCase,
  indexOf,
  lastIndexOf,
  lengthOf,
  owned,
  parseUnsigned,
  slice,
  startsWith,
  text,
  toText,
  utf8,
  view,
} from "../../../lib/bytes";
import { decimal } from "../../../lib/writer";

const HTTP = text("http://");
const HTTPS = text("https://");
const ADDRESS_BYTES_MAX = 2048;


@final
export class Address {
  isSecure: bool = false;
  /** Host and port as written. */
  authority: StaticArray<u8> = new StaticArray<u8>(0);
  /** Path and query; at least "/". */
  path: StaticArray<u8> = new StaticArray<u8>(0);

  /** Takes `address`; false when it is none that can be fetched. */
  read(address: Bytes): bool {
    const scheme = startsWith(address, HTTPS) ? HTTPS : HTTP;
    if (
      !startsWith(address, scheme) ||
      lengthOf(address) > ADDRESS_BYTES_MAX ||
      !isVisible(address)
    )
      return false;
    const rest = slice(address, lengthOf(scheme));
    const end = authorityEnd(rest);
    const authority = slice(rest, 0, end);
    if (end == 0 || indexOf(authority, 0x40) >= 0 || indexOf(rest, 0x23) >= 0) return false;
    const path = slice(rest, end);
    this.isSecure = scheme == HTTPS;
    this.authority = owned(authority);
    this.path = lengthOf(path) > 0 && at(path, 0) == 0x2f ? owned(path) : utf8("/" + toText(path));
    return hostOf(authority) > 0 && this.port > 0;
  }

  get host(): Bytes {
    const authority = view(this.authority);
    return slice(authority, 0, hostOf(authority));
  }

  /** The port that is written, or the scheme's; 0 for nonsense. */
  get port(): i32 {
    const authority = view(this.authority);
    const end = hostOf(authority);
    if (end == lengthOf(authority)) return this.isSecure ? 443 : 80;
    const port = parseUnsigned(slice(authority, end + 1));
    return port < 0 || port > 65_535 ? 0 : <i32>port;
  }

  /** Istio's name for the cluster of this address. */
  get cluster(): StaticArray<u8> {
    return utf8("outbound|" + decimal(this.port) + "||" + toText(this.host));
  }

  /** Whether a call to the same cluster reaches `other` too. */
  sameServer(other: Address): bool {
    return (
      this.isSecure == other.isSecure &&
      this.port == other.port &&
      equalIgnoreCase(this.host, other.host)
    );
  }
}

function authorityEnd(rest: Bytes): i32 {
  for (let i = 0; i < lengthOf(rest); i++) {
    const byte = at(rest, i);
    if (byte == 0x2f || byte == 0x3f || byte == 0x23) return i;
  }
  return lengthOf(rest);
}

/** Where the host ends: an IPv6 address has colons of its own, in brackets. */
function hostOf(authority: Bytes): i32 {
  const colon = lastIndexOf(authority, 0x3a);
  return colon > lastIndexOf(authority, 0x5d) ? colon : lengthOf(authority);
}

function isVisible(address: Bytes): bool {
  for (let i = 0; i < lengthOf(address); i++) {
    if (at(address, i) <= 0x20 || at(address, i) >= 0x7f) return false;
  }
  return true;
}
