// The proxy's shared data as the place where buckets lie.
import { mark, release } from "../../host/arena";
import { readShared, sharedVersion, writeShared } from "../../host/shared-data";
import { Status } from "../../host/status";
import { Bytes } from "../../lib/bytes";
import { Store } from "./store";


@final
export class SharedStore extends Store {
  read(key: Bytes): Bytes {
    const value = readShared(key);
    this.version = sharedVersion;
    return value;
  }

  exists(key: Bytes): bool {
    const before = mark();
    const isThere = super.exists(key);
    release(before);
    return isThere;
  }

  write(key: Bytes, value: Bytes, version: u32): bool {
    return writeShared(key, value, version) == Status.Ok;
  }
}
