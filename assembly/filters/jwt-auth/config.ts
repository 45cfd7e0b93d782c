// The settings, read once into something that cannot be wrong. Names, defaults and bounds are
// config.schema.json's.
import { text, utf8, view } from "../../lib/bytes";
import { ConfigErrors, Cursor, readConfig } from "../../lib/config/reader";
import { OwnHeaders } from "../../lib/http/own-headers";
import { MatchList } from "../../lib/match/match";
import { MatchSettings } from "../../lib/match/match-settings";
import { isWord } from "../../lib/http/field";
import { readClaimRules, scopeOf } from "./rules/claim-rule-config";
import { Provider } from "./provider";
import { readProvider } from "./provider-config";
import { Profile, Requirement, RequirementKind, Rule } from "./rules/requirement";
import { RequirementReader, objectsOf } from "./rules/requirement-config";
import { ResponseSettings, readResponse } from "./answers/response-settings";
import { TokenPlaces } from "./token/token-places";

const PROVIDERS_MAX = 256;
const RULES_MAX = 1024;
const ENTRIES_DEFAULT = 1024;
const ENTRIES_MAX = 65_536;
/** The header limit of Envoy and Istio: a token that gets here is never too long by default. */
const TOKEN_BYTES_DEFAULT = 61_440;
const TOKEN_BYTES_LEAST = 256;
const TOKEN_BYTES_MAX = 65_536;
const WAITING_DEFAULT = 1_000;
const WAITING_MAX = 100_000;
const VERIFICATIONS_MAX = 1_000_000;
const INSTANCE_BYTES_MAX = 128;
const IN_INSTANCE = text("._/-");


@final
export class Config {
  instance: string = "default";
  /** `mode: report`: decide and count, but let everything pass. */
  reportsOnly: bool = false;
  providers: Provider[] = [];
  /**
   * Providers with the audiences of the place they are named in; a token is remembered per
   * profile.
   */
  profiles: Profile[] = [];
  rules: Rule[] = [];
  /** For requests that no rule is about: a good token of any provider. */
  fallback: Requirement = new Requirement(RequirementKind.AnyOf);
  response: ResponseSettings = new ResponseSettings();
  bypassesPreflight: bool = true;
  refusesAmbiguousPaths: bool = false;
  /** Some rule is about the method. */
  hasMethodRules: bool = false;
  cacheEntries: i32 = ENTRIES_DEFAULT;
  tokenBytesMax: i32 = TOKEN_BYTES_DEFAULT;
  waitingMax: i32 = WAITING_DEFAULT;
  /** 0: every class of algorithms has its own default. */
  verificationsPerSecond: i32 = 0;
  /** The longest list of claim headers that a provider has. */
  claimHeadersMax: i32 = 0;
  /** Headers that this filter alone may set: copies that come in are removed. */
  ownHeaders: OwnHeaders = new OwnHeaders();
}

/** Reads a configuration; look at `errors` before use. Never traps. */
export function readSettings(configuration: StaticArray<u8>, errors: ConfigErrors): Config {
  const at = readConfig(configuration, errors);
  const config = new Config();
  config.instance = readInstance(at);
  config.reportsOnly = at.choice("mode", ["enforce", "report"], 0) == 1;
  readProviders(at, config);
  readRules(at, config);
  config.response = readResponse(at.object("response"));
  config.bypassesPreflight = at.boolean("bypassCorsPreflight", true);
  config.refusesAmbiguousPaths = at.choice("ambiguousPaths", ["allow", "refuse"], 0) == 1;
  const cache = at.object("cache");
  config.cacheEntries = <i32>cache.integer("entries", 0, ENTRIES_MAX, ENTRIES_DEFAULT);
  config.tokenBytesMax = <i32>(
    cache.integer("maxTokenBytes", TOKEN_BYTES_LEAST, TOKEN_BYTES_MAX, TOKEN_BYTES_DEFAULT)
  );
  cache.done();
  config.waitingMax = <i32>at.integer("maxWaiting", 0, WAITING_MAX, WAITING_DEFAULT);
  config.verificationsPerSecond = <i32>(
    at.integer("maxVerificationsPerSecond", 1, VERIFICATIONS_MAX, 0)
  );
  at.done();
  return config;
}

/** It becomes part of shared-data keys. */
function readInstance(at: Cursor): string {
  const instance = at.optionalText("instance", "default");
  if (!isWord(view(utf8(instance)), IN_INSTANCE) || instance.length > INSTANCE_BYTES_MAX) {
    at.refuse("instance", "expected 1 to 128 letters, digits or any of . _ / -");
  }
  return instance;
}

function readProviders(at: Cursor, config: Config): void {
  const items = objectsOf(at, "providers");
  if (!at.has("providers")) at.refuse("providers", "missing; expected a list");
  else if (items.length == 0 || items.length > PROVIDERS_MAX)
    at.refuse("providers", "expected 1 to 256 providers");
  const any = config.fallback;
  const places = new TokenPlaces();
  for (let i = 0; i < items.length && i < PROVIDERS_MAX; i++) {
    const provider = readProvider(items[i]);
    for (let j = 0; j < config.providers.length; j++) {
      if (config.providers[j].name == provider.name)
        items[i].refuse("name", "expected a name no other provider has");
    }
    provider.index = config.providers.length;
    for (let j = 0; j < provider.locations.length; j++) places.add(provider.locations[j]);
    config.providers.push(provider);
    config.claimHeadersMax = max(config.claimHeadersMax, provider.claimHeaders.length);
    if (provider.payloadHeader.length > 0)
      provider.payloadHeaderIndex = config.ownHeaders.add(provider.payloadHeader);
    for (let j = 0; j < provider.claimHeaders.length; j++) {
      provider.claimHeaders[j].index = config.ownHeaders.add(provider.claimHeaders[j].header);
    }
    const profile = new Profile(config.profiles.length, provider, provider.audiences);
    config.profiles.push(profile);
    const requirement = new Requirement(RequirementKind.Provider);
    requirement.profile = profile;
    any.children.push(requirement);
  }
}

function readRules(at: Cursor, config: Config): void {
  const items = objectsOf(at, "rules");
  if (items.length > RULES_MAX) at.refuse("rules", "expected at most 1024 rules");
  const requirements = new RequirementReader(config.providers, config.profiles, config.fallback);
  const matching = new MatchSettings();
  for (let i = 0; i < items.length && i < RULES_MAX; i++) {
    const item = items[i];
    if (item.has("name") && item.bytes("name").length == 0)
      item.refuse("name", "expected at least one character");
    const rule = new Rule(i, MatchList.read(item, "match", matching), requirements.ofRule(item));
    rule.claims = readClaimRules(item, requirements.spaceDelimited(rule.requires));
    if (rule.requires.kind == RequirementKind.None && rule.claims.length > 0) {
      item.refuse("claims", "expected none where no token is needed");
    }
    rule.scope = scopeOf(rule.claims);
    item.done();
    config.rules.push(rule);
  }
  config.hasMethodRules = matching.readsMethod;
}
