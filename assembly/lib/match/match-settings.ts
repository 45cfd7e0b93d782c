// What all conditions of one configuration have in common: how they compare, and the cookies and
// query parameters that they ask for.
import { Cursor } from "../config/reader";
import { CookieValues, ParamValues } from "../http/named-values";


@final
export class MatchSettings {
  /** Hosts are compared without case, default port and trailing dot. */
  normalizesAuthority: bool = false;
  /** Paths are compared in the one spelling of `normalizedPath`. */
  normalizesPath: bool = false;
  /** A condition on the method is met by the method in any case of letters. */
  ignoresMethodCase: bool = false;
  /** Some condition is about the method. */
  readsMethod: bool = false;
  readonly cookies: CookieValues = new CookieValues();
  readonly params: ParamValues = new ParamValues();

  /** Reads the two settings of filters that count and route. */
  static read(at: Cursor): MatchSettings {
    const settings = new MatchSettings();
    settings.normalizesAuthority = at.boolean("normalizeAuthority", true);
    settings.normalizesPath = at.boolean("normalizePath", false);
    settings.ignoresMethodCase = true;
    return settings;
  }
}
