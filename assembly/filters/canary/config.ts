// The settings of canary, read once into something that cannot be wrong.
import { lengthOf, owned, toText, utf8 } from "../../lib/bytes";
import { ConfigErrors, Cursor, readConfig } from "../../lib/config/reader";
import { siphash } from "../../lib/hash";
import { OwnHeaders } from "../../lib/http/own-headers";
import { MatchList } from "../../lib/match/match";
import { MatchSettings } from "../../lib/match/match-settings";
import { readGuard } from "./guard-config";
import { NAME_WANTED, isName, readHeader, readName } from "./names";
import { Route } from "./route";
import { Sticky } from "./sticky";
import { readVariants } from "./variants";
import { DecisionHeader, DecisionHeaders } from "./decision-headers";
import { decimal } from "../../lib/writer";

export const ROUTES_MAX = 256;

/** A name that is not given. */
const NO_NAME = new StaticArray<u8>(0);

export const enum Mode {
  Enforce,
  Report,
}


@final
export class Config {
  instance: string = "default";
  mode: Mode = Mode.Enforce;
  routes: Route[] = [];
  headers: StaticArray<DecisionHeader> = [];
  /** Their names: clients must not send them under other spellings either. */
  readonly ownHeaders: OwnHeaders = new OwnHeaders();
  /** Whether a route looks at the wall clock. */
  hasSchedule: bool = false;
  hasGuard: bool = false;
  refusesAmbiguousPaths: bool = false;

  /** Reads a configuration; when `errors.any` afterwards, what came back must not be used. */
  static read(configuration: StaticArray<u8>, errors: ConfigErrors): Config {
    const at = readConfig(configuration, errors);
    const config = new Config();
    config.instance = at.optionalText("instance", config.instance);
    config.mode = <Mode>at.choice("mode", ["enforce", "report"], Mode.Enforce);
    const items = at.list("routes");
    if (items.length > ROUTES_MAX)
      at.refuse("routes", "expected at most " + decimal(ROUTES_MAX) + " routes");
    config.refusesAmbiguousPaths = at.choice("ambiguousPaths", ["allow", "refuse"], 0) == 1;
    const matching = MatchSettings.read(at);
    // Whom a route trusts is compared as it is written: another spelling admits nobody new.
    const trusting = new MatchSettings();
    const metrics = new Map<string, string>();
    const headers = new DecisionHeaders();
    for (let i = 0; i < items.length && !errors.any; i++) {
      config.add(readRoute(items[i], matching, trusting), items[i], metrics, headers);
    }
    config.headers = headers.all();
    for (let i = 0; i < config.headers.length; i++) {
      config.ownHeaders.add(owned(config.headers[i].name));
    }
    at.done();
    return config;
  }

  private add(
    route: Route,
    at: Cursor,
    metrics: Map<string, string>,
    headers: DecisionHeaders,
  ): void {
    checkNames(route, at, metrics);
    this.routes.push(route);
    headers.add(route);
    this.hasSchedule = this.hasSchedule || route.schedule !== null;
    this.hasGuard = this.hasGuard || route.guard !== null;
  }
}

function readRoute(at: Cursor, matching: MatchSettings, trusting: MatchSettings): Route {
  const route = new Route();
  if (!at.expectObject()) return route;
  route.name = route.keep(readName(at, "name"));
  route.seed = siphash(route.name, 0, 0);
  route.match = MatchList.read(at, "match", matching);
  route.header = route.keep(readHeader(at, "header", utf8("x-variant")));
  readVariants(at, route, matching);
  route.sticky = Sticky.read(at, matching);
  route.trust = MatchList.read(at, "trust", trusting);
  readForce(at, route, trusting);
  route.responseHeader = route.keep(readHeader(at, "responseHeader", NO_NAME));
  const baggage = at.optionalBytes("baggage", NO_NAME);
  if (at.has("baggage") && !isName(baggage)) at.refuse("baggage", NAME_WANTED);
  route.baggage = route.keep(baggage);
  readGuard(at, route);
  if (at.boolean("vary", true) && route.variants.length > 1) {
    route.varyNames = route.keep(route.choosingHeaders());
  }
  at.done();
  return route;
}

function readForce(parent: Cursor, route: Route, trusting: MatchSettings): void {
  if (!parent.has("force")) return;
  const at = parent.object("force");
  route.forceHeader = route.keep(readHeader(at, "header", NO_NAME));
  if (lengthOf(route.forceHeader) == 0) at.refuse("header", "missing; expected a header name");
  route.forceTrust = MatchList.read(at, "trust", trusting);
  if (route.forceTrust.isEmpty)
    at.refuse("trust", "expected at least one item: whom it admits can choose any variant");
  at.done();
}

/**
 * Refuses what would be counted as one: routes of one name, and names that only meet once they
 * are joined, as variant "b.c" of route "a" and variant "c" of route "a.b" do.
 */
function checkNames(route: Route, at: Cursor, metrics: Map<string, string>): void {
  if (at.errors.any) return;
  const name = toText(route.name);
  if (metrics.has(name)) at.refuse("name", "the name of another route too");
  metrics.set(name, name);
  for (let i = 0; i < route.variants.length; i++)
    claim(name + "." + toText(route.variants[i]), name, at, metrics);
}

function claim(metric: string, owner: string, at: Cursor, metrics: Map<string, string>): void {
  const key = "metric " + metric;
  if (metrics.has(key))
    at.refuse(
      "name",
      'the metric "' + metric + '" would count two things; expected names that differ when joined',
    );
  metrics.set(key, owner);
}
