// The proxy's shared data: one store for all workers and all plugins of the proxy. Keys begin with
// `<filter>/<instance>/`. There is no delete and no expiry, so keys come from a fixed set.
import {
  proxy_get_shared_data,
  proxy_set_shared_data,
} from "@solo-io/proxy-runtime/assembly/imports";
import { Bytes, NONE, isPresent, lengthOf, pointerOf } from "../lib/bytes";
import { SharedStore, SharedValue } from "../lib/shared-store";
import { mark, release } from "./arena";
import { OUT, answer, clear } from "./out";
import { Status } from "./status";

const VERSION = OUT + 8;


@final
export class SharedData extends SharedStore {
  private readonly probe: SharedValue = new SharedValue();

  read(key: Bytes, into: SharedValue): Bytes {
    clear();
    store<u32>(VERSION, 0);
    const status = proxy_get_shared_data(pointerOf(key), lengthOf(key), OUT, OUT + 4, VERSION);
    into.version = load<u32>(VERSION);
    into.value = status == Status.Ok ? answer() : NONE;
    return into.value;
  }

  write(key: Bytes, value: Bytes, version: u32): bool {
    const keyBytes = lengthOf(key);
    const status = proxy_set_shared_data(
      pointerOf(key),
      keyBytes,
      pointerOf(value),
      lengthOf(value),
      version,
    );
    return status == Status.Ok;
  }

  exists(key: Bytes): bool {
    const before = mark();
    const isThere = isPresent(this.read(key, this.probe));
    release(before);
    return isThere;
  }
}
