// What the tool's sources expect as globals of Node: Buffer and process.
import { Buffer as Base } from "buffer";

// The package has every encoding of Node's but this one.
const toUrl = (text: string) => text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
const fromUrl = (text: string) => text.replaceAll("-", "+").replaceAll("_", "/");

const textOf = Base.prototype.toString;
Base.prototype.toString = function (encoding?: string, start?: number, end?: number): string {
  return encoding === "base64url"
    ? toUrl(textOf.call(this, "base64", start, end))
    : textOf.call(this, encoding as "utf8", start, end);
};
const from = Base.from.bind(Base) as (value: unknown, ...more: unknown[]) => Base;
(Base as { from: unknown }).from = (value: unknown, ...more: unknown[]): Base =>
  typeof value === "string" && more[0] === "base64url"
    ? from(fromUrl(value), "base64")
    : from(value, ...more);

export const Buffer = Base;
export const process = { env: {} as Record<string, string>, versions: {}, platform: "browser" };
