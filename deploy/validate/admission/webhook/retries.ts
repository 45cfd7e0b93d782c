// Retries of an HTTP route.
import type { Field } from "./field.ts";
import { checkDuration, checkNotNegative } from "./values.ts";

const conditions = new Set([
  ...["5xx", "gateway-error", "reset", "reset-before-request", "connect-failure"],
  ...["retriable-4xx", "refused-stream", "retriable-status-codes", "retriable-headers"],
  ...["envoy-ratelimited", "http3-post-connect-failure"],
  ...["cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable"],
]);

/** The status codes that Go has a name for. */
const statusCodes = new Set([
  ...[100, 101, 102, 103, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226],
  ...[300, 301, 302, 303, 304, 305, 307, 308],
  ...[
    400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418,
  ],
  ...[421, 422, 423, 424, 425, 426, 428, 429, 431, 451],
  ...[500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511],
]);

export function checkRetries(retries: Field): void {
  if (!retries.isSet) return;
  const attempts = retries.at("attempts");
  checkNotNegative(attempts);
  const given = retries.firstSet("perTryTimeout", "retryRemoteLocalities");
  if (attempts.number === 0 && (given || retries.at("retryOn").text !== ""))
    retries.refuse("there are no attempts to set it for", "set attempts, or remove the rest");
  checkDuration(retries.at("perTryTimeout"));
  checkDuration(retries.at("backoff"));
  const retryOn = retries.at("retryOn");
  for (const condition of retryOn.text === "" ? [] : retryOn.text.split(","))
    if (!conditions.has(condition) && !isStatusCode(condition))
      retryOn.refuse(
        `"${condition}" is no condition of a retry`,
        `write ${[...conditions].join(", ")}, or a status code`,
      );
}

function isStatusCode(text: string): boolean {
  return /^[+-]?\d+$/.test(text) && statusCodes.has(Number(text));
}
