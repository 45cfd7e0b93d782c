// Calls to other clusters. The answer comes to the root context, by token, even if the stream
// that asked is gone.
import { proxy_http_call } from "@solo-io/proxy-runtime/assembly/imports";
import { Bytes, lengthOf, pointerOf } from "../lib/bytes";
import { OUT, clear } from "./out";
import { Pairs } from "./pairs";
import { Status } from "./status";

/** The token of the call just started; meaningful only after `startCall` returned Ok. */
export let startedToken: u32 = 0;

/** No call of ours has trailers. */
const noTrailers = new Pairs();

/**
 * Starts a call. BadArgument: no such cluster. InternalFailure: the cluster has no hosts, and no
 * answer will come. With Ok an answer always comes: a refused connection as a 503, a timeout as a
 * 504.
 */
export function startCall(cluster: Bytes, headers: Pairs, body: Bytes, timeoutMillis: u32): Status {
  clear();
  const pairs = headers.serialize();
  const trailers = noTrailers.serialize();
  const status = proxy_http_call(
    pointerOf(cluster),
    lengthOf(cluster),
    pointerOf(pairs),
    lengthOf(pairs),
    pointerOf(body),
    lengthOf(body),
    pointerOf(trailers),
    lengthOf(trailers),
    timeoutMillis,
    OUT,
  );
  startedToken = load<u32>(OUT);
  return status;
}
