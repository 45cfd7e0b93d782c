// Conditions on who sends: the client's network, and the identity in its certificate.
import { isPresent, lengthOf, view } from "../bytes";
import { Cursor } from "../config/reader";
import { RequestView } from "../http/request";
import { Cidr, CidrStatus, Family, IpAddress, cidrHint } from "../ip";
import { StringMatch } from "./string-match";

/** Both lists must hold; a list holds when one of its items does. */
@final
export class SourceMatch {
  private constructor(
    private readonly networks: Cidr[] | null,
    private readonly principals: StringMatch[] | null,
  ) {}

  /** Reads `sourceAddresses` and `sourcePrincipals`; null when there is neither. */
  static read(at: Cursor): SourceMatch | null {
    const networks = readNetworks(at, "sourceAddresses");
    const principals = readPrincipals(at, "sourcePrincipals");
    return networks === null && principals === null ? null : new SourceMatch(networks, principals);
  }

  holds(request: RequestView): bool {
    const networks = this.networks;
    if (networks !== null && !isWithin(networks, request.sourceIp())) return false;
    const principals = this.principals;
    return principals === null || isNamed(principals, request);
  }
}

function isWithin(networks: Cidr[], address: IpAddress): bool {
  if (address.family == Family.None) return false;
  for (let i = 0; i < networks.length; i++) {
    if (unchecked(networks[i]).contains(address)) return true;
  }
  return false;
}

/** A URI may hold commas, so the identity is one text. No certificate meets no condition. */
function isNamed(principals: StringMatch[], request: RequestView): bool {
  const identity = request.sourcePrincipal();
  if (!isPresent(identity) || lengthOf(identity) == 0) return false;
  for (let i = 0; i < principals.length; i++) {
    if (unchecked(principals[i]).matchesIn(request, identity)) return true;
  }
  return false;
}

function readNetworks(at: Cursor, member: string): Cidr[] | null {
  if (!at.has(member)) return null;
  const items = at.list(member);
  const networks: Cidr[] = [];
  if (items.length == 0) at.refuse(member, "expected at least one item");
  for (let i = 0; i < items.length; i++) {
    const network = new Cidr();
    const status = network.parse(view(items[i].asBytes()));
    if (status != CidrStatus.Ok) items[i].refuse("", cidrHint(status));
    networks.push(network);
  }
  return networks;
}

function readPrincipals(at: Cursor, member: string): StringMatch[] | null {
  if (!at.has(member)) return null;
  const items = at.list(member);
  const principals: StringMatch[] = [];
  if (items.length == 0) at.refuse(member, "expected at least one item");
  for (let i = 0; i < items.length; i++) principals.push(StringMatch.read(items[i]));
  return principals;
}
