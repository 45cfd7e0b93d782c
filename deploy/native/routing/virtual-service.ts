// VirtualService: its HTTP rules, read into types.
import type { Manifest } from "../../core/source.ts";
import { canonicalText } from "../canonical.ts";
import { Message } from "../envoy/message.ts";
import type { Destination } from "../types.ts";
import { readMatch, textsAt } from "./match.ts";
import type { RouteMatch } from "./match.ts";

/** One HTTPRoute of a VirtualService. */
export interface Rule {
  /** Its place in `spec.http`. */
  at: number;
  /** Empty: every request. */
  matches: RouteMatch[];
  destinations: Destination[];
  /** Redirects and direct responses, as they are written. */
  answer?: string;
  /** What it does besides (timeouts, retries, rewrites, headers), as it is written. */
  options: string;
}

export interface RoutingService {
  manifest: Manifest;
  hosts: string[];
  gateways: string[];
  exportTo: string[];
  rules: Rule[];
}

/** Fields of a rule that are not where it goes. */
const optionFields = [
  "timeout",
  "retries",
  "fault",
  "corsPolicy",
  "headers",
  "rewrite",
  "mirror",
  "mirrors",
  "mirrorPercent",
  "mirrorPercentage",
];

/** Throws Unmodelled where a rule cannot be decided. */
export function readVirtualService(manifest: Manifest): RoutingService {
  const spec = new Message(manifest.value?.spec ?? {}, ["spec"]);
  return {
    manifest,
    hosts: textsAt(spec, "hosts"),
    gateways: textsAt(spec, "gateways"),
    exportTo: textsAt(spec, "exportTo"),
    rules: spec.list("http").map(readRule),
  };
}

function readRule(message: Message, at: number): Rule {
  message.get("name");
  if (message.has("delegate")) throw message.refuse("delegate", "is another VirtualService");
  const answers = ["redirect", "directResponse"].filter((name) => message.has(name));
  const written = (names: readonly string[]) =>
    canonicalText(
      Object.fromEntries(
        names.flatMap((name) => (message.has(name) ? [[name, message.get(name)]] : [])),
      ),
    );
  const rule: Rule = {
    at,
    matches: message.list("match").map(readMatch),
    destinations: message.list("route").map(readDestination),
    ...(answers.length > 0 && { answer: written(answers) }),
    options: written(optionFields),
  };
  message.done();
  return rule;
}

function readDestination(message: Message): Destination {
  const destination = message.message("destination");
  if (!destination) throw message.refuse("destination", "is missing");
  const subset = destination.text("subset");
  const port = destination.message("port")?.whole("number");
  const read: Destination & { headers?: string } = {
    host: destination.text("host"),
    ...(subset !== "" && { subset }),
    ...(port !== undefined && { port }),
    weight: message.whole("weight") ?? 0,
    // Two destinations with other headers are two answers.
    ...(message.has("headers") && { headers: canonicalText(message.get("headers")) }),
  };
  message.done();
  return read;
}

/**
 * What requests of a rule get: of one destination all, of several by weight, those of weight 0
 * none.
 */
export function sharesOf({ destinations }: Rule): Destination[] {
  const [first] = destinations;
  if (!first) return [];
  if (destinations.length === 1) return [{ ...first, weight: 100 }];
  return destinations.filter(({ weight }) => weight > 0);
}
