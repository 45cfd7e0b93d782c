// Conditions on who sends: the client's network, and the identity in its certificate.
import { isPresent, lengthOf } from "../bytes";
import { Cursor } from "../config/reader";
import { RequestView } from "../http/request";
import { NetworkMatch } from "./network-match";
import { StringMatch } from "./string-match";

/** Both conditions must hold. */
@final
export class SourceMatch {
  private constructor(
    private readonly networks: NetworkMatch | null,
    private readonly principals: StringMatch[] | null,
  ) {}

  /** Reads `sourceAddresses` and `sourcePrincipals`; null when there is neither. */
  static read(at: Cursor): SourceMatch | null {
    const networks = NetworkMatch.read(at, "sourceAddresses");
    const principals = readPrincipals(at, "sourcePrincipals");
    return networks === null && principals === null ? null : new SourceMatch(networks, principals);
  }

  holds(request: RequestView): bool {
    const networks = this.networks;
    if (networks !== null && !networks.holds(request.sourceIp())) return false;
    const principals = this.principals;
    return principals === null || isNamed(principals, request);
  }
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

function readPrincipals(at: Cursor, member: string): StringMatch[] | null {
  if (!at.has(member)) return null;
  const items = at.list(member);
  const principals: StringMatch[] = [];
  if (items.length == 0) at.refuse(member, "expected at least one item");
  for (let i = 0; i < items.length; i++) principals.push(StringMatch.read(items[i]));
  return principals;
}
