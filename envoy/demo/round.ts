// One round of real requests through the chain, each with what is expected and why.
import { request as send } from "node:http";
import type { Issuer } from "./services.ts";

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** The filter that a row is about. */
export type Group = "jwt-auth" | "rate-limit" | "canary" | "access-log";

export interface Row {
  group: Group;
  request: string;
  /** What came back, in a word or two. */
  result: string;
  /** For the details: everything that was looked at. */
  expected: string;
  got: string;
  why: string;
  right: boolean;
}

export interface Ask {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
}

/** Sends one request to the proxy on 127.0.0.1. */
export function ask(
  port: number,
  { method = "GET", path = "/api/products/7", headers = {} }: Ask,
): Promise<Answer> {
  return new Promise((done, fail) => {
    const options = {
      host: "127.0.0.1",
      port,
      method,
      path,
      headers: { host: "products.example.com", ...headers },
    };
    const request = send(options, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (data) => (body += data));
      response.on("end", () => {
        const answered = Object.entries(response.headers).map(([name, value]) => [
          name,
          String(value),
        ]);
        done({ status: response.statusCode ?? 0, headers: Object.fromEntries(answered), body });
      });
    });
    request.on("error", fail);
    request.end();
  });
}

/** What a row looks at in an answer. */
interface Expectation extends Ask {
  group: Group;
  name: string;
  /** Sent this often; the last answer is looked at. Default 1. */
  repeat?: number;
  status: number;
  why: string;
  /** The variant that answered. */
  variant?: string;
  /** A header of the answer that must contain a text. */
  header?: [string, string];
  /** A header as it reached the service: present with a text, or absent. */
  upstream?: [string, string | undefined];
}

function row(expected: Expectation, answer: Answer): Row {
  const seen =
    answer.status === 200 && answer.body.startsWith("{")
      ? JSON.parse(answer.body)
      : { headers: {} };
  const wanted = [String(expected.status)];
  const got = [String(answer.status)];
  let right = answer.status === expected.status;
  if (expected.variant) {
    wanted.push(expected.variant);
    got.push(seen.variant ?? "-");
    right &&= seen.variant === expected.variant;
  }
  if (expected.header) {
    const [name, text] = expected.header;
    const value = answer.headers[name];
    wanted.push(text ? `${name}: …${text}…` : name);
    got.push(`${name}: ${shortened(value ?? "-", text)}`);
    right &&= value !== undefined && value.includes(text);
  }
  if (expected.upstream) {
    const [name, text] = expected.upstream;
    const value: string | undefined = seen.headers[name];
    wanted.push(text === undefined ? `no ${name} upstream` : `${name} upstream`);
    got.push(value === undefined ? `no ${name} upstream` : `${name} upstream`);
    right &&= text === undefined ? value === undefined : (value ?? "").includes(text);
  }
  const hint = expected.header && answer.headers["retry-after"];
  return {
    group: expected.group,
    request: expected.name,
    result: [
      answer.status,
      seen.variant && expected.variant ? seen.variant : "",
      hint ? `retry after ${hint} s` : "",
    ]
      .filter(Boolean)
      .join(" "),
    expected: wanted.join(", "),
    got: got.join(", "),
    why: expected.why,
    right,
  };
}

/** A long value from the text on that was looked for. */
function shortened(value: string, text: string): string {
  return value.length > 60 && value.includes(text) && text
    ? `…${value.slice(value.indexOf(text)).slice(0, 60)}…`
    : value;
}

/** A payload with another subject, as an attacker would write it. */
function promoted(payload: string): string {
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
  return Buffer.from(JSON.stringify({ ...claims, sub: "root" })).toString("base64url");
}

