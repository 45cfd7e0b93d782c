// A rate limit service for tests (envoy.service.ratelimit.v3): it remembers what it was asked and
// answers as told.
import { type Answer, type Upstream, startHttp2Upstream } from "./upstream.ts";

export interface Question {
  domain: string;
  descriptors: { entries: [key: string, value: string][]; hits?: number }[];
  hits?: number;
}

export interface Status {
  overLimit: boolean;
  requestsPerUnit?: number;
  /** 1 second, 2 minute, 3 hour, 4 day. */
  unit?: number;
  remaining?: number;
  resetSeconds?: number;
}

/** A field of a message: a number, or bytes. */
type Field = [number: number, value: number | Buffer];

/** The wire format, as much of it as the two messages need. */
export function encode(fields: Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([number, value]) =>
      typeof value === "number"
        ? [varint(number << 3), varint(value)]
        : [varint((number << 3) | 2), varint(value.length), value],
    ),
  );
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80);
  return Buffer.from([...bytes, value]);
}

function decode(message: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const number = () => {
    let [value, unit] = [0, 1];
    for (; ; unit *= 0x80) {
      const byte = message[at++]!;
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = number();
    if ((tag & 7) === 0) fields.push([tag >> 3, number()]);
    else {
      const length = number();
      fields.push([tag >> 3, message.subarray(at, (at += length))]);
    }
  }
  return fields;
}

const all = (fields: Field[], number: number) =>
  fields.filter(([each]) => each === number).map(([, value]) => value);
const text = (value: number | Buffer | undefined) =>
  Buffer.isBuffer(value) ? value.toString("utf8") : "";

/** Reads a framed RateLimitRequest. */
export function questionOf(framed: Buffer): Question {
  const fields = decode(framed.subarray(5, 5 + framed.readUInt32BE(1)));
  return {
    domain: text(all(fields, 1)[0]),
    hits: all(fields, 3)[0] as number | undefined,
    descriptors: all(fields, 2).map((descriptor) => {
      const parts = decode(descriptor as Buffer);
      const [hits] = all(parts, 3);
      return {
        entries: all(parts, 1).map((entry) => {
          const [key, value] = [1, 2].map((number) =>
            text(all(decode(entry as Buffer), number)[0]),
          );
          return [key!, value!] as [string, string];
        }),
        hits: hits && (all(decode(hits as Buffer), 1)[0] as number),
      };
    }),
  };
}

/** One gRPC frame around a message. */
export function frame(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** A RateLimitResponse as HTTP. */
export function decision(overLimit: boolean, statuses: Status[] = []): Exclude<Answer, string> {
  const each = statuses.map((status) => {
    const limit = encode([
      [1, status.requestsPerUnit ?? 0],
      [2, status.unit ?? 1],
    ]);
    const fields: Field[] = [
      [1, status.overLimit ? 2 : 1],
      [2, limit],
      [3, status.remaining ?? 0],
    ];
    if (status.resetSeconds) fields.push([4, encode([[1, status.resetSeconds]])]);
    return [2, encode(fields)] as Field;
  });
  return {
    headers: { "content-type": "application/grpc" },
    body: frame(encode([[1, overLimit ? 2 : 1], ...each])),
    trailers: { "grpc-status": "0" },
  };
}

/** Starts it; `answer` decides, default: nothing is over its limit. */
export async function startRateLimitService(
  answer: (question: Question) => Answer | Promise<Answer> = () => decision(false),
): Promise<Upstream & { questions: Question[] }> {
  const questions: Question[] = [];
  const upstream = await startHttp2Upstream(({ body }) => {
    const question = questionOf(body);
    questions.push(question);
    return answer(question);
  });
  return Object.assign(upstream, { questions });
}
