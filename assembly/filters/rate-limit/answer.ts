// Headers that go onto requests, responses and refusals.
import { keep } from "../../host/arena";
import { MapType, addHeader, removeHeader, replaceHeader } from "../../host/header-map";
import { Pairs } from "../../host/pairs";
import { Bytes, view } from "../../lib/bytes";
import { RequestView } from "../../lib/http/request";
import { HeaderValue } from "./config";
import { HeaderSink } from "./quota";

/** Headers of a refusal. */
@final
export class ReplyHeaders extends HeaderSink {
  readonly pairs: Pairs = new Pairs();

  header(name: Bytes, value: Bytes): void {
    this.pairs.add(name, keep(value));
  }
}

/** Headers of an answer from upstream. */
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

/** Puts `headers` on the request. */
export function addToRequest(headers: HeaderValue[]): void {
  for (let i = 0; i < headers.length; i++) {
    const each = unchecked(headers[i]);
    addHeader(MapType.RequestHeaders, view(each.name), view(each.value));
  }
}

/** Takes them off the request, whoever sent them: only we say that a limit would have refused. */
export function removeFromRequest(headers: HeaderValue[], request: RequestView): void {
  for (let i = 0; i < headers.length; i++) {
    const name = view(unchecked(headers[i]).name);
    if (request.mayHave(name)) removeHeader(MapType.RequestHeaders, name);
  }
}
