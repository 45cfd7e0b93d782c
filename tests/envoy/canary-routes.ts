// HTTPMatchRequests in three forms: as people write them, as Istio makes Envoy's routes from them
// (istiod's pilot/pkg/networking/core/route/route.go), and as our conditions; and requests that
// meet them or just do not.
import type { Json } from "../../envoy/bootstrap.ts";
import type { Random } from "../support/random.ts";

/** Istio's StringMatch; {}: present. */
type Text = { exact?: string; prefix?: string; regex?: string };

export interface HttpMatch {
  uri?: Text;
  ignoreUriCase?: boolean;
  method?: Text;
  authority?: Text;
  headers?: Record<string, Text>;
  withoutHeaders?: Record<string, Text>;
  queryParams?: Record<string, Text>;
}

/** The guide's VirtualService: its conditions and where they lead. */
export const guide: { match: HttpMatch[]; subset: string }[] = [
  { match: [{ headers: { "x-canary": { exact: "true" } } }], subset: "canary" },
  { match: [{ headers: { "user-agent": { regex: ".*Mobile.*" } } }], subset: "mobile-optimized" },
];

function stringMatch({ exact, prefix, regex }: Text): Json {
  if (regex !== undefined) return { safe_regex: { regex } };
  return prefix === undefined ? { exact } : { prefix };
}

const isPresence = (text: Text) => Object.keys(text).length === 0;

function headerMatch(name: string, text: Text): Json {
  return isPresence(text)
    ? { name, present_match: true }
    : { name, string_match: stringMatch(text) };
}

/** As Istio: absent headers count as empty ones in withoutHeaders, unless presence is asked for. */
function withoutHeader(name: string, text: Text): Json {
  const absent = isPresence(text) ? {} : { treat_missing_header_as_empty: true };
  return { ...headerMatch(name, text), invert_match: true, ...absent };
}

/** Envoy's route match. */
export function nativeMatch(match: HttpMatch): Json {
  const { uri, method, authority, headers = {}, withoutHeaders = {}, queryParams = {} } = match;
  const path = !uri
    ? { prefix: "/" }
    : uri.exact !== undefined
      ? { path: uri.exact }
      : uri.prefix !== undefined
        ? { prefix: uri.prefix }
        : { safe_regex: { regex: uri.regex } };
  const pseudo = Object.entries({ ":method": method, ":authority": authority }).filter(
    ([, text]) => text,
  );
  return {
    ...path,
    case_sensitive: !match.ignoreUriCase,
    headers: [
      ...[...pseudo, ...Object.entries(headers)].map(([name, text]) => headerMatch(name, text!)),
      ...Object.entries(withoutHeaders).map(([name, text]) => withoutHeader(name, text)),
    ],
    query_parameters: Object.entries(queryParams).map(([name, text]) =>
      isPresence(text) ? { name, present_match: true } : { name, string_match: stringMatch(text) },
    ),
  };
}

const mapped = (texts?: Record<string, Text>) =>
  texts &&
  Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [
      name,
      isPresence(text) ? { present: true } : text,
    ]),
  );

/** Our Match. */
export function ownMatch({ headers, withoutHeaders, queryParams, ...rest }: HttpMatch): Json {
  const maps = {
    headers: mapped(headers),
    withoutHeaders: mapped(withoutHeaders),
    queryParams: mapped(queryParams),
  };
  return JSON.parse(JSON.stringify({ ...rest, ...maps }));
}

// Nothing but UTF-8: of other bytes Envoy's regular expressions are of another mind from version
// to version.
const values = [
  "true",
  "True",
  "",
  "tru",
  "true ",
  "a,b",
  "b,a",
  "Mobile",
  "xMobilex",
  "mobile",
  "\xc3\xa9",
  "a%20b",
  "10",
];
const names = ["x-a", "x-b", "x-canary", "user-agent", "accept"];
const patterns = [
  ".*Mobile.*",
  "true|false",
  "tr.e",
  "[a-z]+",
  "(?i)MOBILE",
  "a,.*",
  "\\d+",
  ".+",
  "",
  "^true$",
  "\\bMobile",
];
const paths = ["/api/", "/api/items", "/API/Items", "/api/items/7", "/shop", "/"];

function text(random: Random): Text {
  const kind = random.below(4);
  if (kind === 0) return { regex: random.one(patterns) || ".*" };
  if (kind === 1)
    return {
      prefix: random.one(values.filter((value) => value.trim() !== "" && !value.endsWith(" "))),
    };
  if (kind === 2) return {};
  return { exact: random.one(values.filter((value) => !value.endsWith(" ") && value !== "")) };
}

/** A condition of one to three parts. */
export function someMatch(random: Random): HttpMatch {
  const match: HttpMatch = {};
  for (let parts = 1 + random.below(3); parts > 0; parts--) {
    const kind = random.below(7);
    if (kind === 0)
      match.uri = random.one<Text>([
        { prefix: "/api/" },
        { exact: "/api/items" },
        { regex: "/api/[a-z]+(/.*)?" },
      ]);
    if (kind === 0 && !match.uri!.regex && random.below(2)) match.ignoreUriCase = true;
    if (kind === 1)
      match.method = random.one<Text>([{ exact: "GET" }, { regex: "GET|HEAD" }, { prefix: "P" }]);
    if (kind === 2)
      match.authority = random.one<Text>([
        { exact: "shop.example.com" },
        { prefix: "shop" },
        { regex: ".*\\.com(:\\d+)?" },
      ]);
    if (kind === 3 || kind === 4) (match.headers ??= {})[random.one(names)] = text(random);
    if (kind === 5) (match.withoutHeaders ??= {})[random.one(names)] = text(random);
    if (kind === 6) (match.queryParams ??= {})[random.one(["a", "b"])] = text(random);
  }
  return match;
}

export interface SomeRequest {
  method: string;
  path: string;
  authority: string;
  headers: [string, string][];
}

/** A request whose headers, duplicates among them, come from the same few values. */
export function someRequest(random: Random, path = random.one(paths)): SomeRequest {
  const headers: [string, string][] = [];
  for (let count = random.below(5); count > 0; count--)
    headers.push([random.one(names), random.one(values)]);
  const query = Array.from(
    { length: random.below(3) },
    () => `${random.one(["a", "b"])}=${encodeURI(random.one(["true", "10", "", "Mobile", "%"]))}`,
  );
  return {
    method: random.one(["GET", "POST", "HEAD"]),
    path: query.length > 0 ? `${path}?${query.join("&")}` : path,
    authority: random.one(["shop.example.com", "shop.example.com:80", "other"]),
    headers,
  };
}
