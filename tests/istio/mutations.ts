// Documents with one to three faults, or none, made from good ones: a field removed, of another
// type, at a limit, with another word, or one that was not there. The same seed gives the same.
import type { CrdSchema } from "../../deploy/core/structural.ts";
import type { Random } from "../support/random.ts";
import type { Resource } from "./cluster.ts";

type Holder = Record<string | number, unknown> | unknown[];

/** A place in a document: what holds the value, under which key, and what its CRD says of it. */
interface Spot {
  holder: any;
  key: string | number;
  schema?: CrdSchema;
}

/** Texts that fields of this name are likely to read, good ones and bad ones. */
const texts: [name: RegExp, texts: string[]][] = [
  [
    /timeout|interval|duration|delay|backoff|ttl|age$|time$/i,
    ["5s", "5sec", "0s", "1ms", "1.5s", "500us", "1h", "-1s", "5", "", "1500us", "2m3s", "0.5ms"],
  ],
  [
    /host|domain|sni|address|authority|from$|to$/i,
    [
      ...["a.example.com", "*.example.com", "*", "a*.example.com", "a", "A.example.com", "1.2.3.4"],
      ...["*-a.example.com", "a..b", "-a.b", "a.123", "", "a b", "ns/a.example.com", "./*", "*/*"],
      ...["example.com.", "~/*", "ns/*", "unix:///a", "unix://@a", "unix://a", "::1", "x_y.z"],
      ...["us-west/*", "us-west/zone1", "us-*", "us-west/", "us-west/zone1/sub"],
    ],
  ],
  [
    /ipblocks|cidr|subnet|addresses|bind|endpoint/i,
    [
      ...["10.0.0.0/8", "10.0.0.0/33", "10.0.0.1", "::1", "::/0", "10.0.0", "fe80::1%a", "x"],
      ...["127.0.0.1:80", "[::1]:80", ":80", "0.0.0.0:0", "unix:///a", "01.2.3.4", "1.2.3.4/08"],
    ],
  ],
  [
    /regex|expression|version/i,
    ["a.*", "(?!a)", "(a", "[a", "*", "a{1001}", "\\d+", "\\1", "(?i)a", "", "a**", "(?P<n>a)"],
  ],
  [
    /ur[il]|jwks/i,
    [
      ...["https://a.example.com/k", "s3://a/b", "oci://a/b:1", "a", "", "http://a:b", "//a", "/a"],
      ...["http://[::1]", "a b", "file:///a", '{"keys":[]}', "{}", "[]", "x", "http://a/%zz"],
      '{"keys":[{"kty":"RSA","e":"AQAB","n":"AQAB"}]}',
      '{"keys":[{"kty":"RSA","e":"AQAB"}]}',
    ],
  ],
  [/mode|protocol|scheme/i, ["HTTP", "HTTPS", "TLS", "TCP", "http", "GRPC-WEB", "UDP", "x", ""]],
  [/retryOn/, ["5xx", "503", "5xx,reset", "x", "600", "", "5xx, reset", "retriable-4xx"]],
  [/exportTo|namespace/i, [".", "*", "~", "default", "a b", "", "other", "-"]],
  [/gateways/, ["mesh", "ns/g", "g", "ns/", "/g", "a.b.c", "ns/g.h", "", "g_h"]],
  [
    /^key$/,
    [
      ...["source.ip", "request.headers[a]", "request.headers", "request.auth.claims[a][b]", "x"],
      ...["destination.port", "source.namespace", "request.auth.claims[]", "destination.labels[a]"],
      ...["experimental.envoy.filters.a[b]", "source.trustDomain", "remote.ip", "", "source.user"],
    ],
  ],
  [/ports/i, ["80", "0", "65536", "x", "-1", "080", "+1", "", "1.5"]],
  [/paths/, ["/a", "/a/{*}", "/{**}/a", "/a{b}", "/{*}/é", "", "/a/{**}", "/a b", "//"]],
  [/accounts/i, ["a", "ns/a", "a/b/c", "/a", "*", ""]],
  [
    /claim|header|name|cookie/i,
    ["a", "x-a", "A_b", "a b", "", ":path", "host", "@request.auth.claims.a"],
  ],
  [/method/i, ["GET", "get", "PURGE", "*", ""]],
  [
    /credential|secret/i,
    ["a", "configmap://default/a", "configmap://other/a", "configmap://a", ""],
  ],
  [/status/i, ["NOT_FOUND", "OK", "x", ""]],
  [/sha256/, ["a".repeat(64), "A".repeat(64), "a", ""]],
];

const anyText = [
  ...["", "a", "a b", "*", "a*", "x".repeat(64), "x".repeat(300), "é", "0", "true", "1.2.3.4"],
  ...[
    "a.b",
    "a/b",
    "%",
    "%%",
    "%REQ(a)%",
    "%START_TIME%%",
    "a\nb",
    '%A(["b", "c\\"d"]) %',
    '%A(["b" x%',
    "5s",
    "/a",
    "HTTP",
    "-",
    "a_b",
  ],
];
const numbers = [
  ...[0, 1, -1, 2, 3, 7, 80, 99, 100, 101, 199, 200, 301, 399, 400, 599, 600, 601, 65535, 65536],
  ...[2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 0.5, 0.00001, 5_000_011, 8443],
];
const anyKeys = [
  "a",
  "x-a",
  "a/b",
  "a b",
  "",
  "80",
  "0",
  "*",
  ":path",
  "host",
  "example.com/a",
  "é",
];

