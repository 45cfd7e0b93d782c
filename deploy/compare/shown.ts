// One row of a comparison in words: the request, short, and what differs.
import type { NativeRequest, Workload } from "../native/types.ts";
import type { Row } from "./compare.ts";

/** Tokens are shown by what they say. */
export function shown({ request, what }: Row): string {
  return `${requestText(request)}: ${what}`;
}

export function requestText(request: NativeRequest): string {
  const { method, host, path, headers, workload, peer, tokens } = request;
  const readable = (text: string) =>
    tokens.reduce(
      (left, token) => (token.text === "" ? left : left.replaceAll(token.text, nameOf(token))),
      text,
    );
  const parts = [
    `${method} ${host}${readable(path)}`,
    ...headers.map(([name, value]) => `${name}: ${readable(value)}`),
    ...(peer === undefined ? [] : [`from ${peer}`]),
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
