// The secret that clients' keys are hashed under. With it nobody can choose two keys that share a
// bucket. All workers of a proxy have the same one: the first worker creates it.
import { bytes, lengthOf, pointerOf, utf8, view } from "../../lib/bytes";
import { SharedStore, SharedValue } from "../../lib/shared-store";

const SECRET_BYTES = 16;


@final
export class Secret {
  constructor(
    readonly k0: u64,
    readonly k1: u64,
  ) {}

  /** The proxy's secret; `k0` and `k1` become it when there is none yet. */
  static shared(store: SharedStore, prefix: string, k0: u64, k1: u64): Secret {
    const key = utf8(prefix + "secret");
    const words = new StaticArray<u64>(2);
    words[0] = k0;
    words[1] = k1;
    store.create(view(key), bytes(changetype<usize>(words), SECRET_BYTES));
    const shared = store.read(view(key), new SharedValue());
    if (lengthOf(shared) != SECRET_BYTES) return new Secret(k0, k1);
    return new Secret(load<u64>(pointerOf(shared)), load<u64>(pointerOf(shared), 8));
  }
}
