// CORS (fetch.spec.whatwg.org, "HTTP CORS protocol"), as far as filters need it that refuse
// requests before the proxy's own CORS filter runs: preflight requests, and the headers without
// which a browser hides a refusal from the page.
import { Bytes, equal, isPresent, lengthOf, text, toText, utf8, view } from "../bytes";
import { readFieldName } from "../config/field-name";
import { Cursor } from "../config/reader";
import { StringMatch } from "../match/string-match";
import { SearchWork } from "../regex/work";
import { RequestView } from "./request";

const OPTIONS = text("OPTIONS");
export const ORIGIN = text("origin");
export const REQUEST_METHOD = text("access-control-request-method");

/** A scheme, a host name of 253 bytes, a port, and room. */
const ORIGIN_BYTES_MAX = 512;
/** What all origins of the settings may cost, as SearchWork counts it. */
const SEARCH_NANOS_MAX: i64 = 100_000;

/** OPTIONS with an origin, the method that is to come, and no body. */
export function isPreflight(request: RequestView): bool {
  return (
    isNamed(request, REQUEST_METHOD) &&
    equal(request.method(), OPTIONS) &&
    isNamed(request, ORIGIN) &&
    !request.hasBody
  );
}

function isNamed(request: RequestView, name: Bytes): bool {
  const value = request.header(name);
  return isPresent(value) && lengthOf(value) > 0;
}

/** Which pages may read a refusal, and what of it. */
@final
export class CorsSettings {
  private readonly work: SearchWork = new SearchWork();

  private constructor(
    private readonly origins: StringMatch[],
    readonly allowsCredentials: bool,
    /** As the header lists them; empty: no header. */
    readonly exposed: StaticArray<u8>,
  ) {}

  /** Reads the member `cors`; null when it is missing. `exposed` is what is exposed by default. */
  static read(parent: Cursor, exposed: string): CorsSettings | null {
    if (!parent.has("cors")) return null;
    const at = parent.object("cors");
    const items = at.list("allowOrigins");
    if (items.length == 0) at.refuse("allowOrigins", "expected at least one origin");
    const origins: StringMatch[] = [];
    for (let i = 0; i < items.length; i++) origins.push(StringMatch.read(items[i]));
    const allowsCredentials = at.boolean("allowCredentials", false);
    const names = at.has("exposeHeaders") ? readNames(at, "exposeHeaders") : exposed;
    at.done();
    return new CorsSettings(origins, allowsCredentials, utf8(names));
  }

  /** Whether a page of this origin may read the response. */
  allows(origin: Bytes): bool {
    if (!isPresent(origin) || lengthOf(origin) == 0) return false;
    if (lengthOf(origin) > ORIGIN_BYTES_MAX) return false;
    const work = this.work;
    work.allow(SEARCH_NANOS_MAX);
    for (let i = 0; i < this.origins.length && !work.isSpent; i++) {
      if (unchecked(this.origins[i]).matches(origin, work)) return !work.isSpent;
    }
    return false;
  }
}

function readNames(at: Cursor, member: string): string {
  const items = at.list(member);
  const names: string[] = [];
  for (let i = 0; i < items.length; i++) names.push(toText(view(readFieldName(items[i]))));
  return names.join(", ");
}
