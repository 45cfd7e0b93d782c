// Reads one provider.
import {
  EMPTY,
  endsWith,
  equal,
  equalIgnoreCase,
  owned,
  slice,
  text,
  toText,
  utf8,
  view,
} from "../../lib/bytes";
import { readCallHeaders } from "../../lib/config/call-header";
import { Cursor } from "../../lib/config/reader";
import { ASYMMETRIC, algorithmNames, algorithmOf } from "../../lib/jose/algorithm";
import { ClaimPath } from "../../lib/match/claim-path";
import { isToken, isWord } from "../../lib/http/field";
import { StringMatch } from "../../lib/match/string-match";
import { readFieldName } from "../../lib/config/field-name";
import { readInlineKeys } from "./keys/inline-keys";
import { shortType } from "./token/examiner";
import { Place } from "./token/location";
import { ClaimHeader, DeniedToken, KeySource, Provider } from "./provider";
import { readMatchRules } from "./rules/claim-rule-config";
import { filledTexts, objectsOf, readAudiences } from "./rules/requirement-config";

const NAME_BYTES_MAX = 63;
/** All of them may be in memory for every token that is known. */
const CLAIM_HEADERS_MAX = 64;
/** Each is asked once of a token, and costs four bytes and a text of a token that is known. */
const MATCH_HEADERS_MAX = 256;
const KEYS_HEADERS_MAX = 16;
const SECOND: i64 = 1_000_000_000;
const TIMEOUT_DEFAULT: i64 = 5 * SECOND;
const CACHE_DEFAULT: i64 = 20 * 60 * SECOND;
const STALE_DEFAULT: i64 = 24 * 3600 * SECOND;
const SKEW_DEFAULT: i64 = 60 * SECOND;
const DURATION_LEAST: i64 = 1_000_000;
const TIMEOUT_MOST: i64 = 60 * SECOND;
const DURATION_MOST: i64 = 366 * 24 * 3600 * SECOND;

const AUTHORIZATION = text("authorization");
const BEARER = text("Bearer ");
const ACCESS_TOKEN = text("access_token");
const JWT = text("jwt");
const SLASH = text("/");
const IN_NAME = text("-_");

export function readProvider(at: Cursor): Provider {
  const provider = new Provider();
  provider.name = readName(at);
  readIssuer(at, provider);
  readKeySource(at, provider);
  readAlgorithms(at, provider);
  readTypes(at, provider);
  readLocations(at, provider);
  readOutputs(at, provider);
  readChecks(at, provider);
  at.done();
  return provider;
}

/**
 * It becomes part of metric names; `none` is what refusals are counted under that are about no
 * provider.
 */
function readName(at: Cursor): string {
  const name = at.text("name");
  const bytes = view(utf8(name));
  const isShort = name.length > 0 && name.length <= NAME_BYTES_MAX;
  if (!isShort || name == "none" || !isWord(slice(bytes, 0, 1), EMPTY) || !isWord(bytes, IN_NAME)) {
    at.refuse("name", 'expected up to 63 letters, digits, "-" or "_", and not "none"');
  }
  return name;
}

function readIssuer(at: Cursor, provider: Provider): void {
  if (at.has("issuer")) provider.issuer = filled(at, "issuer");
  provider.issuerPattern = StringMatch.optional(at, "issuerPattern");
  if (at.has("issuer") && at.has("issuerPattern"))
    at.refuse("issuerPattern", "expected only where issuer is not set");
  provider.audiences = readAudiences(at, "audiences");
  provider.subjects = StringMatch.optional(at, "subjects");
}

/** A string of at least one byte. */
function filled(at: Cursor, name: string): StaticArray<u8> {
  const value = at.bytes(name);
  if (value.length == 0) at.refuse(name, "expected at least one character");
  return value;
}

