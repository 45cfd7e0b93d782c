// Random CEL filters of access logs, and exchanges that tell their parts apart.
import { Random } from "../../deploy/compare/random.ts";
import type { Attributes } from "../../deploy/native/log/cel.ts";
import { attributesOf as modelAttributesOf } from "../../deploy/native/log/exchange.ts";

export interface Exchange {
  method: string;
  path: string;
  host: string;
  headers: Record<string, string>;
  status: number;
}

const words = ["a", "ab", "Mobile"];
const statuses = [200, 404, 503];

export function randomFilter(random: Random, depth = 0): string {
  if (depth < 3 && random.chance(0.55)) {
    const [left, right] = [randomFilter(random, depth + 1), randomFilter(random, depth + 1)];
    const joined = `${left} ${random.pick(["||", "&&"])} ${right}`;
    return random.chance(0.5) ? `(${joined})` : `!(${joined})`;
  }
  const made = random.pick(relations)(random);
  return random.chance(0.3) ? `!(${made})` : made;
}

const quoted = (random: Random, text: string) => (random.chance(0.5) ? `"${text}"` : `'${text}'`);
const call = (random: Random, attribute: string, text: string) =>
  `${attribute}.${random.pick(["startsWith", "endsWith", "contains"])}(${quoted(random, text)})`;

const relations: ((random: Random) => string)[] = [
  (random) =>
    `response.code ${random.pick(["==", "!=", "<", "<=", ">", ">="])} ${random.pick([...statuses, 400])}`,
  (random) =>
    `request.method ${random.pick(["==", "!="])} ${quoted(random, random.pick(["GET", "POST"]))}`,
  (random) =>
    `request.url_path ${random.pick(["==", "!="])} ${quoted(random, random.pick(["/a", "/b/c"]))}`,
  (random) => call(random, "request.url_path", random.pick(["/a", "c", "/b"])),
  (random) => `request.host ${random.pick(["==", "!="])} ${quoted(random, "one.example")}`,
  (random) =>
    `request.headers['x-a'] ${random.pick(["==", "!="])} ${quoted(random, random.pick(words))}`,
  (random) => call(random, "request.headers['x-a']", random.pick(words)),
  (random) => call(random, "request.useragent", random.pick(words)),
  (random) =>
    `request.url_path.matches(${quoted(random, random.pick(["a+", "^/a", "c$", "^/a$", "[A-Z]", "b/"]))})`,
  () => "has(request.useragent)",
  () => "'x-a' in request.headers",
  () => "has(response.code)",
  () => "request.duration > duration('20s')",
  () => "request.path.startsWith('/b')",
];

export function randomExchange(random: Random): Exchange {
  const headers: Record<string, string> = {};
  if (random.chance(0.6)) headers["x-a"] = random.pick([...words, ""]);
  if (random.chance(0.6)) headers["user-agent"] = random.pick([...words, "b"]);
  return {
    method: random.pick(["GET", "POST"]),
    path: random.pick(["/a", "/a?q=c", "/b/c", "/b/c?/a", "/c"]),
    host: random.pick(["one.example", "two.example"]),
    headers,
    status: random.pick(statuses),
  };
}

export function attributesOf(exchange: Exchange): Attributes {
  return modelAttributesOf({ ...exchange, flags: [], durationMillis: 1 });
}
