// One request with its answer, as a logger sees both, and Envoy's attributes of it.
import type { Attributes } from "./cel.ts";

export interface LoggedExchange {
  method: string;
  /** With the query. */
  path: string;
  host: string;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  status: number;
  /** Envoy's short names. */
  flags: readonly string[];
  durationMillis: number;
}

export function attributesOf(exchange: LoggedExchange): Attributes {
  const { method, path, host, headers, status, flags, durationMillis } = exchange;
  const known: Record<string, string | number | undefined> = {
    "response.code": status,
    // The bits themselves are not compared with anything but 0.
    "response.flags": flags.length,
    "request.method": method,
    "request.path": path,
    "request.url_path": path.split("?", 1)[0],
    "request.host": host,
    "request.scheme": "http",
    "request.useragent": headers["user-agent"],
    "request.referer": headers.referer,
    "request.id": headers["x-request-id"],
    "request.duration": durationMillis * 1e6,
  };
  return (name) => {
    const header = /^request\.headers\[(.+)\]$/.exec(name)?.[1];
    return header === undefined ? known[name] : headers[header];
  };
}
