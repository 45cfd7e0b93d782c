// Calls to other clusters. The answer comes to the root context, by token, even if the stream
// that asked is gone.
import { proxy_http_call } from "@solo-io/proxy-runtime/assembly/imports";
import { Bytes, lengthOf, pointerOf } from "../lib/bytes";
import { OUT, clear } from "./out";
import { Pairs } from "./pairs";
import { Status } from "./status";

/**
 * What the host said to a call: its status and, with Ok, the token that its answer will carry.
 *
 *   | status, 32 bits | token, 32 bits |
 */
export type CallStart = u64;

// @ts-ignore: decorator
@inline
export function startStatus(start: CallStart): Status {
  return <Status>(start >> 32);
}

// @ts-ignore: decorator
@inline
export function startToken(start: CallStart): u32 {
  return <u32>start;
}

/** No call of ours has trailers. */
const noTrailers = new Pairs();

/**
 * Starts a call. BadArgument: no such cluster. InternalFailure: the cluster has no hosts, and no
 * answer will come. With Ok an answer always comes: a refused connection as a 503, a timeout as a
 * 504.
 */
export function startCall(
  cluster: Bytes,
  headers: Pairs,
  body: Bytes,
  timeoutMillis: u32,
): CallStart {
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
  return ((<u64>status) << 32) | (<u64>load<u32>(OUT));
}
