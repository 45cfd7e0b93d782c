// What of a VirtualService's rules is a release: the rule that splits requests among versions.
// Everything else in it is routing, which Envoy goes on doing.
import { at, fieldsOf, listOf, mapsOf, textAt } from "../../core/value.ts";
import type { Fields } from "../../core/value.ts";
import { slug } from "../drafts.ts";

export interface ReleaseVariant {
  name: string;
  destination: Fields;
  headers?: Fields;
}

/**
 * An earlier rule that sends some of the release's requests to one destination, by what they carry.
 */
export interface Sibling {
  rule: number;
  variant: string;
  destination: Fields;
  match: Fields[];
}

export interface Release {
  /** Its place among the rules. */
  rule: number;
  variants: ReleaseVariant[];
  /** Percent to a hundredth, in sum 100. */
  split: Record<string, number>;
  /** The weights cannot be written exactly: by how much they differ. */
  rounding?: string;
  base: string;
  siblings: Sibling[];
  /** Other rules with weights, which Envoy goes on splitting. */
  others: number[];
}

/** The filter splits to a hundredth of a percent. */
const parts = 10_000;

/** Text: why there is none. */
export function releaseOf(rules: readonly Fields[]): Release | string {
  const weighted = rules.flatMap((rule, place) => (isSplit(rule) ? [place] : []));
  if (weighted.length === 0) return "none of its rules splits requests among destinations";
  const place = weighted.find((one) => mapsOf(rules[one]!.match).length === 0) ?? weighted[0]!;
  const rule = rules[place]!;
  const routes = mapsOf(rule.route);
  const shares = sharesOf(routes.map(({ weight }) => Number(weight ?? 0)));
  if (typeof shares === "string") return shares;
  const names = namesOf(routes.map(({ destination }) => fieldsOf(destination)));
  const variants = routes.map(({ destination, headers }, index): ReleaseVariant => ({
    name: names[index]!,
    destination: fieldsOf(destination),
    ...(headers !== undefined && { headers: fieldsOf(headers) }),
  }));
  const split = Object.fromEntries(
    names.map((name, index) => [name, shares.hundredths[index]! / 100]),
  );
  const heaviest = shares.hundredths.indexOf(Math.max(...shares.hundredths));
  return {
    rule: place,
    variants,
    split,
    ...(shares.rounding && { rounding: shares.rounding }),
    base: names[heaviest]!,
    siblings: siblingsOf(rules, place, variants),
    others: weighted.filter((one) => one !== place),
  };
}

function isSplit(rule: Fields): boolean {
  const destinations = new Set(
    mapsOf(rule.route).map(({ destination }) => JSON.stringify(destinationKey(destination))),
  );
  return destinations.size > 1;
}

function destinationKey(destination: unknown): unknown[] {
  return [at(destination, "host"), at(destination, "subset"), at(destination, "port", "number")];
}

/**
 * Largest remainders, so that the sum is 100 percent and nobody is off by more than a hundredth.
 */
function sharesOf(
  weights: readonly number[],
): { hundredths: number[]; rounding?: string } | string {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (!(total > 0) || weights.some((weight) => !Number.isInteger(weight) || weight < 0))
    return "its weights are none that Istio takes";
  const exact = weights.map((weight) => (weight * parts) / total);
  const hundredths = exact.map(Math.floor);
  const order = exact
    .map((share, index) => ({ index, rest: share - Math.floor(share) }))
    .sort((a, b) => b.rest - a.rest || a.index - b.index);
  const missing = parts - hundredths.reduce((sum, share) => sum + share, 0);
  for (const { index } of order.slice(0, missing)) hundredths[index]!++;
  // A share that would vanish, or be half as much again, is another release.
  const isFar = exact.some((share, index) => Math.abs(share - hundredths[index]!) > share / 10);
  if (isFar) return `weights ${weights.join(":")} are finer than a hundredth of a percent`;
  const isExact = exact.every((share, index) => share === hundredths[index]);
  if (isExact) return { hundredths };
  const written = hundredths.map((share) => share / 100).join(", ");
  return { hundredths, rounding: `weights ${weights.join(":")} are ${written} percent` };
}

/** By subset, else by the host's first label; numbered where two are alike. */
function namesOf(
  destinations: readonly Fields[],
  taken: ReadonlySet<string> = new Set(),
): string[] {
  const used = new Set(taken);
  return destinations.map((destination) => {
    const host = String(destination.host ?? "");
    const base = slug(textAt(destination, "subset") ?? host.split(".")[0]!);
    let name = base;
    for (let number = 2; used.has(name); number++) name = `${base}-${number}`;
    used.add(name);
    return name;
  });
}

const carriedKeys = ["headers", "withoutHeaders", "queryParams"];
const matchKeys = ["uri", "ignoreUriCase", "scheme", "method", "authority", ...carriedKeys];

function siblingsOf(
  rules: readonly Fields[],
  place: number,
  variants: readonly ReleaseVariant[],
): Sibling[] {
  const siblings: Sibling[] = [];
  for (const [index, rule] of rules.slice(0, place).entries()) {
    const routes = mapsOf(rule.route);
    const matches = mapsOf(rule.match);
    if (routes.length !== 1 || matches.length === 0) continue;
    if (!matches.every((match) => refines(match, mapsOf(rules[place]!.match)))) continue;
    const destination = fieldsOf(routes[0]!.destination);
    const known = [...variants, ...siblings.map((one) => ({ ...one, name: one.variant }))].find(
      (one) =>
        JSON.stringify(destinationKey(one.destination)) ===
        JSON.stringify(destinationKey(destination)),
    );
    const taken = new Set([
      ...variants.map(({ name }) => name),
      ...siblings.map(({ variant }) => variant),
    ]);
    const variant = known?.name ?? namesOf([destination], taken)[0]!;
    siblings.push({ rule: index, variant, destination, match: matches.map(matchOf) });
  }
  return siblings;
}

/** The release's own condition, and more about headers or parameters. */
function refines(match: Fields, outer: readonly Fields[]): boolean {
  const wider = outer.length === 0 ? [{} as Fields] : outer;
  return wider.some((one) => {
    const own = Object.keys(match).filter((key) => key !== "name" && key !== "statPrefix");
    const isSame = (key: string) => JSON.stringify(match[key]) === JSON.stringify(one[key]);
    const more = own.filter((key) => !isSame(key));
    return (
      more.length > 0 &&
      more.every((key) => carriedKeys.includes(key) && one[key] === undefined) &&
      Object.keys(one).every(isSame)
    );
  });
}

/** An Istio HTTPMatchRequest in our words; what chooses among proxies is left out. */
export function matchOf(match: Fields): Fields {
  const own: Fields = {};
  for (const key of matchKeys) {
    const value = match[key];
    if (value === undefined) continue;
    own[key] = carriedKeys.includes(key)
      ? Object.fromEntries(Object.entries(fieldsOf(value)).map(([name, one]) => [name, text(one)]))
      : value;
  }
  return own;
}

/** Istio's StringMatch; an empty one, and the regex `*`, mean "there at all". */
function text(match: unknown): Fields {
  const fields = fieldsOf(match);
  const isPresence = Object.keys(fields).length === 0 || fields.regex === "*";
  return isPresence ? { present: true } : fields;
}

/** True if some rule needs what only the proxy of a certain caller knows. */
export function choosesProxies(match: Fields): boolean {
  return (
    listOf(match.gateways).length > 0 ||
    match.sourceLabels !== undefined ||
    match.sourceNamespace !== undefined
  );
}