/** The single requests of the round, in order; buckets fill as they go. */
async function expectations(issuer: Issuer): Promise<Expectation[]> {
  const bearer = async (options = {}) => ({
    authorization: `Bearer ${await issuer.token(options)}`,
  });
  const good = await bearer();
  const tampered = good.authorization.replace(
    /\.([^.]+)\./,
    (_, payload: string) => `.${promoted(payload)}.`,
  );
  const preflight = { origin: "https://shop.example.com", "access-control-request-method": "GET" };
  const phone = { "user-agent": "Mozilla/5.0 (iPhone) Mobile/15E148" };
  const wrong = ["www-authenticate", 'error="invalid_token"'] as [string, string];
  return [
    {
      group: "jwt-auth",
      name: "good token",
      headers: good,
      status: 200,
      why: "issuer, audience, time and signature hold",
      upstream: ["x-jwt-payload", "ey"],
    },
    {
      group: "jwt-auth",
      name: "the same token again",
      headers: good,
      status: 200,
      why: "found in the token cache",
      upstream: ["authorization", "Bearer "],
    },
    {
      group: "jwt-auth",
      name: "claim as header",
      headers: { ...good, "x-jwt-sub": "root" },
      status: 200,
      why: "a forged copy is replaced by the claim",
      upstream: ["x-jwt-sub", "alice"],
    },
    {
      group: "jwt-auth",
      name: "no token",
      status: 401,
      why: "every path but /health and /shop/ needs one",
      header: ["www-authenticate", "Bearer"],
    },
    {
      group: "jwt-auth",
      name: "expired token",
      headers: await bearer({ expiresIn: -3600 }),
      status: 401,
      why: "exp is an hour ago, skew is a minute",
      header: wrong,
    },
    {
      group: "jwt-auth",
      name: "wrong audience",
      headers: await bearer({ audience: "other-api" }),
      status: 403,
      why: "aud is not product-api",
    },
    {
      group: "jwt-auth",
      name: "wrong issuer",
      headers: await bearer({ issuer: "https://evil.example" }),
      status: 401,
      why: "no provider has this issuer",
      header: wrong,
    },
    {
      group: "jwt-auth",
      name: "tampered token",
      headers: { authorization: tampered },
      status: 401,
      why: "the signature is over other bytes",
      header: wrong,
    },
    {
      group: "jwt-auth",
      name: "unknown key",
      headers: await bearer({ unknownKey: true }),
      status: 401,
      why: "its kid is not in the key set, fetched again",
      header: wrong,
    },
    {
      group: "jwt-auth",
      name: "not a token",
      headers: { authorization: "Bearer abc" },
      status: 401,
      why: "no two dots, three sections",
      header: wrong,
    },
    {
      group: "jwt-auth",
      name: "preflight",
      method: "OPTIONS",
      headers: preflight,
      status: 200,
      why: "CORS preflights carry no token",
    },
    {
      group: "jwt-auth",
      name: "health path",
      path: "/health",
      status: 200,
      why: "a rule requires nothing there",
    },
    {
      group: "canary",
      name: "canary by header",
      headers: { ...good, "x-canary": "true" },
      status: 200,
      variant: "canary",
      why: "the tester's header",
    },
    {
      group: "canary",
      name: "mobile by user agent",
      headers: { ...good, ...phone },
      status: 200,
      variant: "mobile-optimized",
      why: ".*Mobile.* matches",
    },
    {
      group: "canary",
      name: "header before user agent",
      headers: { ...good, ...phone, "x-canary": "true" },
      status: 200,
      variant: "canary",
      why: "variants are tried in order",
    },
    {
      group: "canary",
      name: "forged decision",
      path: "/shop/1",
      headers: { "x-variant": "canary", cookie: "release=client-0" },
      status: 200,
      variant: "stable",
      why: "an inbound x-variant is removed",
    },
    {
      group: "rate-limit",
      name: "client a, requests 1 to 5",
      repeat: 5,
      headers: { ...good, "x-api-key": "a" },
      status: 200,
      why: "five at once per client",
    },
    {
      group: "rate-limit",
      name: "client a, request 6",
      headers: { ...good, "x-api-key": "a" },
      status: 429,
      why: "its bucket is empty",
      header: ["retry-after", ""],
    },
    {
      group: "rate-limit",
      name: "client b",
      headers: { ...good, "x-api-key": "b" },
      status: 200,
      why: "another client, another bucket",
    },
    {
      group: "rate-limit",
      name: "premium client",
      headers: { ...(await bearer({ claims: { tier: "premium" } })), "x-api-key": "a" },
      status: 200,
      why: "the override for the claim tier: premium",
    },
  ];
}

