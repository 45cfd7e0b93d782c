// The request headers that decide for a hop, over all routes: verdicts and forced variants. Each counts only from senders
// that a route of that header trusts; from all others it is taken away, so that no later hop takes it for ours.
import { Bytes, equal, owned, view } from "../../lib/bytes";
import { RequestView } from "../../lib/http/request";
import { MatchList } from "../../lib/match/match";
import { Route } from "./route";

/** One header, and whose it may come from. */
@final
export class VerdictHeader {
  private readonly admitted: MatchList[] = [];

  constructor(readonly name: StaticArray<u8>) {}

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
export class VerdictHeaders {
  readonly list: VerdictHeader[] = [];

  add(route: Route): void {
    this.of(view(route.header)).admit(route.trust);
    if (route.forceHeader.length > 0) this.of(view(route.forceHeader)).admit(route.forceTrust);
  }

  private of(name: Bytes): VerdictHeader {
    for (let i = 0; i < this.list.length; i++) {
      if (equal(view(this.list[i].name), name)) return this.list[i];
    }
    const header = new VerdictHeader(owned(name));
    this.list.push(header);
    return header;
  }
}
