// Protobuf's wire format, as far as xDS needs it: fields by number, messages as bytes. What a test
// does not look at passes through unread.

const varintType = 0;
const eightBytesType = 1;
const bytesType = 2;
const fourBytesType = 5;

/** A field's number and what it holds; undefined values are left out. */
export type Field = readonly [
  number: number,
  value: Buffer | string | number | boolean | undefined,
];

/** A message of these fields, in this order. */
export function message(...fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([number, value]) => {
      if (value === undefined) return [];
      if (typeof value === "number" || typeof value === "boolean")
        return [varint((number << 3) | varintType), varint(Number(value))];
      const bytes = typeof value === "string" ? Buffer.from(value) : value;
      return [varint((number << 3) | bytesType), varint(bytes.length), bytes];
    }),
  );
}

/** google.protobuf.Any. */
export function any(type: string, value: Buffer): Buffer {
  return message([1, `type.googleapis.com/${type}`], [2, value]);
}

/** google.protobuf.Struct, of texts and maps of texts. */
export function struct(fields: Readonly<Record<string, unknown>>): Buffer {
  const entries = Object.entries(fields).map(([key, value]): Field => {
    const held =
      typeof value === "string" ? message([3, value]) : message([5, struct(value as {})]);
    return [1, message([1, key], [2, held])];
  });
  return message(...entries);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left > 0x7f; left = Math.floor(left / 128)) bytes.push((left % 128) | 0x80);
  return Buffer.from([...bytes, left]);
}

/** Everything that a message holds under one number, as bytes; numbers are passed over. */
export function bytesAt(from: Buffer, wanted: number): Buffer[] {
  const found: Buffer[] = [];
  let at = 0;
  const next = () => {
    let [value, scale] = [0, 1];
    for (; ; scale *= 128) {
      const byte = from[at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < from.length) {
    const tag = next();
    const [number, type] = [Math.floor(tag / 8), tag % 8];
    if (type === varintType) next();
    else if (type === eightBytesType) at += 8;
    else if (type === fourBytesType) at += 4;
    else if (type === bytesType) {
      const length = next();
      if (number === wanted) found.push(from.subarray(at, at + length));
      at += length;
    } else throw new Error(`wire type ${type} at byte ${at}`);
  }
  return found;
}

/** The first text under a number; empty where there is none. */
export function textAt(from: Buffer, number: number): string {
  return bytesAt(from, number)[0]?.toString() ?? "";
}
