// An HTTP/1.1 client that sends a described request as it is written.
import { request as open } from "node:http";
import type { Request } from "../emulator/exchange.ts";

export interface Answer {
  status: number;
  headers: [name: string, value: string][];
  body: string;
}

/** How long a proxy on this machine may take. */
const answerMillisMax = 30_000;

/**
 * Sends `request` to 127.0.0.1:`port`, with one header more. The source address goes as
 * x-forwarded-for.
 */
export function send(port: number, request: Request, more: [string, string]): Promise<Answer> {
  const { method = "GET", path = "/", authority = "example.com", body, sourceAddress } = request;
  const headers = ["host", authority, ...more];
  if (sourceAddress) headers.push("x-forwarded-for", sourceAddress);
  const given = Array.isArray(request.headers)
    ? request.headers
    : Object.entries(request.headers ?? {});
  for (const [name, value] of given as [string, string | string[]][])
    for (const one of [value].flat()) headers.push(name, String(one));
  if (body !== undefined) headers.push("content-length", String(Buffer.byteLength(body)));
  return new Promise((done, fail) => {
    const outgoing = open(
      { host: "127.0.0.1", port, method, path, headers, timeout: answerMillisMax },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (data) => (text += data));
        response.on("error", fail);
        response.on("end", () =>
          done({
            status: response.statusCode ?? 0,
            headers: pairs(response.rawHeaders),
            body: text,
          }),
        );
      },
    );
    outgoing.on("timeout", () => outgoing.destroy(new Error("no answer")));
    outgoing.on("error", fail);
    outgoing.end(body);
  });
}

function pairs(raw: string[]): [string, string][] {
  return raw.flatMap((name, at) =>
    at % 2 === 0 ? [[name.toLowerCase(), raw[at + 1]!] as [string, string]] : [],
  );
}
