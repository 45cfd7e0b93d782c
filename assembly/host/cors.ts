// The CORS headers of a local reply.
import { Bytes, text, view } from "../lib/bytes";
import { CorsSettings, ORIGIN } from "../lib/http/cors";
import { Pairs } from "./pairs";

const ALLOW_ORIGIN = text("access-control-allow-origin");
const ALLOW_CREDENTIALS = text("access-control-allow-credentials");
const EXPOSE_HEADERS = text("access-control-expose-headers");
const VARY = text("vary");
const TRUE = text("true");

/**
 * Adds the headers for a request from `origin` (NONE: it has none). Without them a browser hides
 * even the status from the page. `origin` must stay where it is until the reply is sent.
 */
export function addCorsHeaders(to: Pairs, cors: CorsSettings, origin: Bytes): void {
  to.add(VARY, ORIGIN);
  if (!cors.allows(origin)) return;
  to.add(ALLOW_ORIGIN, origin);
  if (cors.allowsCredentials) to.add(ALLOW_CREDENTIALS, TRUE);
  if (cors.exposed.length > 0) to.add(EXPOSE_HEADERS, view(cors.exposed));
}