/** Waits until the key set has arrived, so that the round does not race the first fetch. */
async function awaitKeys(port: number, token: string): Promise<void> {
  for (const deadline = Date.now() + 15_000; Date.now() < deadline;) {
    const { status } = await ask(port, { headers: { authorization: `Bearer ${token}` } });
    if (status !== 503) return;
  }
}

/** A thousand clients without a preference: the split, and that each stays where it was. */
async function split(port: number): Promise<Row[]> {
  const variantOf = async (client: number) => {
    const answer = await ask(port, {
      path: "/shop/1",
      headers: { cookie: `release=client-${client}` },
    });
    return JSON.parse(answer.body).variant as string;
  };
  const first = await Promise.all(Array.from({ length: 1000 }, (_, client) => variantOf(client)));
  const again = await Promise.all(Array.from({ length: 1000 }, (_, client) => variantOf(client)));
  const canary = first.filter((variant) => variant === "canary").length;
  const moved = first.filter((variant, client) => variant !== again[client]).length;
  return [
    {
      group: "canary",
      request: "1,000 clients",
      result: `${canary} of 1,000 to canary`,
      expected: "100 canary, ±40",
      got: `${canary} canary`,
      why: "split 90/10 by a hash of the client's key",
      right: Math.abs(canary - 100) <= 40,
    },
    {
      group: "canary",
      request: "the same 1,000 again",
      result: `${moved} moved`,
      expected: "0 moved",
      got: `${moved} moved`,
      why: "the same key always gets the same answer",
      right: moved === 0,
    },
  ];
}

/** More requests at once than the common bucket holds. */
async function flood(port: number, token: string): Promise<Row> {
  const headers = { authorization: `Bearer ${token}` };
  const statuses = await Promise.all(
    Array.from({ length: 2000 }, async () => (await ask(port, { headers })).status),
  );
  const refused = statuses.filter((status) => status === 429).length;
  const others = statuses.filter((status) => status !== 429 && status !== 200).length;
  return {
    group: "rate-limit",
    request: "2,000 requests at once",
    result: `${refused} × 429, the others 200`,
    expected: "some 429, else 200",
    got: `${refused} × 429, ${statuses.length - refused - others} × 200${others ? `, ${others} others` : ""}`,
    why: "1000 tokens, 100 a second",
    right: refused > 0 && others === 0 && refused <= 1000,
  };
}

export interface Round {
  rows: Row[];
  /** The access log line of the last request. */
  line: string;
}

/** Runs the round; `log` gives what the access log has said so far. */
export async function runRound(port: number, issuer: Issuer, log: () => string): Promise<Round> {
  await awaitKeys(port, await issuer.token());
  const rows: Row[] = [];
  for (const expected of await expectations(issuer)) {
    const answers: Answer[] = [];
    for (let sent = 0; sent < (expected.repeat ?? 1); sent++)
      answers.push(await ask(port, expected));
    // The first answer that is not as expected, else the last.
    const answer = answers.find(({ status }) => status !== expected.status) ?? answers.at(-1)!;
    rows.push(row(expected, answer));
  }
  rows.push(...(await split(port)));
  rows.push(await flood(port, await issuer.token()));
  const last = await logLine(port, log);
  return { rows: [...rows, last], line: last.got };
}

/** The line of one request, as the mesh's own log would print it. */
async function logLine(port: number, log: () => string): Promise<Row> {
  const from = log().length;
  await ask(port, {
    path: "/health?token=s3cr3t",
    headers: { "x-b3-traceid": "80f198ee56343ba8" },
  });
  let line = "";
  for (const deadline = Date.now() + 10_000; !line && Date.now() < deadline;) {
    line =
      log()
        .slice(from)
        .split("\n")
        .find((each) => each.includes("80f198ee56343ba8")) ?? "";
    if (!line) await new Promise((done) => setImmediate(done));
  }
  const right =
    line.startsWith("{") &&
    JSON.parse(line).trace_id === "80f198ee56343ba8" &&
    !line.includes("s3cr3t");
  return {
    group: "access-log",
    request: "a log line without the secret",
    result: line ? "one JSON line" : "no line",
    expected: "JSON, trace id, no secret",
    got: line || "no line",

    why: "the guide's format; credentials are redacted",
    right,
  };
}
