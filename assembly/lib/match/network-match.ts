// Conditions on the client's address: the networks that it is in, and those that it is not in.
import { view } from "../bytes";
import { Cursor } from "../config/reader";
import { Cidr, CidrStatus, cidrHint } from "../cidr";
import { IpAddress } from "../ip";

const WANTED = "expected a list of networks, or an object with in, not or both";


@final
export class NetworkMatch {
  private constructor(
    /** Null: any network. */
    private readonly included: Cidr[] | null,
    /** Null: none. */
    private readonly excluded: Cidr[] | null,
  ) {}

  /** Reads the member `name`: a list of networks, or {in, not}; null when it is missing. */
  static read(parent: Cursor, name: string): NetworkMatch | null {
    if (!parent.has(name)) return null;
    const at = parent.value(name);
    if (!at.isObject) return new NetworkMatch(readNetworks(parent, name), null);
    if (!at.has("in") && !at.has("not")) at.refuse("", WANTED);
    const match = new NetworkMatch(readNetworks(at, "in"), readNetworks(at, "not"));
    at.done();
    return match;
  }

  /** A client without an address (a Unix socket) is in no network. */
  holds(address: IpAddress): bool {
    const included = this.included;
    if (included !== null && !isWithin(included, address)) return false;
    const excluded = this.excluded;
    return excluded === null || !isWithin(excluded, address);
  }
}

function isWithin(networks: Cidr[], address: IpAddress): bool {
  for (let i = 0; i < networks.length; i++) {
    if (unchecked(networks[i]).contains(address)) return true;
  }
  return false;
}

/** The list `name`; null when it is missing. */
function readNetworks(at: Cursor, name: string): Cidr[] | null {
  if (!at.has(name)) return null;
  const items = at.list(name);
  const networks: Cidr[] = [];
  if (items.length == 0) at.refuse(name, "expected at least one item");
  for (let i = 0; i < items.length; i++) {
    const network = new Cidr();
    const status = network.parse(view(items[i].asBytes()));
    if (status != CidrStatus.Ok) items[i].refuse("", cidrHint(status));
    networks.push(network);
  }
  return networks;
}
