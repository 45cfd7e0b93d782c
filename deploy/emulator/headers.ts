// Header maps as Envoy keeps them: ordered, names in lower case, values as bytes, duplicates
// allowed except for the headers that Envoy stores once and joins.

/** Values are text (sent as UTF-8) or raw bytes; a list makes duplicates. */
export type HeaderValue = string | Uint8Array;
export type HeaderInput =
  Record<string, HeaderValue | readonly HeaderValue[] | number> | readonly [string, HeaderValue][];

/**
 * The request and response headers that Envoy holds in one slot each (`envoy/http/header_map.h`
 * and the headers its extensions register): adding a second value joins it to the first.
 */
const single = new Set(
  (
    "access-control-allow-credentials access-control-allow-headers access-control-allow-methods " +
    "access-control-allow-origin access-control-expose-headers access-control-max-age " +
    "access-control-request-headers access-control-request-method age accept " +
    "accept-encoding authorization cache-control client-trace-id connection content-encoding " +
    "content-length content-type date etag expect expires grpc-accept-encoding grpc-message grpc-status " +
    "grpc-timeout host if-match if-modified-since if-none-match if-range if-unmodified-since keep-alive " +
    "last-modified location origin pragma proxy-connection proxy-status referer server te " +
    "transfer-encoding upgrade user-agent vary via x-client-trace-id x-envoy-attempt-count " +
    "x-envoy-downstream-service-cluster x-envoy-original-path x-envoy-upstream-service-time " +
    "x-forwarded-client-cert x-forwarded-for x-forwarded-host x-forwarded-port x-forwarded-proto " +
    "x-request-id :authority :method :path :protocol :scheme :status"
  ).split(" "),
);

/** True for a header of which Envoy never holds two. */
export function isSingleHeader(name: string): boolean {
  return single.has(name.toLowerCase());
}

const toBytes = (value: HeaderValue): Buffer =>
  typeof value === "string" ? Buffer.from(value, "utf8") : Buffer.from(value);

/** As Envoy's appendToHeader (run on 1.40): an empty value adds no comma. */
function joined(before: Buffer, bytes: Buffer): Buffer {
  if (bytes.length === 0) return before;
  return before.length === 0 ? bytes : Buffer.concat([before, Buffer.from(","), bytes]);
}

export class HeaderMap {
  private entries: [name: string, value: Buffer][] = [];

  constructor(input: HeaderInput = []) {
    const pairs = Array.isArray(input) ? input : Object.entries(input);
    for (const [name, value] of pairs) {
      for (const each of Array.isArray(value) ? value : [value]) {
        this.add(name, typeof each === "number" ? String(each) : each);
      }
    }
  }

  get size(): number {
    return this.entries.length;
  }

  /** Names and values together, in bytes: what Envoy calls the map's byte size. */
  get byteSize(): number {
    return this.entries.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  }

  /** Appends a value, or joins it with a comma to the one there is. */
  add(name: string, value: HeaderValue): void {
    const key = name.toLowerCase();
    const bytes = toBytes(value);
    const existing = single.has(key) ? this.entries.find(([each]) => each === key) : undefined;
    if (existing) existing[1] = joined(existing[1], bytes);
    else this.entries.push([key, bytes]);
  }

  set(name: string, value: HeaderValue): void {
    this.remove(name);
    this.add(name, value);
  }

  remove(name: string): void {
    const key = name.toLowerCase();
    if (this.has(key)) this.entries = this.entries.filter(([each]) => each !== key);
  }

  has(name: string): boolean {
    const key = name.toLowerCase();
    return this.entries.some(([each]) => each === key);
  }

  /** The first value's bytes. */
  bytes(name: string): Buffer | undefined {
    const key = name.toLowerCase();
    return this.entries.find(([each]) => each === key)?.[1];
  }

  /** The first value as text. */
  get(name: string): string | undefined {
    return this.bytes(name)?.toString("utf8");
  }

  getAll(name: string): string[] {
    const key = name.toLowerCase();
    return this.entries.filter(([each]) => each === key).map(([, value]) => value.toString("utf8"));
  }

  pairs(): [string, Buffer][] {
    return this.entries;
  }

  clone(): HeaderMap {
    const copy = new HeaderMap();
    copy.entries = this.entries.map(([name, value]) => [name, value]);
    return copy;
  }

  /** Text by name, duplicates joined with `, `: for assertions and printing. */
  toObject(): Record<string, string> {
    return Object.fromEntries(this.entries.map(([name]) => [name, this.getAll(name).join(", ")]));
  }
}

/**
 * The byte form of header pairs in both directions:
 * count u32 | count × (name length u32, value length u32) | count × (name, 0, value, 0).
 */
export function marshalPairs(pairs: readonly [string | Buffer, Buffer][]): Buffer {
  const parts = pairs.flatMap(([name, value]) => [Buffer.from(name as string), value]);
  const head = Buffer.alloc(4 + 4 * parts.length);
  head.writeUInt32LE(pairs.length, 0);
  parts.forEach((part, i) => head.writeUInt32LE(part.length, 4 + 4 * i));
  const zero = Buffer.alloc(1);
  return Buffer.concat([head, ...parts.flatMap((part) => [part, zero])]);
}

/** The reverse; bytes that do not hold what their lengths say give no pairs, as in Envoy. */
export function unmarshalPairs(data: Buffer): [string, Buffer][] {
  if (data.length < 4) return [];
  const count = data.readUInt32LE(0);
  if (4 + 8 * count > data.length) return [];
  const pairs: [string, Buffer][] = [];
  let at = 4 + 8 * count;
  const take = (index: number): Buffer => {
    const end = at + data.readUInt32LE(4 + 4 * index);
    const part = Buffer.from(data.subarray(at, end));
    at = end + 1;
    return part;
  };
  for (let i = 0; i < count; i++) {
    const name = take(2 * i).toString("latin1");
    const value = take(2 * i + 1);
    if (at > data.length) return [];
    pairs.push([name, value]);
  }
  return pairs;
}