function readKeySource(at: Cursor, provider: Provider): void {
  const isDiscovered = at.boolean("discovery", false);
  const isAddressed = at.has("jwksUri");
  const isInline = at.has("jwks");
  const isSecret = at.has("secretFromEnv");
  if (<i32>isDiscovered + <i32>isAddressed + <i32>isInline + <i32>isSecret != 1)
    at.refuse("", "expected exactly one of: jwksUri, jwks, discovery, secretFromEnv");
  if (isInline) provider.inlineKeys = readInlineKeys(at);
  if (isSecret) provider.secretVariable = toText(view(filled(at, "secretFromEnv")));
  if (isAddressed) readAddress(at, provider, "jwksUri", at.text("jwksUri"), KeySource.Address);
  if (isDiscovered) readDiscovery(at, provider);
  readClusters(at, provider, isAddressed || isDiscovered, isDiscovered);
  provider.keysHeaders = readCallHeaders(at, "jwksHeaders", KEYS_HEADERS_MAX);
  if (provider.keysHeaders.length > 0 && !isAddressed && !isDiscovered) {
    at.refuse("jwksHeaders", "expected only beside jwksUri or discovery");
  }
  provider.timeoutNanos = at.duration("timeout", DURATION_LEAST, TIMEOUT_MOST, TIMEOUT_DEFAULT);
  provider.cacheNanos = at.duration("cacheDuration", DURATION_LEAST, DURATION_MOST, CACHE_DEFAULT);
  provider.staleNanos = at.duration("staleFor", 0, DURATION_MOST, STALE_DEFAULT);
}

function readClusters(at: Cursor, provider: Provider, isFetched: bool, isDiscovered: bool): void {
  if (at.has("jwksCluster")) {
    provider.keysCluster = filled(at, "jwksCluster");
    provider.namesKeysCluster = true;
    if (!isFetched) at.refuse("jwksCluster", "expected only beside jwksUri or discovery");
  }
  provider.discoveryCluster = provider.keysCluster;
  if (at.has("discoveryCluster")) {
    provider.discoveryCluster = filled(at, "discoveryCluster");
    if (!isDiscovered) at.refuse("discoveryCluster", "expected only beside discovery");
  }
}

/** OpenID Connect Discovery 1.0 section 4: below the issuer's own path. */
function readDiscovery(at: Cursor, provider: Provider): void {
  const issuer = toText(view(provider.issuer));
  if (!at.has("issuer")) at.refuse("discovery", "expected only beside issuer");
  else
    readAddress(
      at,
      provider,
      "issuer",
      issuer +
        (endsWith(view(provider.issuer), SLASH) ? "" : "/") +
        ".well-known/openid-configuration",
      KeySource.Discovery,
    );
}

function readAddress(
  at: Cursor,
  provider: Provider,
  name: string,
  address: string,
  source: KeySource,
): void {
  provider.keySource = source;
  if (!provider.keysAddress.read(view(utf8(address))))
    at.refuse(name, "expected an http or https address");
  else provider.keysCluster = provider.keysAddress.cluster;
}

function readAlgorithms(at: Cursor, provider: Provider): void {
  const items = at.list("algorithms");
  if (at.has("algorithms") && items.length == 0) at.refuse("algorithms", "expected at least one");
  if (items.length == 0) provider.algorithms = ASYMMETRIC;
  for (let i = 0; i < items.length; i++) {
    const algorithm = algorithmOf(view(items[i].asBytes()));
    if (algorithm === null) items[i].refuse("", "expected one of: " + algorithmNames());
    else if (isRepeated(items, i)) items[i].refuse("", "expected each algorithm once");
    else provider.allow(algorithm);
  }
}

/**
 * Whether an earlier item says the same; two names of one algorithm may stand beside each other.
 */
function isRepeated(items: Cursor[], index: i32): bool {
  const name = view(items[index].asBytes());
  for (let i = 0; i < index; i++) {
    if (equal(view(items[i].asBytes()), name)) return true;
  }
  return false;
}

