// One issuer as configured: nothing in here changes or can be wrong after configuration.
import { Bytes, view } from "../../lib/bytes";
import { ClaimPath } from "../../lib/match/claim-path";
import { CallHeader } from "../../lib/config/call-header";
import { Algorithm } from "../../lib/jose/algorithm";
import { KeySet } from "../../lib/jose/key-set";
import { StringMatch } from "../../lib/match/string-match";
import { Address } from "./keys/address";
import { ClaimRule } from "./rules/claim-rule";
import { ListLocation, isListPrefix } from "./token/list-location";
import { EnvoyLocation, Location, Place } from "./token/location";

export const enum KeySource {
  /** In the configuration, or in an environment variable that it names. */
  Inline = 0,
  /** Fetched from `keysAddress`. */
  Address = 1,
  /** Fetched from the address that the issuer's OpenID configuration names. */
  Discovery = 2,
}


@final
export class ClaimHeader {
  constructor(
    /** In lower case. */
    readonly header: StaticArray<u8>,
    /** Its text is the header's value. */
    readonly claim: ClaimPath | null,
    /** Without `claim`: the header says that the claims meet all of these. */
    readonly rules: ClaimRule[] | null = null,
  ) {}

  /** Position of the header among all that the filter sets. */
  index: i32 = 0;
}

/** A token that is refused whatever its signature says. */
@final
export class DeniedToken {
  constructor(
    /** Empty: of any issuer. */
    readonly issuer: StaticArray<u8>,
    readonly jwtId: StaticArray<u8>,
  ) {}
}


@final
export class Provider {
  index: i32 = 0;
  name: string = "";
  /** Empty: not asked for. */
  issuer: StaticArray<u8> = new StaticArray<u8>(0);
  issuerPattern: StringMatch | null = null;
  /** Without scheme and last slash. Empty: any. */
  audiences: StaticArray<u8>[] = [];
  subjects: StringMatch | null = null;

  keySource: KeySource = KeySource.Inline;
  inlineKeys: KeySet | null = null;
  /** Of the key set, or of the OpenID configuration. */
  keysAddress: Address = new Address();
  /** Of the key set; `namesKeysCluster`: the settings name it, also for another host's. */
  keysCluster: StaticArray<u8> = new StaticArray<u8>(0);
  namesKeysCluster: bool = false;
  /** Of the OpenID configuration. */
  discoveryCluster: StaticArray<u8> = new StaticArray<u8>(0);
  /** Of the requests for both. */
  keysHeaders: CallHeader[] = [];
  timeoutNanos: i64 = 0;
  cacheNanos: i64 = 0;
  staleNanos: i64 = 0;
  /** Name of the variable that holds the keys; empty: none. */
  secretVariable: string = "";

  /** Bits of the algorithms that are accepted. */
  algorithms: u32 = 0;
  /** The configuration names one that only a host can verify. */
  namesHostAlgorithm: bool = false;

  /** Accepts an algorithm that the configuration names. */
  allow(algorithm: Algorithm): void {
    this.algorithms |= algorithm.bit;
    if (algorithm.needsHost) this.namesHostAlgorithm = true;
  }

  /** `typ` values in lower case, without `application/`. */
  types: StaticArray<u8>[] = [];
  acceptsUntyped: bool = true;

  locations: Location[] = [];
  /** Tokens are looked for, and headers with one removed, as Envoy's jwt_authn does. */
  searchesAsEnvoy: bool = false;
  forwardsToken: bool = false;
  /** In lower case; empty: none. */
  payloadHeader: StaticArray<u8> = new StaticArray<u8>(0);
  /** Its position among all headers that the filter sets. */
  payloadHeaderIndex: i32 = 0;
  claimHeaders: ClaimHeader[] = [];
  spaceDelimited: StaticArray<u8>[] = [];

  skewSeconds: i64 = 0;
  requiresExpiration: bool = false;
  /** 0: not bounded. */
  lifetimeSeconds: i64 = 0;
  requiredClaims: ClaimPath[] = [];
  denied: DeniedToken[] = [];

  /** Adds a place where a token may be; the bytes belong to the provider from now on. */
  place(place: Place, name: StaticArray<u8>, prefix: StaticArray<u8>): void {
    this.kept.push(name);
    this.kept.push(prefix);
    this.locations.push(this.locationOf(place, view(name), view(prefix)));
  }

  private locationOf(place: Place, name: Bytes, prefix: Bytes): Location {
    if (this.searchesAsEnvoy) return new EnvoyLocation(place, name, prefix);
    const isList = place == Place.Header && isListPrefix(prefix);
    return isList ? new ListLocation(name, prefix) : new Location(place, name, prefix);
  }

  private kept: StaticArray<u8>[] = [];
}
