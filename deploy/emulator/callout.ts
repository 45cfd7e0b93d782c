// Calls of plugins to other clusters, and what a test or the tool lets become of them.
import { asBytes } from "./exchange.ts";
import { HeaderMap, type HeaderInput } from "./headers.ts";
import type { CallAnswer } from "./machine.ts";

/**
 * What becomes of a call: an answer (`delayMillis` later); `refused`: Envoy's 503; `timeout`: its
 * 504 when the timeout is over; `reset`: a callback without headers; `unhealthy`: refused on the
 * spot, no host; `never`: no callback.
 */
export type CallOutcome =
  | {
      status?: number;
      headers?: HeaderInput;
      body?: string | Uint8Array;
      trailers?: HeaderInput;
      delayMillis?: number;
    }
  | "refused"
  | "timeout"
  | "reset"
  | "unhealthy"
  | "never";

const CONNECTION_FAILURE =
  "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure";

/** Envoy's own texts for what never came back from the cluster. */
export function answerOf(outcome: CallOutcome): CallAnswer | undefined {
  if (outcome === "reset") return undefined;
  if (outcome === "timeout") return envoyAnswer(504, "upstream request timeout");
  if (typeof outcome === "string") return envoyAnswer(503, CONNECTION_FAILURE);
  const headers = new HeaderMap([[":status", String(outcome.status ?? 200)]]);
  for (const [name, value] of new HeaderMap(outcome.headers ?? []).pairs())
    headers.add(name, value);
  return {
    headers,
    body: asBytes(outcome.body),
    trailers: outcome.trailers && new HeaderMap(outcome.trailers),
  };
}

function envoyAnswer(status: number, text: string): CallAnswer {
  const headers = new HeaderMap({
    ":status": String(status),
    "content-length": text.length,
    "content-type": "text/plain",
  });
  return { headers, body: Buffer.from(text) };
}
