// Changes a request that may pass: claims as headers, forged copies out, tokens out. Each change
// makes Envoy match the route again, so nothing is written that need not be.
import { Bytes, EMPTY, NONE, equal, lengthOf } from "../../lib/bytes";
import { MapType, removeHeader, replaceHeader } from "../../host/header-map";
import { removeAliases } from "../../host/own-headers";
import { property, setProperty } from "../../host/property";
import { CLAIMS_PROPERTY } from "../../host/request";
import { RequestView } from "../../lib/http/request";
import { Writer } from "../../lib/writer";
import { Config } from "./config";
import { Location, Place } from "./token/location";
import { Provider } from "./provider";
import { SeenToken } from "./token/seen-token";
import { Decision } from "./answers/decision";

/** Put together from several pieces; two, because what is read must not lie where is written. */
const places: Writer[] = [new Writer(), new Writer()];
const whole = new Writer();


@final
export class Forwarder {
  /** By position in `config.ownHeaders`: 1 for what is set for the request in hand. */
  private written: StaticArray<u8>;

  constructor(private config: Config) {
    this.written = new StaticArray<u8>(config.ownHeaders.count);
  }

  /**
   * Removes what a client sent under the names that only this filter may set. For every request
   * that goes on.
   */
  sanitize(request: RequestView): void {
    const own = this.config.ownHeaders;
    for (let i = 0; i < own.count; i++) {
      const name = own.name(i);
      const isWritten = unchecked(this.written[i]) != 0;
      if (!isWritten && request.mayHave(name)) removeHeader(MapType.RequestHeaders, name);
      unchecked((this.written[i] = 0));
    }
    removeAliases(own, request);
  }

  /** No token holds: what another jwt-auth of the chain handed over before is not left standing. */
  clearClaims(): void {
    const before = property(CLAIMS_PROPERTY);
    if (before != NONE && lengthOf(before) > 0) setProperty(CLAIMS_PROPERTY, EMPTY);
  }

  /**
   * Gives the request what its accepted tokens say, and takes them out where they are not to go
   * further.
   */
  apply(request: RequestView, decision: Decision): void {
    for (let i = 0; i < decision.acceptedCount; i++)
      this.writeClaims(decision.profile(i).provider, decision.token(i), i == 0);
    if (decision.acceptedCount > 0) setProperty(CLAIMS_PROPERTY, decision.token(0).payload);
    else this.clearClaims();
    this.sanitize(request);
    if (this.config.reportsOnly) return;
    for (let i = 0; i < decision.acceptedCount; i++) {
      const provider = decision.profile(i).provider;
      const isFirst = i == 0 || decision.profile(i - 1).provider !== provider;
      if (!provider.forwardsToken && isFirst) removeTokens(request, provider);
    }
  }

  /**
   * Of several tokens the first that has a claim writes its header; whether claims match is said
   * of the first token alone.
   */
  private writeClaims(provider: Provider, token: SeenToken, isFirst: bool): void {
    if (provider.payloadHeader.length > 0)
      this.write(provider.payloadHeaderIndex, token.encodedPayload);
    const headers = provider.claimHeaders;
    for (let i = 0; i < headers.length; i++) {
      const value = token.value(i);
      const header = unchecked(headers[i]);
      if (value != NONE && (isFirst || header.rules === null)) this.write(header.index, value);
    }
  }

  private write(index: i32, value: Bytes): void {
    if (unchecked(this.written[index]) != 0) return;
    unchecked((this.written[index] = 1));
    replaceHeader(MapType.RequestHeaders, this.config.ownHeaders.name(index), value);
  }
}

/** Takes out what the provider's places hold, place by place but each header only once. */
function removeTokens(request: RequestView, provider: Provider): void {
  const locations = provider.locations;
  if (provider.searchesAsEnvoy) return removeAsEnvoy(request, locations);
  for (let i = 0; i < locations.length; i++) {
    if (!isRepeated(locations, i)) strip(request, locations, i);
  }
}

/** Envoy removes a header with a token whole, and leaves cookies as they are. */
function removeAsEnvoy(request: RequestView, locations: Location[]): void {
  for (let i = 0; i < locations.length; i++) {
    const location = unchecked(locations[i]);
    if (location.place == Place.Cookie || isRepeated(locations, i)) continue;
    if (location.place == Place.Parameter) strip(request, locations, i);
    else if (isInAny(request, locations, i)) removeHeader(MapType.RequestHeaders, location.header);
  }
}

/** Whether one of the places in the header of the one at `index` has a token. */
function isInAny(request: RequestView, locations: Location[], index: i32): bool {
  const name = unchecked(locations[index]).header;
  for (let i = index; i < locations.length; i++) {
    const location = unchecked(locations[i]);
    if (equal(location.header, name) && location.tokens(request).count > 0) return true;
  }
  return false;
}

/** Whether an earlier place is in the same header: that one has done all of them. */
function isRepeated(locations: Location[], index: i32): bool {
  const header = unchecked(locations[index]).header;
  for (let i = 0; i < index; i++) {
    if (equal(unchecked(locations[i]).header, header)) return true;
  }
  return false;
}

/**
 * All places in the header of the one at `index`, in all its instances; what is left becomes one
 * value.
 */
function strip(request: RequestView, locations: Location[], index: i32): void {
  const location = unchecked(locations[index]);
  const name = location.header;
  let found = false;
  whole.reset();
  for (let i = request.headerIndex(name, 0); i >= 0; i = request.headerIndex(name, i + 1)) {
    const value = request.headerValue(i);
    const left = stripped(request, locations, index, value);
    if (left != value) found = true;
    if (lengthOf(left) == 0) continue;
    if (whole.length > 0) whole.bytes(location.separator);
    whole.bytes(left);
  }
  if (!found) return;
  if (whole.length > 0) replaceHeader(MapType.RequestHeaders, name, whole.view());
  else removeHeader(MapType.RequestHeaders, name);
}

/**
 * One value without what the places from `index` on find in it; the view itself when they find
 * nothing.
 */
function stripped(request: RequestView, locations: Location[], index: i32, value: Bytes): Bytes {
  const name = unchecked(locations[index]).header;
  let current = value;
  let turn = 0;
  for (let i = index; i < locations.length; i++) {
    const location = unchecked(locations[i]);
    if (!equal(location.header, name) || location.tokens(request).count == 0) continue;
    const left = location.strip(current, unchecked(places[turn & 1]));
    if (left != current) turn++;
    current = left;
  }
  return current;
}
