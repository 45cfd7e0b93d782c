// Which requests may wait for the keys of a provider, for how long, and when they may go on.
import { JwtStatus } from "../../../lib/jose/status";
import { KeySources } from "../key-sources";
import { RemoteKeys } from "./remote-keys";
import { WaitingList, WaitingStream } from "./waiting";

/** Time that a fetch may take beyond its timeout before a request that waits for it is refused. */
const WAIT_MARGIN_NANOS: i64 = 1_000_000_000;
/** What part of the places requests with a failed signature may take. */
const FORGED_SHARE = 4;

export const enum Wait {
  /** The request waits now. */
  Begun = 0,
  /** It would change nothing: no fetch is under way, or nothing is refused. */
  Useless = 1,
  /** As many requests wait as are allowed to. */
  Full = 2,
}


@final
export class KeyWaiters {
  constructor(
    private sources: KeySources,
    readonly list: WaitingList,
    private countMax: i32,
    /** `mode: report`: keys are fetched for a request, but it goes on at once. */
    private reportsOnly: bool,
  ) {}

  /**
   * Makes the request wait for keys of `provider`, and fetches them if that is due. Calls are made:
   * the root must be the current context.
   */
  begin(stream: WaitingStream, provider: i32, status: JwtStatus, now: i64): Wait {
    const remote = this.sources.of(provider);
    if (remote === null || !this.isWorthIt(stream, remote, status, now)) return Wait.Useless;
    if (this.reportsOnly) return Wait.Useless;
    const isForged = status == JwtStatus.VerificationFails;
    // Most signatures that fail are forged: they must not take the room of others.
    if (this.list.count >= (isForged ? this.countMax / FORGED_SHARE : this.countMax)) {
      return isForged ? Wait.Useless : Wait.Full;
    }
    this.list.add(stream, provider, remote.changes, now);
    return Wait.Begun;
  }

  private isWorthIt(stream: WaitingStream, remote: RemoteKeys, status: JwtStatus, now: i64): bool {
    if (stream.hasWaited) {
      // A fetch that ended since then has brought all that it will bring.
      if (remote.finishedAt >= stream.since) return false;
      if (now >= deadlineOf(stream, remote)) return false;
    }
    if (status == JwtStatus.KeysUnavailable) return remote.fetchForMissing(now);
    return remote.fetchForUnknown(now);
  }

  /** Whether what the request waits for has changed, or it has waited long enough. */
  maySettle(stream: WaitingStream, now: i64): bool {
    const remote = this.sources.of(stream.provider);
    if (remote === null || remote.changes != stream.changesSeen) return true;
    return now >= deadlineOf(stream, remote);
  }
}

function deadlineOf(stream: WaitingStream, remote: RemoteKeys): i64 {
  return stream.since + remote.fetchNanos + WAIT_MARGIN_NANOS;
}
