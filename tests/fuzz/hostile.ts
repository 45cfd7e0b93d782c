// Requests as an attacker or a broken client would send them, drawn from a seed.
import type { Request, Response } from "../../deploy/emulator/exchange.ts";
import { Random } from "../support/random.ts";

/** Names that some filter looks at: the more of them in one request, the more code is reached. */
const names =
  "authorization cookie user-agent x-canary x-variant x-api-key x-forwarded-for baggage traceparent b3 x-b3-traceid x-request-id " +
  "origin access-control-request-method content-type x-jwt-payload x-user host te grpc-timeout x-cost x-odd";

const pieces = [
  "",
  " ",
  ";",
  "=",
  ",",
  "%",
  "%00",
  "%zz",
  "%c3%28",
  "\t",
  '"',
  "'",
  "\\",
  "..",
  "//",
  "?",
  "&",
  "#",
  "Bearer ",
  "bearer",
  "Basic ",
  "eyJhbGciOiJub25lIn0",
  "eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ",
  "e30",
  "....",
  "a=b; c=d",
  "release=",
  "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  "-1",
  "18446744073709551616",
  "9".repeat(400),
  "é",
  "\u{1f600}",
  "true",
  "Mobile",
  "{",
  "[".repeat(100),
  "null",
];

/**
 * Bytes that no header should have and some have all the same; NUL and line ends do not get past
 * the proxy's own codec.
 */
function rawBytes(random: Random): Buffer {
  const bytes = random.bytes(random.below(40));
  return Buffer.from(bytes.map((byte) => (byte === 0 || byte === 10 || byte === 13 ? 0x80 : byte)));
}

function value(random: Random): Buffer {
  const parts: Buffer[] = [];
  for (let count = random.below(12); count >= 0; count--) {
    parts.push(random.below(5) === 0 ? rawBytes(random) : Buffer.from(random.one(pieces)));
  }
  const text = Buffer.concat(parts);
  // Now and then one of 60 kB.
  return random.below(60) === 0 ? Buffer.alloc(60_000, text.length > 0 ? text : "a") : text;
}

const methods = ["GET", "POST", "OPTIONS", "CONNECT", "get", "", "X".repeat(300)];
const authorities = [
  "example.com",
  "",
  "EXAMPLE.com:443",
  "[::1]:8443",
  "a".repeat(4000),
  "user@host",
];
const addresses = [
  "10.0.0.1:1",
  "[2001:db8::1]:65535",
  "[::ffff:10.0.0.1]:1",
  "0.0.0.0:0",
  "/var/run/pipe",
  "garbage",
  "",
];

export function hostileRequest(random: Random): Request {
  const headers: [string, Buffer][] = [];
  for (let count = random.below(12); count > 0; count--)
    headers.push([random.one(names.split(" ")), value(random)]);
  return {
    method: random.one(methods),
    path: `/${value(random).toString("latin1")}${random.below(2) ? `?${value(random).toString("latin1")}` : ""}`,
    authority: random.one(authorities),
    headers,
    sourceAddress: random.one(addresses),
    protocol: random.one(["HTTP/1.1", "HTTP/2", "HTTP/3"]),
  };
}

export function hostileResponse(random: Random): Response {
  return {
    status: random.one([200, 204, 302, 404, 429, 500, 503]),
    headers: [
      ["content-type", value(random)],
      ["set-cookie", value(random)],
      ["x-variant", value(random)],
    ],
    ...(random.below(3) === 0 ? { grpcStatus: random.below(20) } : {}),
    ...(random.below(4) === 0 ? { flags: [random.one(["UF", "UH", "DC", "UT", "NR"])] } : {}),
  };
}
