// Where a route leads: destinations and their weights.
import { checkSubsetName } from "./destination-rule.ts";
import type { Field } from "./field.ts";
import { wildcardHostProblem } from "./names.ts";
import { checkPort } from "./values.ts";

export function checkRouteDestinations(route: Field): void {
  const list = route.items("route");
  for (const entry of list) {
    if (!entry.has("destination")) entry.refuse("destination is missing", "set destination.host");
    checkDestination(entry.at("destination"));
    if (entry.at("weight").number < 0) entry.at("weight").refuse("is negative", "write 0 or more");
  }
  const sum = list.reduce((total, entry) => total + entry.at("weight").number, 0);
  if (list.length > 1 && sum === 0)
    route.at("route").refuse("all weights are 0", "give one of them a weight");
}

export function checkDestination(destination: Field): void {
  if (!destination.isSet) return;
  const host = destination.at("host");
  if (host.text === "*") host.refuse('"*" is no destination', "write one host");
  else host.check(wildcardHostProblem(host.text));
  if (destination.at("subset").text !== "") checkSubsetName(destination.at("subset"));
  if (destination.has("port")) checkPort(destination.at("port", "number"));
}
