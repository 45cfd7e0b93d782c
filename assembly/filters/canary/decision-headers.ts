// The request headers that decide for a hop, over all routes: decisions and forced variants. Each
// counts only from senders that a route of that header trusts; from all others it is taken away,
// so that no later hop takes it for ours.
import { Bytes, equal, lengthOf } from "../../lib/bytes";
import { RequestView } from "../../lib/http/request";
import { MatchList } from "../../lib/match/match";
import { Route } from "./route";

/** One header, and whose it may come from. */
@final
export class DecisionHeader {
  private readonly admitted: MatchList[] = [];

  constructor(
    /** One of the routes keeps it. */
    readonly name: Bytes,
  ) {}

  admit(trust: MatchList): void {
    if (!trust.isEmpty) this.admitted.push(trust);
  }

  /** Whether the sender of this request may bring the header. */
  isTrustedIn(request: RequestView): bool {
    for (let i = 0; i < this.admitted.length; i++) {
      if (unchecked(this.admitted[i]).matches(request)) return true;
    }
    return false;
  }
}


@final
export class DecisionHeaders {
  private readonly list: DecisionHeader[] = [];

  all(): StaticArray<DecisionHeader> {
    return StaticArray.fromArray(this.list);
  }

  add(route: Route): void {
    route.headerIndex = this.admit(route.header, route.trust);
    if (lengthOf(route.forceHeader) > 0) this.admit(route.forceHeader, route.forceTrust);
  }

  /** Lets whom `trust` admits bring the header `name`; gives its index. */
  private admit(name: Bytes, trust: MatchList): i32 {
    let index = 0;
    while (index < this.list.length && !equal(this.list[index].name, name)) index++;
    if (index == this.list.length) this.list.push(new DecisionHeader(name));
    this.list[index].admit(trust);
    return index;
  }
}
