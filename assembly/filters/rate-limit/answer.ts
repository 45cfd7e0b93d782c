// Headers that go onto requests, responses and refusals.
import { keep } from "../../host/arena";
import { MapType, addHeader, removeHeader, replaceHeader } from "../../host/header-map";
import { removeAliases } from "../../host/own-headers";
import { Pairs } from "../../host/pairs";
import { Bytes, equal, view } from "../../lib/bytes";
import { RequestView } from "../../lib/http/request";
import { Config, HeaderValue } from "./config";
import { HeaderSink } from "./quota";

/** Headers of a refusal. A header of the settings replaces the computed one of the same name. */
@final
export class ReplyHeaders extends HeaderSink {
  readonly pairs: Pairs = new Pairs();
  private settings: HeaderValue[] = [];
  private always: HeaderValue[] = [];

  /**
   * Begins a refusal that has the headers `settings` and then `always`, unless those name the same.
   */
  begin(settings: HeaderValue[], always: HeaderValue[]): void {
    this.pairs.reset();
    this.settings = settings;
    this.always = always;
    for (let i = 0; i < settings.length; i++) {
      const each = unchecked(settings[i]);
      this.pairs.add(view(each.name), view(each.value));
    }
    for (let i = 0; i < always.length; i++) {
      const each = unchecked(always[i]);
      if (!names(settings, view(each.name))) this.pairs.add(view(each.name), view(each.value));
    }
  }

  header(name: Bytes, value: Bytes): void {
    if (names(this.settings, name) || names(this.always, name)) return;
    this.pairs.add(name, keep(value));
  }
}

function names(headers: HeaderValue[], name: Bytes): bool {
  for (let i = 0; i < headers.length; i++) {
    if (equal(view(unchecked(headers[i]).name), name)) return true;
  }
  return false;
}

/** Headers of a response from upstream. */
@final
export class ResponseHeaders extends HeaderSink {
  header(name: Bytes, value: Bytes): void {
    replaceHeader(MapType.ResponseHeaders, name, value);
  }
}

export function addTo(sink: HeaderSink, headers: HeaderValue[]): void {
  for (let i = 0; i < headers.length; i++) {
    const each = unchecked(headers[i]);
    sink.header(view(each.name), view(each.value));
  }
}

/**
 * Removes `requestHeadersWhenNotEnforced` and their aliases, whoever sent them, and sets them when
 * `isSet`: only this filter may say that a limit would have refused.
 */
export function setOwnHeaders(config: Config, request: RequestView, isSet: bool): void {
  const headers = config.requestHeadersWhenNotEnforced;
  for (let i = 0; i < headers.length; i++) {
    const name = view(unchecked(headers[i]).name);
    if (request.mayHave(name)) removeHeader(MapType.RequestHeaders, name);
  }
  removeAliases(config.ownHeaders, request);
  for (let i = 0; isSet && i < headers.length; i++) {
    const each = unchecked(headers[i]);
    addHeader(MapType.RequestHeaders, view(each.name), view(each.value));
  }
}