function readTypes(at: Cursor, provider: Provider): void {
  const types = filledTexts(at, "types");
  if (!at.has("types")) {
    types.push(utf8("JWT"));
    types.push(utf8("at+jwt"));
  }
  if (types.length == 0) at.refuse("types", "expected at least one");
  provider.acceptsUntyped = false;
  for (let i = 0; i < types.length; i++) {
    const type = shortType(view(types[i]));
    if (equalIgnoreCase(type, JWT)) provider.acceptsUntyped = true;
    provider.types.push(owned(type));
  }
}

function readLocations(at: Cursor, provider: Provider): void {
  provider.searchesAsEnvoy = at.choice("tokenSearch", ["all", "envoy"], 0) == 1;
  const headers = objectsOf(at, "fromHeaders");
  for (let i = 0; i < headers.length; i++) {
    const name = readFieldName(headers[i].value("name"));
    const prefix = headers[i].optionalBytes("prefix", new StaticArray<u8>(0));
    headers[i].done();
    provider.place(Place.Header, name, prefix);
  }
  readNames(at, "fromParams", provider, Place.Parameter);
  readNames(at, "fromCookies", provider, Place.Cookie);
  if (provider.locations.length > 0) return;
  provider.place(Place.Header, owned(AUTHORIZATION), owned(BEARER));
  provider.place(Place.Parameter, owned(ACCESS_TOKEN), new StaticArray<u8>(0));
}

function readNames(at: Cursor, name: string, provider: Provider, place: Place): void {
  const items = at.list(name);
  for (let i = 0; i < items.length; i++) {
    const value = items[i].asBytes();
    if (value.length == 0 || (place == Place.Cookie && !isToken(view(value))))
      items[i].refuse("", "expected a name");
    provider.place(place, value, new StaticArray<u8>(0));
  }
}

function readOutputs(at: Cursor, provider: Provider): void {
  provider.forwardsToken = at.boolean("forwardOriginalToken", false);
  if (at.has("outputPayloadToHeader"))
    provider.payloadHeader = readFieldName(at.value("outputPayloadToHeader"));
  const items = objectsOf(at, "outputClaimToHeaders");
  if (items.length > CLAIM_HEADERS_MAX)
    at.refuse("outputClaimToHeaders", "expected at most 64 headers");
  for (let i = 0; i < items.length; i++) {
    const header = readFieldName(items[i].value("header"));
    const claim = ClaimPath.read(items[i], "claim");
    items[i].done();
    provider.claimHeaders.push(new ClaimHeader(header, claim));
  }
  provider.spaceDelimited = filledTexts(at, "spaceDelimitedClaims");
  readMatchHeaders(at, provider);
}

function readMatchHeaders(at: Cursor, provider: Provider): void {
  const items = objectsOf(at, "outputMatchToHeaders");
  if (items.length > MATCH_HEADERS_MAX)
    at.refuse("outputMatchToHeaders", "expected at most 256 entries");
  for (let i = 0; i < items.length; i++) {
    const header = readFieldName(items[i].value("header"));
    const rules = readMatchRules(items[i], provider.spaceDelimited);
    items[i].done();
    provider.claimHeaders.push(new ClaimHeader(header, null, rules));
  }
}

function readChecks(at: Cursor, provider: Provider): void {
  provider.skewSeconds = at.duration("clockSkew", 0, DURATION_MOST, SKEW_DEFAULT) / SECOND;
  provider.requiresExpiration = at.boolean("requireExpiration", false);
  provider.lifetimeSeconds = at.duration("maxLifetime", SECOND, DURATION_MOST, 0) / SECOND;
  const claims = at.list("requiredClaims");
  for (let i = 0; i < claims.length; i++)
    provider.requiredClaims.push(ClaimPath.readValue(claims[i]));
  const denied = objectsOf(at, "denyTokens");
  for (let i = 0; i < denied.length; i++) {
    const issuer = denied[i].has("issuer") ? filled(denied[i], "issuer") : provider.issuer;
    const jwtId = filled(denied[i], "jti");
    denied[i].done();
    provider.denied.push(new DeniedToken(issuer, jwtId));
  }
}
