// Envoy's token bucket as ours, and how the readers of a limiter report what they did with a field.
import { Fields } from "./fields.ts";

export type Tell = Record<"carried" | "changed" | "lost", (names: string, note: string) => void>;

/** Envoy's token bucket; a fill of one token is the default on both sides. */
export function tokenBucketOf(bucket: any): any {
  const fields = new Fields(bucket, []);
  const fill = fields.get("tokens_per_fill");
  return {
    maxTokens: Number(fields.get("max_tokens")),
    ...(fill !== undefined && { tokensPerFill: Number(fill) }),
    fillInterval: durationOf(fields.get("fill_interval")),
  };
}

/** A protobuf Duration: `1s`, `0.5s`, or seconds and nanos. */
export function durationOf(value: any): string {
  if (typeof value === "string") return value;
  const nanos = Number(value?.nanos ?? 0);
  const seconds = Number(value?.seconds ?? 0);
  return nanos > 0 ? `${(seconds * 1e9 + nanos) / 1e6}ms` : `${seconds}s`;
}
