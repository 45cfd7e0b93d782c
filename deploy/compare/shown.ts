// One row of a comparison in words: the request, short, and what differs.
import { plain } from "./authorization.ts";
import type { NativeRequest, Workload } from "../native/types.ts";
import type { Row } from "./compare.ts";

/** Tokens are shown by what they say. */
export function shown({ request, what }: Row): string {
  return `${requestText(request)}: ${what}`;
}

export function requestText(request: NativeRequest): string {
  const { method, host, path, headers, workload, peer, tokens, source, destination } = request;
  const usual = plain(workload);
  const readable = (text: string) =>
    tokens.reduce(
      (left, token) => (token.text === "" ? left : left.replaceAll(token.text, nameOf(token))),
      text,
    );
  const parts = [
    `${method} ${host}${readable(path)}`,
    ...headers.map(([name, value]) => `${name}: ${readable(value)}`),
    ...(peer === undefined ? [] : [`from ${peer}`]),
    ...(source.remote === usual.source.remote ? [] : [`client ${source.remote}`]),
    ...(destination.port === usual.destination.port ? [] : [`port ${destination.port}`]),
    `at ${placeOf(workload)}`,
  ];
  return parts.join(", ");
}

function nameOf({ claims, signedBy, text }: NativeRequest["tokens"][number]): string {
  if (Object.keys(claims).length === 0) return text;
  return `<${signedBy === undefined ? "forged " : ""}token ${JSON.stringify(claims)}>`;
}

function placeOf({ namespace, labels, kind, gateway }: Workload): string {
  const own = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return `${kind} ${namespace}/${gateway ?? (own.length > 0 ? own.join(",") : "(no labels)")}`;
}

/** Enough to show what kinds of differences there are. */
const kindsMax = 8;

/** One row for each way in which decisions differ, whatever the texts in it. */
export function collectedKinds(rows: readonly Row[]): Row[] {
  const byKind = new Map<string, Row>();
  for (const row of rows) {
    const kind = `${row.outcome} ${row.what.replaceAll(/"[^"]*"|\d+/g, "")}`;
    if (!byKind.has(kind)) byKind.set(kind, row);
  }
  return [...byKind.values()].slice(0, kindsMax);
}
