// How a refusal looks, as configured.
import { Cursor } from "../../../lib/config/reader";
import { CorsSettings } from "../../../lib/http/cors";

const REALM_BYTES_MAX = 256;

export const enum BodyKind {
  Text = 0,
  /** RFC 9457. */
  Problem = 1,
  None = 2,
}


@final
export class ResponseSettings {
  /** Empty: the host that was asked for. */
  realm: StaticArray<u8> = new StaticArray<u8>(0);
  body: BodyKind = BodyKind.Text;
  /** Null: no CORS headers. */
  cors: CorsSettings | null = null;
}

export function readResponse(at: Cursor): ResponseSettings {
  const settings = new ResponseSettings();
  if (at.has("realm")) settings.realm = at.bytes("realm");
  if (settings.realm.length > REALM_BYTES_MAX)
    at.refuse("realm", "expected at most 256 characters");
  settings.body = <BodyKind>at.choice("body", ["text", "problem+json", "none"], 0);
  settings.cors = CorsSettings.read(at, "www-authenticate, retry-after");
  at.done();
  return settings;
}
