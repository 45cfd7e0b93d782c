// The answer to a request for which no settings are known. Host facts.
import { text } from "../../../lib/bytes";
import { sendLocalReply } from "../../../host/local-reply";
import { Pairs } from "../../../host/pairs";

const DETAILS = text("jwt_authn_access_denied{Jwt_settings_are_not_known}");
const BODY = text("Jwt settings are not known");
const RETRY_AFTER = text("retry-after");
const ONE_SECOND = text("1");

const headers = new Pairs();

/** Refuses the current request: without settings nobody may pass. */
export function refuseWithoutSettings(): void {
  headers.reset();
  headers.add(RETRY_AFTER, ONE_SECOND);
  sendLocalReply(503, DETAILS, BODY, headers);
}
