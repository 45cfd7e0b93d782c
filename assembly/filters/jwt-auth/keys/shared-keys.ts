// What the workers of a proxy share about the keys of one provider, in the proxy's shared data:
//
//   jwt-auth/<instance>/<provider>-<digest of address and cluster>/record    FetchRecord
//   jwt-auth/<instance>/<provider>-<digest of address and cluster>/keys      edition u32 | the key set as it came
import {
  Bytes,
  EMPTY,
  NONE,
  bytes,
  equal,
  lengthOf,
  pointerOf,
  slice,
  utf8,
  view,
} from "../../../lib/bytes";
import { allocate } from "../../../host/arena";
import { SharedData } from "../../../host/shared-data";
import { siphash } from "../../../lib/hash";
import { SharedStore, SharedValue } from "../../../lib/shared-store";
import { decimal } from "../../../lib/writer";
import { FetchRecord } from "./fetch-record";
import { Provider } from "../provider";

/** What stands before the key set. */
const EDITION_BYTES = 4;


@final
export class SharedKeys {
  /** As of the last `look`, with what has been changed in it since. */
  readonly record: FetchRecord = new FetchRecord();
  /** The edition of the set that `keys` gave last. */
  editionRead: u32 = 0;

  private recordKey: StaticArray<u8>;
  private keysKey: StaticArray<u8>;
  private readonly store: SharedStore = new SharedData();
  private readonly storedRecord: SharedValue = new SharedValue();
  private readonly storedKeys: SharedValue = new SharedValue();

  constructor(provider: Provider, instance: string) {
    const address = provider.keysAddress;
    const place = siphash(view(address.path), siphash(view(address.authority), 0, 0), 0);
    const digest = siphash(view(provider.keysCluster), place, provider.keySource);
    const base = "jwt-auth/" + instance + "/" + provider.name + "-" + decimal(<i64>digest) + "/";
    this.recordKey = utf8(base + "record");
    this.keysKey = utf8(base + "keys");
    // The first of all workers makes the record: only what is there can be written by
    // compare-and-swap.
    this.store.create(view(this.recordKey), this.record.toBytes());
  }

  /** Reads the record as it is now. */
  look(): void {
    const stored = this.store.read(view(this.recordKey), this.storedRecord);
    this.record.read(stored == NONE ? EMPTY : stored);
  }

  /** Writes the record; false when another worker wrote since `look`. */
  write(): bool {
    return this.store.write(view(this.recordKey), this.record.toBytes(), this.storedRecord.version);
  }

  /**
   * The key set of another edition than `known`, alive until the callback returns; NONE when
   * there is none.
   */
  keys(known: u32): Bytes {
    const stored = this.store.read(view(this.keysKey), this.storedKeys);
    if (stored == NONE || lengthOf(stored) <= EDITION_BYTES) return NONE;
    this.editionRead = load<u32>(pointerOf(stored));
    return this.editionRead == known ? NONE : slice(stored, EDITION_BYTES);
  }

  /** Whether `body` is the set of the record's edition. */
  isStored(body: Bytes): bool {
    const stored = this.store.read(view(this.keysKey), this.storedKeys);
    if (stored == NONE || lengthOf(stored) <= EDITION_BYTES) return false;
    return (
      load<u32>(pointerOf(stored)) == this.record.edition &&
      equal(slice(stored, EDITION_BYTES), body)
    );
  }

  /** Stores `body` under the record's edition; false when another worker was faster. */
  put(body: Bytes): bool {
    const size = EDITION_BYTES + lengthOf(body);
    const place = allocate(size);
    if (place == 0) return false;
    store<u32>(place, this.record.edition);
    memory.copy(place + EDITION_BYTES, pointerOf(body), lengthOf(body));
    this.store.read(view(this.keysKey), this.storedKeys);
    return this.store.write(view(this.keysKey), bytes(place, size), this.storedKeys.version);
  }
}
