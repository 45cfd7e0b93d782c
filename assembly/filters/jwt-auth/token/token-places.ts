// The places of all providers together: equal ones are looked at once in a request, and cookies and
// query parameters are walked once for all names. A cookie header can hold ten thousand pairs.
import { equal } from "../../../lib/bytes";
import { CookieValues, NamedValues, ParamValues } from "../../../lib/http/named-values";
import { FoundTokens } from "./found-tokens";
import { Location, Place } from "./location";


@final
export class TokenPlaces {
  private readonly cookies: CookieValues = new CookieValues();
  private readonly params: ParamValues = new ParamValues();
  /** One of each kind. */
  private readonly kinds: Location[] = [];

  /** Makes `location` share what is found with the equal ones of other providers. */
  add(location: Location): void {
    for (let i = 0; i < this.kinds.length; i++) {
      if (this.kinds[i].isLike(location)) return location.shareWith(this.kinds[i]);
    }
    this.kinds.push(location);
    if (location.place == Place.Cookie) this.gather(location, this.cookies);
    if (location.place == Place.Parameter) this.gather(location, this.params);
  }

  private gather(location: Location, values: NamedValues): void {
    const found = new FoundTokens();
    values.gather(location.name, found);
    location.share(found, values);
  }
}
