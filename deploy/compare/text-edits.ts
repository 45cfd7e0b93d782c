// Changes of one part of a request to given texts and to what is near them.
import { near, withHeader } from "./requests.ts";
import type { Edit } from "./requests.ts";

const withHost =
  (host: string): Edit =>
  (request) => ({ ...request, host });
const withMethod =
  (method: string): Edit =>
  (request) => ({ ...request, method });
const withPath =
  (path: string): Edit =>
  (request) => ({ ...request, path: path.startsWith("/") ? path : `/${path}` });
const withQuery =
  (query: string): Edit =>
  (request) => ({ ...request, path: `${request.path.split("?", 1)[0]}${query}` });

export const hostEdits = (text: string): Edit[] => [...near(text), `${text}:8080`].map(withHost);
export const pathEdits = (text: string): Edit[] =>
  [...near(text), `${text}/more`, `${text}?a=1`].map(withPath);
export const methodEdits = (text: string): Edit[] =>
  [text, text.toLowerCase(), "GET", "POST"].map(withMethod);

const pseudoEdits: Record<string, (text: string) => Edit[]> = {
  ":path": pathEdits,
  ":method": methodEdits,
  ":authority": hostEdits,
  host: hostEdits,
  ":scheme": () => [],
};

/** A header, real or pseudo, with this text, with its neighbours, twice, and without it. */
export function headerEdits(name: string, text: string): Edit[] {
  const key = name.toLowerCase();
  const pseudo = pseudoEdits[key];
  if (pseudo) return pseudo(text);
  return [
    ...near(text).map((each) => withHeader(key, each)),
    withHeader(key),
    withHeader(key, "other", text),
    withHeader(key, text, "other"),
  ];
}

/** Two values that nobody names, both at once, and none: all that a key can tell apart. */
export function anyHeaderEdits(name: string): Edit[] {
  const key = name.toLowerCase();
  if (key === ":path") return ["/one", "/two", "/one?two"].map(withPath);
  if (key === ":method") return ["PUT", "PATCH"].map(withMethod);
  if (key === ":authority" || key === "host")
    return ["one.example.com", "two.example.com", "ONE.example.com:8080"].map(withHost);
  if (key.startsWith(":")) return [];
  return [
    withHeader(key, "one"),
    withHeader(key, "two"),
    withHeader(key, "one", "two"),
    withHeader(key),
  ];
}

export function anyParameterEdits(name: string): Edit[] {
  const encoded = encodeURIComponent(name);
  return [`?${encoded}=one`, `?${encoded}=two`, `?${encoded}=one&${encoded}=two`, ""].map(
    withQuery,
  );
}

export function parameterEdits(name: string, text: string): Edit[] {
  const encoded = encodeURIComponent(name);
  return [
    ...near(text).map((each) => withQuery(`?${encoded}=${encodeURIComponent(each)}`)),
    withQuery(""),
    withQuery(`?${encoded}=${encodeURIComponent(text)}&${encoded}=other`),
  ];
}

export function portEdits(port: number): Edit[] {
  return [port, port + 1].map((each) => (request) => ({
    ...request,
    destination: { ...request.destination, port: each },
  }));
}

/** The client's address: this one, and others at growing distance from it. */
export function addressEdits(text: string): Edit[] {
  const [address = ""] = text.split("/");
  const others = address.includes(":")
    ? [address, "2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:3::1", "2001:db9::1"]
    : [address, ...[1, 2, 3].map((at) => neighbour(address, at)), "203.0.113.77"];
  return others.map((remote) => (request) => ({
    ...request,
    source: { ...request.source, remote },
  }));
}

function neighbour(address: string, at: number): string {
  return address
    .split(".")
    .map((part, place) => (place === at ? String((Number(part) + 1) % 256) : part))
    .join(".");
}
