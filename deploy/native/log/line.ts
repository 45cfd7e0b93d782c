// The line of an access logger: its format with the operators that depend on the request and the
// status alone. What another operator prints is not known here; each of them is compared with the
// real Envoy in tests/envoy/access-log-differential.
import { isFields } from "../../core/value.ts";
import { canonicalText } from "../canonical.ts";
import { escapedRegex } from "../envoy/regex.ts";
import type { LoggedExchange } from "./exchange.ts";

export type LogFormat = { text: string } | { json: unknown };

/** A text, or undefined for one that is not known. */
type Part = string | undefined;

const operator = /%(?:%|([A-Z_0-9]+)(?:\(([^)]*)\))?(?::(\d+))?%)/g;
/** What these hold is a secret, and no longer what was sent once it is in a line. */
const secret = /authorization|cookie|token|key|secret|password|session/i;

/** Why a line is none of this format for the exchange; undefined if it is one. */
export function misprint(
  format: LogFormat,
  exchange: LoggedExchange,
  line: string,
): string | undefined {
  if ("text" in format) return misprintedText(format.text, exchange, line);
  let printed: unknown;
  try {
    printed = JSON.parse(line);
  } catch {
    return `${JSON.stringify(line)} is no JSON`;
  }
  return misprintedValue(format.json, exchange, printed, "");
}

/** The line with what is known of it; other operators stay as they are written. */
export function printed(format: LogFormat, exchange: LoggedExchange): string {
  const filled = (text: string) =>
    text.replaceAll(operator, (whole, name?: string, argument = "", length?: string) => {
      const value = name === undefined ? "%" : valueOf(name, argument, exchange);
      return value === undefined ? whole : value.slice(0, length ? Number(length) : undefined);
    });
  if ("text" in format) return filled(format.text);
  return canonicalText(format.json).replaceAll(/"(?:[^"\\]|\\.)*"/g, (text) =>
    JSON.stringify(filled(String(JSON.parse(text)))),
  );
}

function misprintedText(
  format: string,
  exchange: LoggedExchange,
  line: string,
): string | undefined {
  const parts = partsOf(format, exchange);
  const pattern = parts.map((part) => (part === undefined ? "[^]*" : escapedRegex(part))).join("");
  if (new RegExp(`^${pattern}\\n?$`).test(line)) return undefined;
  const wanted = parts.map((part) => part ?? "…").join("");
  return `${JSON.stringify(line)} instead of ${JSON.stringify(wanted)}`;
}

function misprintedValue(
  format: unknown,
  exchange: LoggedExchange,
  printed: unknown,
  key: string,
): string | undefined {
  if (isFields(format)) {
    if (!isFields(printed)) return `${key || "the line"} is no map`;
    const [wanted, got] = [Object.keys(format).sort(), Object.keys(printed).sort()];
    if (wanted.join() !== got.join())
      return `fields ${got.join(", ")} instead of ${wanted.join(", ")}`;
    return wanted
      .map((name) => misprintedValue(format[name], exchange, printed[name], name))
      .find((found) => found !== undefined);
  }
  if (typeof format !== "string") return undefined;
  // A single operator has its own type, and null where there is nothing.
  const text = printed === null ? "-" : String(printed);
  const found = misprintedText(format, exchange, text);
  return found && `${key}: ${found}`;
}

function partsOf(format: string, exchange: LoggedExchange): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const match of format.matchAll(operator)) {
    parts.push(format.slice(end, match.index));
    end = match.index + match[0].length;
    const [, name, argument = "", length] = match;
    const value = name === undefined ? "%" : valueOf(name, argument, exchange);
    parts.push(length === undefined ? value : value?.slice(0, Number(length)));
  }
  parts.push(format.slice(end));
  return parts;
}

function valueOf(name: string, argument: string, exchange: LoggedExchange): Part {
  switch (name) {
    case "REQ":
    case "REQUEST_HEADER":
      return headerOf(argument, exchange);
    case "RESPONSE_CODE":
      return String(exchange.status);
    case "RESPONSE_FLAGS":
      return exchange.flags.length === 0 ? "-" : exchange.flags.join(",");
    default:
      return undefined;
  }
}

function headerOf(argument: string, { method, path, host, headers }: LoggedExchange): Part {
  if (secret.test(argument)) return undefined;
  const known: Record<string, string | undefined> = {
    ...headers,
    ":method": method,
    ":path": path,
    ":authority": host,
    host,
  };
  const names = argument.toLowerCase().split("?");
  // The proxy itself writes these: what they hold is not the client's.
  if (names.some((name) => /^x-(forwarded|request|envoy)-(?!original-path)|^:scheme$/.test(name)))
    return undefined;
  return names.map((name) => known[name]).find((value) => value !== undefined) ?? "-";
}
