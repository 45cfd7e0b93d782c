// Sends a refusal: status, challenge, body and CORS headers as the settings want them.
import { Bytes, EMPTY, NONE, lengthOf, text, view } from "../../../lib/bytes";
import { addCorsHeaders } from "../../../host/cors";
import { GRPC_STATUS_NONE, sendLocalReply } from "../../../host/local-reply";
import { Pairs } from "../../../host/pairs";
import { ORIGIN } from "../../../lib/http/cors";
import { RequestView } from "../../../lib/http/request";
import { Writer } from "../../../lib/writer";
import { challenge } from "./challenge";
import { Refusal } from "./refusal";
import { BodyKind, ResponseSettings } from "./response-settings";

const CHALLENGE = text("www-authenticate");
const CONTENT_TYPE = text("content-type");
const PROBLEM_JSON = text("application/problem+json");
const RETRY_AFTER = text("retry-after");

const headers = new Pairs();
const number = new Writer();

/**
 * Answers the request in hand. `scope` is what a 403 names as needed; `retryAfterSeconds` counts
 * for a 503.
 */
export function sendRefusal(
  settings: ResponseSettings,
  request: RequestView,
  refusal: Refusal,
  scope: Bytes,
  retryAfterSeconds: i64,
): void {
  headers.reset();
  if (refusal.httpStatus == 503) addRetryAfter(retryAfterSeconds);
  else headers.add(CHALLENGE, challenge(refusal, realmOf(settings, request), scope));
  if (settings.body == BodyKind.Problem) headers.add(CONTENT_TYPE, PROBLEM_JSON);
  const cors = settings.cors;
  if (cors !== null) addCorsHeaders(headers, cors, request.header(ORIGIN));
  sendLocalReply(
    refusal.httpStatus,
    view(refusal.details),
    bodyOf(settings, refusal),
    headers,
    GRPC_STATUS_NONE,
    settings.body == BodyKind.None ? EMPTY : refusal.body,
  );
}

function bodyOf(settings: ResponseSettings, refusal: Refusal): Bytes {
  if (settings.body == BodyKind.None) return EMPTY;
  return settings.body == BodyKind.Problem ? refusal.problem : refusal.body;
}

function addRetryAfter(seconds: i64): void {
  number.reset();
  number.decimal(max<i64>(1, seconds));
  headers.add(RETRY_AFTER, number.view());
}

/**
 * The host alone: the native filter shows the whole address, which tells paths to whoever reads
 * the answer.
 */
function realmOf(settings: ResponseSettings, request: RequestView): Bytes {
  if (settings.realm.length > 0) return view(settings.realm);
  const authority = request.authority();
  return authority == NONE ? EMPTY : authority;
}
