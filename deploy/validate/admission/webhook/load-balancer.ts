// Load balancing of a DestinationRule: hashes, localities, warm-up.
import type { Field } from "./field.ts";
import { checkAnyDuration, checkDuration } from "./values.ts";

const maglevSizeEnd = 5_000_011;

export function checkLoadBalancer(balancer: Field): void {
  if (!balancer.isSet) return;
  checkConsistentHash(balancer.at("consistentHash"));
  const locality = balancer.at("localityLbSetting");
  const zones = balancer.at("zoneAwareLbSetting");
  if (locality.isSet && zones.isSet)
    zones.refuse("localityLbSetting is set as well", "remove one of them");
  checkLocality(locality);
  checkZones(zones);
  const warmup = balancer.at("warmup");
  if (warmup.isSet) checkWarmup(warmup);
}

function checkConsistentHash(hash: Field): void {
  const cookie = hash.at("httpCookie");
  if (cookie.isSet && cookie.at("name").text === "") cookie.refuse("the cookie has no name");
  checkAnyDuration(cookie.at("ttl"));
  const names = new Set<string>();
  for (const attribute of cookie.items("attributes")) {
    const name = attribute.at("name").text;
    if (name === "") attribute.refuse("the attribute has no name");
    else if (names.has(name)) attribute.refuse(`"${name}" is here twice`);
    names.add(name);
  }
  const maglev = hash.at("maglev");
  const algorithm = hash.firstSet("maglev", "ringHash");
  if (hash.at("minimumRingSize").number !== 0 && algorithm)
    algorithm.refuse("minimumRingSize is set as well", "remove one of them");
  if (!maglev.isSet) return;
  const size = maglev.at("tableSize");
  if (size.number >= maglevSizeEnd || !isPrime(size.number))
    size.refuse("is no size of a table", `write a prime below ${maglevSizeEnd}`);
}

/** As Envoy reckons it. */
function isPrime(number: number): boolean {
  if (number !== 0 && number < 4) return true;
  if (number % 2 === 0) return false;
  for (let factor = 3; factor * factor <= number; factor += 2)
    if (number % factor === 0) return false;
  return true;
}

function checkWarmup(warmup: Field): void {
  if (warmup.has("duration")) checkDuration(warmup.at("duration"));
  else warmup.refuse("duration is missing", "set duration");
  const minimum = warmup.at("minimumPercent");
  if (minimum.number > 100) minimum.refuse("is no percentage", "write 0 to 100");
  const aggression = warmup.at("aggression");
  if (aggression.isSet && aggression.number <= 0)
    aggression.refuse("is not above 0", "write more than 0");
}

const topologyLabels = [
  "topology.kubernetes.io/region",
  "topology.kubernetes.io/zone",
  "topology.istio.io/subzone",
];

function checkLocality(locality: Field): void {
  const distribute = locality.items("distribute");
  const failover = locality.items("failover");
  if (distribute.length > 0 && failover.length > 0)
    return locality.refuse("distribute and failover are set together", "remove one of them");
  const priority = locality
    .items("failoverPriority")
    .find(({ text }) => topologyLabels.includes(text));
  if (failover.length > 0 && priority)
    return priority.refuse(`failover is set, and "${priority.text}" with it`, "remove one of them");
  for (const entry of distribute) {
    const weights = entry.entries("to");
    const wrong = weights.find(([, { number }]) => number <= 0 || number > 100);
    if (wrong) return wrong[1].refuse("is no weight", "write 1 to 100");
    if (weights.reduce((sum, [, { number }]) => sum + number, 0) !== 100)
      return entry.at("to").refuse("the weights do not add up to 100");
    checkOverlap(weights.map(([name, field]) => [name, field]));
  }
  checkOverlap(distribute.map((entry) => [entry.at("from").text, entry.at("from")]));
  failover.forEach(checkFailover);
}

function checkZones(zones: Field): void {
  for (const label of zones.items("failoverPriority"))
    if (topologyLabels.includes(label.text))
      label.refuse("regions and zones are handled without it", "remove it");
  zones.items("failover").forEach(checkFailover);
}

function checkFailover(failover: Field): void {
  const from = failover.at("from").text;
  const to = failover.at("to").text;
  if (from === to) failover.refuse("from and to are the same region");
  if (/[/*]/.test(from + to)) failover.refuse("from and to are regions", "write no zones and no *");
}

/** No locality may be part of another: `region/zone/subzone`, `*` at the end. */
function checkOverlap(localities: [name: string, field: Field][]): void {
  const seen: string[][] = [];
  for (const [name, field] of localities) {
    const stars = name.split("*").length - 1;
    if (stars > 1 || (stars === 1 && !name.endsWith("*")))
      return field.refuse(`"${name}" has a * that is not at its end`);
    const parts = splitLocality(name);
    if (seen.some(([first]) => first === "*")) return overlaps(field, name);
    if (parts.includes("")) return field.refuse(`"${name}" has an empty part`);
    if (seen.some((other) => isOverlap(other, parts))) return overlaps(field, name);
    seen.push(parts);
  }
}

function overlaps(field: Field, name: string): void {
  field.refuse(`"${name}" overlaps with one before`);
}

/** At most three parts: what follows belongs to the last. */
function splitLocality(name: string): string[] {
  const [region = "", zone, ...rest] = name.split("/");
  return [region, ...(zone === undefined ? [] : [zone]), ...(rest.length ? [rest.join("/")] : [])];
}

/** True if one is the other, or a part of it; a `*` alone is whatever comes there. */
function isOverlap(before: string[], parts: string[]): boolean {
  if (before[0] !== parts[0]) return false;
  if (parts.length === 1 || before.length === 1 || before[1] === "*") return true;
  if (before[1] !== parts[1]) return false;
  return parts.length === 2 || before.length === 2 || before[2] === "*" || before[2] === parts[2];
}
