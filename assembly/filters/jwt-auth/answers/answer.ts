// Sends a refusal: status, challenge, body and CORS headers as the settings want them.
import { Bytes, EMPTY, NONE, lengthOf, text, view } from "../../../lib/bytes";
import { sendLocalReply } from "../../../host/local-reply";
import { Pairs } from "../../../host/pairs";
import { RequestView } from "../../../lib/http/request";
import { Writer } from "../../../lib/writer";
import { challenge } from "./challenge";
import { Refusal } from "./refusal";
import { BodyKind, ResponseSettings } from "./response-settings";

const CHALLENGE = text("www-authenticate");
const CONTENT_TYPE = text("content-type");
const PROBLEM_JSON = text("application/problem+json");
const RETRY_AFTER = text("retry-after");
const ORIGIN = text("origin");
const ALLOW_ORIGIN = text("access-control-allow-origin");
const ALLOW_CREDENTIALS = text("access-control-allow-credentials");
const EXPOSE_HEADERS = text("access-control-expose-headers");
const VARY = text("vary");
const TRUE = text("true");

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
  if (settings.origins.length > 0) addCors(settings, request.header(ORIGIN));
  sendLocalReply(refusal.httpStatus, view(refusal.details), bodyOf(settings, refusal), headers);
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

/** For pages of other origins: without these headers a browser hides even the status from them. */
function addCors(settings: ResponseSettings, origin: Bytes): void {
  headers.add(VARY, ORIGIN);
  if (origin == NONE || lengthOf(origin) == 0 || !isAllowed(settings, origin)) return;
  headers.add(ALLOW_ORIGIN, origin);
  if (settings.allowsCredentials) headers.add(ALLOW_CREDENTIALS, TRUE);
  if (settings.exposed.length > 0) headers.add(EXPOSE_HEADERS, view(settings.exposed));
}

function isAllowed(settings: ResponseSettings, origin: Bytes): bool {
  for (let i = 0; i < settings.origins.length; i++) {
    if (unchecked(settings.origins[i]).matches(origin)) return true;
  }
  return false;
}
