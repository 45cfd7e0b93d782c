// Shared data for units: what several workers of one proxy would share, and a hook for another
// worker to be faster.
import { Bytes, NONE, at, lengthOf, owned, view } from "../../../assembly/lib/bytes";
import { SharedStore, SharedValue } from "../../../assembly/lib/shared-store";

/** How a host treats versions. */
export const enum Rules {
  /** Envoy: 0 overwrites; of a value that is not there the version is not looked at. */
  Envoy,
  /**
   * proxy-wasm-go-sdk's test host: versions must be equal, 0 too; the first write decides where
   * they begin.
   */
  Strict,
  /** A host that creates only under 0, and overwrites nothing. */
  CreatesUnderZero,
}

/** The values, shared by the stores of all workers. */
export class SharedValues {
  readonly values: Map<string, StaticArray<u8>> = new Map<string, StaticArray<u8>>();
  readonly versions: Map<string, u32> = new Map<string, u32>();
  next: u32 = 1;
  reads: i32 = 0;
  writes: i32 = 0;
  /**
   * The next so many writes meet another worker that was faster: its bytes are what was there,
   * written anew.
   */
  racesLeft: i32 = 0;
  /** Before the next write under `rivalKey`, another worker writes `rivalValue` there. */
  rivalKey: string = "";
  rivalValue: StaticArray<u8> = new StaticArray<u8>(0);

  constructor(readonly rules: Rules = Rules.Envoy) {}

  set(key: string, value: Bytes, version: u32): bool {
    if (this.rivalKey == key) {
      this.rivalKey = "";
      this.values.set(key, this.rivalValue);
      this.versions.set(key, this.next++);
    }
    const exists = this.values.has(key);
    if (exists && this.racesLeft > 0) {
      this.racesLeft--;
      this.versions.set(key, this.next++);
    }
    const known = exists ? this.versions.get(key) : 0;
    if (this.rules == Rules.Envoy && exists && version != 0 && version != known) return false;
    if (this.rules == Rules.Strict && exists && version != known) return false;
    if (this.rules == Rules.CreatesUnderZero && version != known) return false;
    this.values.set(key, owned(value));
    this.versions.set(key, this.rules == Rules.Strict ? version + 1 : this.next++);
    this.writes++;
    return true;
  }
}


@final
export class FakeStore extends SharedStore {
  /** Answers of the host lie in memory of their own until the request is over. */
  private readonly answers: StaticArray<u8>[] = [];

  constructor(readonly shared: SharedValues) {
    super();
  }

  read(key: Bytes, into: SharedValue): Bytes {
    const name = named(key);
    this.shared.reads++;
    into.version = this.shared.versions.has(name) ? this.shared.versions.get(name) : 0;
    into.value = NONE;
    if (!this.shared.values.has(name)) return NONE;
    const answer = owned(view(this.shared.values.get(name)));
    this.answers.push(answer);
    into.value = view(answer);
    return into.value;
  }

  exists(key: Bytes): bool {
    return this.shared.values.has(named(key));
  }

  write(key: Bytes, value: Bytes, version: u32): bool {
    return this.shared.set(named(key), value, version);
  }
}

/** Keys are bytes: each becomes a character. */
function named(key: Bytes): string {
  let name = "";
  for (let i = 0; i < lengthOf(key); i++) name += String.fromCharCode(at(key, i));
  return name;
}