export class Mutator {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** A changed copy. */
  mutate(seed: Resource, schema: CrdSchema): Resource {
    const copy = structuredClone(seed) as Resource;
    const changes = 1 + this.#random.below(3);
    for (let change = 0; change < changes; change++) this.#change(copy, schema);
    return copy;
  }

  #change(document: Resource, schema: CrdSchema): void {
    if (this.#random.below(20) === 0) return this.#changeMetadata(document);
    const spots: Spot[] = [];
    collect({ holder: document, key: "spec", schema: schema.properties?.spec }, spots);
    const spot = this.#random.one(spots);
    const { holder, key } = spot;
    switch (this.#random.below(12)) {
      case 0:
        if (key !== "spec") remove(holder, key);
        return;
      case 1:
        holder[key] = this.#random.one([null, {}, [], "x", 1, true, [null], { a: 1 }, [[]]]);
        return;
      case 2:
        if (isMap(holder[key])) holder[key][this.#random.one(anyKeys)] = "x";
        return;
      case 3:
        if (Array.isArray(holder[key]) && holder[key].length > 0)
          holder[key].push(structuredClone(this.#random.one(holder[key])));
        return;
      case 4:
      case 5:
      case 6:
      case 7:
        return this.#add(spot);
      default:
        return this.#replace(this.#random.one(leavesOf(spots)) ?? spot);
    }
  }

  /** Sets a field that the CRD has, and the document has not. */
  #add({ holder, key, schema }: Spot): void {
    const value = holder[key];
    if (Array.isArray(value) && schema?.items)
      return void value.push(this.#make(schema.items, String(key)));
    if (!isMap(value) || !schema) return;
    if (typeof schema.additionalProperties === "object")
      value[this.#random.one(anyKeys)] = this.#make(schema.additionalProperties, String(key));
    const absent = Object.keys(schema.properties ?? {}).filter((name) => !(name in value));
    if (absent.length === 0) return;
    const name = this.#random.one(absent);
    value[name] = this.#make(schema.properties![name]!, name);
  }

  #replace({ holder, key, schema }: Spot): void {
    const name = typeof key === "string" ? key : "";
    if (schema && this.#random.below(8) > 0) holder[key] = this.#make(schema, name);
    else holder[key] = this.#random.one([...numbers, ...anyText, true, false, null]);
  }

  /** A value of the schema's type, good or bad. */
  #make(schema: CrdSchema, name: string, depth = 0): unknown {
    if (schema.enum) return this.#random.one([...(schema.enum as unknown[]), "OTHER"]);
    if (schema["x-kubernetes-int-or-string"]) return this.#random.one([1, "1", 50]);
    switch (schema.type) {
      case "string":
        return this.#text(name);
      case "integer":
      case "number":
        return this.#random.one(numbers);
      case "boolean":
        return this.#random.one([true, true, false, "true"]);
      case "array": {
        const count = this.#random.below(3);
        return Array.from({ length: count }, () => this.#make(schema.items ?? {}, name, depth));
      }
      case "object":
        return this.#map(schema, name, depth);
      default:
        return this.#random.one(["x", 1, {}]);
    }
  }

  #map(schema: CrdSchema, name: string, depth: number): object {
    if (typeof schema.additionalProperties === "object")
      return Object.fromEntries(
        Array.from({ length: this.#random.below(3) }, () => [
          this.#random.one(anyKeys),
          this.#make(schema.additionalProperties as CrdSchema, name, depth + 1),
        ]),
      );
    const required = new Set((schema.required as string[] | undefined) ?? []);
    const limit = depth > 3 ? 0 : depth > 0 ? 2 : 3;
    const names = Object.keys(schema.properties ?? {});
    const chosen = names.filter(
      (one) => required.has(one) || (limit > 0 && this.#random.below(names.length) < limit),
    );
    return Object.fromEntries(
      chosen.map((one) => [one, this.#make(schema.properties![one]!, one, depth + 1)]),
    );
  }

  #text(name: string): string {
    const pools = texts.filter(([pattern]) => pattern.test(name));
    if (pools.length === 0 || this.#random.below(6) === 0) return this.#random.one(anyText);
    return this.#random.one(this.#random.one(pools)[1]);
  }

  #changeMetadata({ metadata }: Resource): void {
    const key = this.#random.one(["a", "a/b", "A/b", "a b", "", "istio.io/dry-run", "é"]);
    const value = this.#random.one(["a", "", "true", "a b", 1, null, "x".repeat(64), "-a"]);
    const kind = this.#random.one(["labels", "annotations"]);
    if (this.#random.below(6) === 0) metadata[this.#random.one(["lables", "uid", "x"])] = value;
    else metadata[kind] = { ...(metadata[kind] as object), [key]: value };
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function remove(holder: Holder, key: string | number): void {
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete holder[key];
}

function collect(spot: Spot, spots: Spot[]): void {
  spots.push(spot);
  const value = spot.holder[spot.key];
  if (Array.isArray(value))
    value.forEach((_, index) =>
      collect({ holder: value, key: index, schema: spot.schema?.items }, spots),
    );
  else if (isMap(value)) {
    const rest = spot.schema?.additionalProperties;
    for (const name of Object.keys(value)) {
      const schema =
        spot.schema?.properties?.[name] ?? (typeof rest === "object" ? rest : undefined);
      // What is opaque to the CRD is the owner's: a module's settings, Envoy's configuration.
      if (schema) collect({ holder: value, key: name, schema }, spots);
    }
  }
}

function leavesOf(spots: Spot[]): Spot[] {
  return spots.filter(({ holder, key }) => {
    const value = holder[key];
    return value === null || typeof value !== "object";
  });
}
