// All key sets that come over the network, and what the policy must forget when one of them
// changes.
import { Config } from "./config";
import { Policy } from "./policy";
import { KeySource } from "./provider";
import { RemoteKeys } from "./keys/remote-keys";


@final
export class KeySources {
  private remotes: RemoteKeys[] = [];

  constructor(
    config: Config,
    private policy: Policy,
  ) {
    for (let i = 0; i < config.providers.length; i++) {
      const provider = config.providers[i];
      if (provider.keySource == KeySource.Inline) continue;
      this.remotes.push(new RemoteKeys(provider, policy.rings[i], config.instance));
    }
  }

  get isEmpty(): bool {
    return this.remotes.length == 0;
  }

  /** Whether a provider has no keys now. */
  get lacksKeys(): bool {
    for (let i = 0; i < this.remotes.length; i++) {
      if (unchecked(this.remotes[i]).ring.keys === null) return true;
    }
    return false;
  }

  /** The source of the provider at this index; null where its keys are in the configuration. */
  of(provider: i32): RemoteKeys | null {
    for (let i = 0; i < this.remotes.length; i++) {
      if (unchecked(this.remotes[i]).provider.index == provider) return unchecked(this.remotes[i]);
    }
    return null;
  }

  /** Looks what other workers fetched for one provider. True: its keys are others now. */
  refresh(provider: i32, now: i64): bool {
    const remote = this.of(provider);
    return remote !== null && this.forget(remote, remote.refresh(now));
  }

  /** What is due by the clock. */
  tick(now: i64): void {
    for (let i = 0; i < this.remotes.length; i++) {
      const remote = unchecked(this.remotes[i]);
      this.forget(remote, remote.refresh(now));
      remote.tick(now);
    }
  }

  /** Takes the answer to a call, if it is one of ours. */
  take(token: u32, headers: i32, bodyBytes: i32, now: i64): void {
    for (let i = 0; i < this.remotes.length; i++) {
      const remote = unchecked(this.remotes[i]);
      if (remote.owns(token)) this.forget(remote, remote.take(headers, bodyBytes, now));
    }
  }

  private forget(remote: RemoteKeys, hasChanged: bool): bool {
    if (hasChanged) this.policy.forgetProvider(remote.provider);
    return hasChanged;
  }
}
