// How a refusal looks, as configured.
import { toText, utf8, view } from "../../../lib/bytes";
import { Cursor } from "../../../lib/config/reader";
import { StringMatch } from "../../../lib/match/string-match";
import { readFieldName } from "../../../lib/config/field-name";

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
  /** Origins whose pages may read a refusal; none: no CORS headers. */
  origins: StringMatch[] = [];
  allowsCredentials: bool = false;
  /** As the header lists them. */
  exposed: StaticArray<u8> = new StaticArray<u8>(0);
}

export function readResponse(at: Cursor): ResponseSettings {
  const settings = new ResponseSettings();
  if (at.has("realm")) settings.realm = at.bytes("realm");
  if (settings.realm.length > REALM_BYTES_MAX)
    at.refuse("realm", "expected at most 256 characters");
  settings.body = <BodyKind>at.choice("body", ["text", "problem+json", "none"], 0);
  if (at.has("cors")) readCors(at.object("cors"), settings);
  at.done();
  return settings;
}

function readCors(at: Cursor, settings: ResponseSettings): void {
  const origins = at.list("allowOrigins");
  if (origins.length == 0) at.refuse("allowOrigins", "expected at least one origin");
  for (let i = 0; i < origins.length; i++) {
    settings.origins.push(StringMatch.read(origins[i]));
  }
  settings.allowsCredentials = at.boolean("allowCredentials", false);
  settings.exposed = readExposed(at);
  at.done();
}

function readExposed(at: Cursor): StaticArray<u8> {
  if (!at.has("exposeHeaders")) return utf8("www-authenticate, retry-after");
  const names: string[] = [];
  const items = at.list("exposeHeaders");
  for (let i = 0; i < items.length; i++) names.push(toText(view(readFieldName(items[i]))));
  return utf8(names.join(", "));
}
